"""What references.bib has of a source: only what was read stands there, so authors or a title may lack."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from prelimbic.parameters.sheet import REFERENCES

ACCENTS = {"'": "\u0301", "`": "\u0300", '"': "\u0308", "^": "\u0302", "~": "\u0303"}


@cache
def citations() -> dict[str, dict[str, str]]:
    """Every entry of references.bib by its key: its fields as plain text, by name; `kind` is that of the
    entry.
    """
    text, found = REFERENCES.read_text(encoding="utf-8"), {}
    for head in re.finditer(r"^@(\w+)\{([^,\s]+),", text, re.MULTILINE):
        found[head[2]] = {"kind": head[1].lower(), **dict(_fields(text, head.end()))}
    return found


def bibtex(source: str) -> str:
    """The entry of a source as it stands in references.bib; nothing for one that is no key of it."""
    text = REFERENCES.read_text(encoding="utf-8")
    found = re.search(rf"^@\w+\{{{re.escape(source)},.*?^\}}", text, re.MULTILINE | re.DOTALL)
    return found[0] if found else ""


def cited(source: str) -> str:
    """A source as a list of references has it, with what the entry lacks left out; nothing for a source that
    is no key of references.bib.
    """
    entry = citations().get(source)
    if entry is None:
        return ""
    where = " ".join(entry[k] for k in ("journal", "booktitle", "publisher", "howpublished") if k in entry)
    volume = entry.get("volume", "") + (f"({entry['number']})" if "number" in entry else "")
    where += f" {volume}" if volume else ""
    where += f", {entry['pages']}" if "pages" in entry else ""
    ids = (("doi", "doi:"), ("pmid", "PMID "), ("pmcid", ""), ("url", ""))
    names = entry.get("author", "").replace(" and others", " et al.").replace(" and ", "; ")
    parts = [
        f"{names} ({entry['year']})" if "year" in entry else names,
        entry.get("title", ""),
        where.strip(" ,"),
        *(f"{label}{entry[key]}" for key, label in ids if key in entry),
    ]
    return ". ".join(part.strip().rstrip(".") for part in parts if part.strip())


def lacking(source: str) -> list[str]:
    """Of authors, title, journal and year those that an entry does not have; an entry that is no article
    needs no journal.
    """
    entry = citations()[source]
    wanted = {"author": "authors", "title": "title", "journal": "journal", "year": "year"}
    return [
        told
        for key, told in wanted.items()
        if key not in entry and (key != "journal" or entry["kind"] == "article")
    ]


def _fields(text: str, at: int) -> Iterator[tuple[str, str]]:
    """Fields of the entry whose first one begins at a place of the text."""
    head = re.compile(r"\s*(\w+)\s*=\s*\{")
    while field := head.match(text, at):
        end, depth = field.end(), 1
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        yield field[1].lower(), _plain(text[field.end() : end - 1])
        comma = re.compile(r"\s*,?").match(text, end)
        at = comma.end() if comma else end


def _plain(tex: str) -> str:
    """Text without the marks of TeX."""
    text = re.sub(
        r"\\(['`\"^~])\{?(\w)\}?", lambda m: unicodedata.normalize("NFC", m[2] + ACCENTS[m[1]]), tex
    )
    text = text.replace(r"$\gamma$", "γ").replace("---", " — ").replace("--", "-")
    return " ".join(re.sub(r"[{}]", "", re.sub(r"\\([_&%#$])", r"\1", text)).split())
