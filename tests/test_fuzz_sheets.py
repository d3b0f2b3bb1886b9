"""Sheets that were damaged, mistyped or written by nobody: read and then usable, or refused by file in one
sentence.
"""

import os
import re
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prelimbic.circuits import CircuitError, check_background
from prelimbic.parameters import (
    Sheet,
    SheetError,
    SpineNumbers,
    circuit_numbers,
    circuit_sheet,
    sheet,
    sheet_text,
)
from prelimbic.parameters.sheet import HEAD, KEYS
from prelimbic.simulation.config import grown
from tests.fuzz import LONGEST, WORDS, ask, examples, told_by

CIRCUITS = ("pv_sst", "sst", "dendritic", "human_l23")
RAT = ("--species=rat", "--route=ip", "--dose=10", "--at=1h")
COMMANDS = {
    "run": lambda path: ("run", "acute", "--list", "--seeds=1", f"--sheet={path}"),
    "exposure": lambda path: ("exposure", *RAT, f"--sheet={path}"),
    "equations": lambda path: ("equations", f"--sheet={path}"),
    "calibrate": lambda path: ("calibrate", path, "--out=mine.toml", "--free=nobody"),
    "numbers": lambda path: ("numbers", f"--sheet={path}", "--json"),
    "numbers as a table": lambda path: ("numbers", f"--sheet={path}"),
}  # fmt: skip
FILLING = st.sampled_from(["run", "exposure", "equations"])  # commands that need a whole circuit


@cache
def whole(name: str) -> str:
    """A shipped sheet as one text that needs no other."""
    return sheet_text(sheet(name), "A circuit")


@cache
def rows(name: str) -> list[str]:
    return [line for line in whole(name).splitlines() if "= {" in line]


def written(folder: str, content: str | bytes, name: str = "mine.toml") -> Path:
    path = Path(folder) / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def in_a_circuit(content: str | bytes) -> None:
    """Read a text as a circuit sheet and size the circuit; what is not refused is finite."""
    with tempfile.TemporaryDirectory() as folder:
        loaded = Sheet(written(folder, content))
        assert np.isfinite(list(loaded.values().values())).all()
        circuit_numbers(loaded)
        circuit = grown(loaded, 1.0, sheet("spines").fill("spines", SpineNumbers))
        check_background(circuit)
        for found in (circuit.mixtures, circuit.background_availability(), circuit.magnesium_free(-60.0)):
            assert np.isfinite(found).all()


def refuses(content: str | bytes, *named: str) -> None:
    """Assert that a text is refused as a circuit sheet, by file and, if asked, by row and fault."""
    with pytest.raises(SheetError) as caught:
        in_a_circuit(content)
    text = str(caught.value)
    assert type(caught.value) is SheetError
    assert text.startswith("mine.toml") and text.isprintable() and len(text) <= LONGEST
    for word in named:
        assert word in text


# Texts that nobody wrote

PLAIN = (
    'nan -nan inf -inf true false "" "1.5" \'x\' [] [1.0] [[[1]]] {} 1e999 -1e999 2020-01-01 07:32:00 '
    "1979-05-27T07:32:00Z 2020-02-30 1_ 01 + .5 5. 1.5.2 null None"
)
LONG = ["1" + "0" * 400, "-1" + "0" * 400, "9" * 5000, "0x" + "f" * 400, '"' + "a" * 100_000 + '"']
NESTED = ["{ a = 1 }", "[" * 5000 + "]" * 5000, "{a=" * 500 + "1" + "}" * 500]
ESCAPED = ['"""\nlines\n"""', '"\\u0000"', '"\\ud800"', '"\\x41"', "\0", "\x7f"]
LITERALS = st.sampled_from([*PLAIN.split(), *LONG, *NESTED, *ESCAPED])


@given(st.binary(max_size=300))
@examples(100)
def test_bytes_that_nobody_wrote_are_no_sheet(content):
    refuses(content)


@given(st.text(st.sampled_from("[]{}=\"'.,#\n \\-+0123456789eE_abcxu:TZ\t\r\0é"), max_size=60))
@examples(100)
def test_a_text_of_the_signs_of_toml_is_no_sheet(content):
    refuses(content)


@given(st.sampled_from(CIRCUITS), st.data())
@examples(60)
def test_a_sheet_that_is_cut_is_refused(name, data):
    text = whole(name).rstrip()
    refuses(text[: data.draw(st.integers(0, len(text) - 1))])


NO_TEXT = LITERALS.filter(lambda literal: literal[0] not in "\"'")  # any text may be a source


@given(st.sampled_from(CIRCUITS), st.data(), st.sampled_from(["value", "range", "unit", "status", "source"]))
@examples(150)
def test_a_row_with_a_word_of_another_type_is_refused(name, data, key):
    literal = data.draw(NO_TEXT if key == "source" else LITERALS)
    row = data.draw(st.sampled_from([row for row in rows(name) if f"{key} = " in row]))
    refuses(whole(name).replace(row, with_key(row, key, literal), 1))


def with_key(row: str, key: str, literal: str) -> str:
    """A row that has something else for a key."""
    changed = re.sub(
        rf'\b{key} = ("(?:[^"\\]|\\.)*"|\[[^]]*\]|[^,}}]+)', lambda _: f"{key} = {literal}", row, count=1
    )
    assert changed != row
    return changed


def quoted(word: str) -> str:
    """A word as a text of TOML, which cannot hold half a surrogate pair."""
    return '"' + "".join(f"\\U{ord(c):08x}" for c in word if not "\ud800" <= c <= "\udfff") + '"'


@given(st.sampled_from(CIRCUITS), st.data(), WORDS, st.sampled_from([*sorted(KEYS), *HEAD, "remark"]))
@examples(60)
def test_a_row_without_a_key_or_with_one_that_is_unknown_is_refused_by_section_and_row(
    name, data, word, key
):
    row = data.draw(st.sampled_from(rows(name)))
    changed = (
        row.replace(" = {", " = { odd = 1,", 1)
        if key not in KEYS or f"{key} = " not in row or key == "range"
        else re.sub(rf"\b{key} = ", "odd = ", row, count=1)
    )
    refuses(whole(name).replace(row, changed, 1), "mine.toml [", row.split(" = ")[0])


@given(st.sampled_from(CIRCUITS), st.data())
@examples(60)
def test_a_circuit_that_lacks_a_row_or_a_section_is_refused_by_its_name(name, data):
    row = data.draw(st.sampled_from(rows(name)))
    refuses(whole(name).replace(row + "\n", "", 1), "mine.toml [", row.split(" = ")[0])


@given(
    st.sampled_from(CIRCUITS),
    st.data(),
    st.sampled_from(["twice", "unknown row", "unknown section", "loose", "unit"]),
    WORDS,
)
@examples(120)
def test_a_row_in_the_wrong_place_or_unit_is_refused(name, data, fault, word):
    row, text, label = data.draw(st.sampled_from(rows(name))), whole(name), quoted(f"{word}odd")
    body = row.partition(" = ")[2]
    refuses(
        {
            "twice": text.replace(row, f"{row}\n{row}", 1),
            "unknown row": text.replace(row, f"{row}\n{label} = {body}", 1),
            "unknown section": f"{text}\n[{label}]\n{row}\n",
            "loose": f"{label} = {body}\n{text}",
            "unit": text.replace(row, with_key(row, "unit", label), 1),
        }[fault]
    )


@given(st.sampled_from(CIRCUITS), st.data())
@examples(150)
def test_a_sheet_with_some_bytes_changed_is_read_or_refused(name, data):
    content = bytearray(whole(name).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(content)))
        content[where : where + data.draw(st.integers(0, 3))] = data.draw(
            st.binary(max_size=3)
            | st.sampled_from(
                [
                    b"-",
                    b"9",
                    b"e9",
                    b"\n",
                    b"[",
                    b'"',
                    b"\r\n",
                    b"\xef\xbb\xbf",
                    b"\0",
                    b"=",
                    b"{",
                    b"}",
                    b"#",
                ]
            )
        )
    with told_by(SheetError, CircuitError):
        in_a_circuit(bytes(content))


def test_lines_may_end_as_they_do_elsewhere():
    in_a_circuit(whole("pv_sst").replace("\n", "\r\n"))


# Heads, bases and files


@given(
    st.sampled_from(["title", *HEAD, "odd", "sheet"]),
    LITERALS.filter(lambda text: '"' not in text and "'" not in text),
)
@examples(80)
def test_a_head_that_is_no_text_is_refused(key, literal):
    changed = f"sheet = {literal}" if key == "sheet" else f"[sheet]\n{key} = {literal}"
    refuses(whole("pv_sst").replace("[sheet]", changed, 1) if key != "sheet" else changed)


@given(WORDS)
@examples(60)
def test_a_sheet_that_was_changed_in_a_way_that_is_unknown_is_refused_by_file(word):
    with pytest.raises(CircuitError, match=r"^mine.toml: unknown manipulation") as caught:
        in_a_circuit(whole("pv_sst").replace("[sheet]", f"[sheet]\nmanipulations = {quoted(f'x{word}')}", 1))
    assert str(caught.value).isprintable()


@given(st.integers(1, 6), st.integers(0, 6))
@examples(20)
def test_sheets_that_are_based_on_each_other_in_a_ring_are_refused(size, entered):
    with tempfile.TemporaryDirectory() as folder:
        for k in range(size):
            written(folder, f'[sheet]\ntitle = "{k}"\nbased_on = "ring{(k + 1) % size}"\n', f"ring{k}.toml")
        with pytest.raises(SheetError, match=r"ring\d.toml: based_on names 'ring\d'"):
            Sheet(Path(folder) / f"ring{entered % size}.toml")


def test_a_chain_of_sheets_that_never_seems_to_end_is_refused():
    with tempfile.TemporaryDirectory() as folder:
        for k in range(400):
            written(folder, f'[sheet]\ntitle = "{k}"\nbased_on = "chain{k + 1}"\n', f"chain{k}.toml")
        with told_by(SheetError):
            Sheet(Path(folder) / "chain0.toml")


@given(
    WORDS.filter(lambda word: "/" not in word and len(word) < 60),
    st.sampled_from(["none", "folder", "pipe", "link to itself"]),
)
@examples(60)
def test_what_is_no_file_is_no_sheet_and_is_not_waited_for(word, kind):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{word}.toml"
        {
            "none": lambda p: None,
            "folder": os.mkdir,
            "pipe": os.mkfifo,
            "link to itself": lambda p: os.symlink(p, p),
        }[kind](path)
        with pytest.raises(SheetError) as caught:
            circuit_sheet(str(path))
        assert str(caught.value).isprintable()
        for command in ("run", "exposure", "equations"):
            ask(*COMMANDS[command](path)).refuses()


# The same through the command line


@given(
    st.sampled_from(sorted(COMMANDS)),
    st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")),
)
@examples(60)
def test_a_file_that_is_no_sheet_ends_any_command_in_one_sentence(command, content):
    with tempfile.TemporaryDirectory() as folder:
        ask(*COMMANDS[command](written(folder, content))).refuses()


@given(FILLING, st.sampled_from(CIRCUITS), st.data(), LITERALS)
@examples(60)
def test_a_circuit_with_a_number_that_is_none_ends_any_command_in_one_sentence(command, name, data, literal):
    row = data.draw(st.sampled_from(rows(name)))
    changed = with_key(row, "value", literal)
    with tempfile.TemporaryDirectory() as folder:
        ask(*COMMANDS[command](written(folder, whole(name).replace(row, changed, 1)))).refuses("mine.toml")


@given(
    st.sampled_from(sorted(COMMANDS)),
    st.sampled_from(["note", "source", "title", "section"]),
    WORDS,
    st.data(),
)
@examples(60)
def test_words_in_a_sheet_are_shown_as_they_are_or_refused(command, place, word, data):
    row = data.draw(
        st.sampled_from([row for row in rows("pv_sst") if "note = " in row and "measured" not in row])
    )
    text, label = whole("pv_sst"), quoted(f"x{word}")
    if place == "section":
        changed = f"{text}\n[{label}]\nrow = {row.partition(' = ')[2]}\n"
    else:
        line = 'title = "A circuit"' if place == "title" else row
        changed = text.replace(line, with_key(line, place, label), 1)
    with tempfile.TemporaryDirectory() as folder:
        answer = ask(*COMMANDS[command](written(folder, changed)))
    if answer.code:
        answer.refuses()
    else:
        assert answer.err == "" and answer.written == ()


def test_a_note_in_brackets_is_shown_with_its_brackets():
    with tempfile.TemporaryDirectory() as folder:
        path = written(
            folder, whole("pv_sst").replace('note = "', 'note = "[/red] [bold] ', 1), "mine[red].toml"
        )
        table, course = ask("numbers", f"--sheet={path}"), ask("exposure", *RAT, f"--sheet={path}")
    assert (table.code, course.code) == (0, 0)
    assert "[/red]" in table.out and "[bold]" in table.out
    assert "mine[red]" in course.out
