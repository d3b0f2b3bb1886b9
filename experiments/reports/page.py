"""A report: one HTML file that needs nothing else, of a run, a sweep, a question or a trial."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prelimbic.experiments.readouts.answer import Answer
from prelimbic.experiments.reports import pictures
from prelimbic.experiments.reports.bearing import Bearing, bearing
from prelimbic.experiments.reports.subject import ReportError, Subject, subject
from prelimbic.experiments.reports.used import ORDER, Used, references, used
from prelimbic.experiments.storage.files import StoreError, publish, there
from prelimbic.experiments.storage.manifest import MARK, REPORT, is_report
from prelimbic.experiments.storage.provenance import installed
from prelimbic.experiments.sweep.study import Options
from prelimbic.experiments.sweep.tables import texts_of
from prelimbic.parameters.errors import UsageError
from prelimbic.parameters.plain import path as path_of
from prelimbic.simulation.config import MODEL_VERSION

if TYPE_CHECKING:
    import jinja2

MOST_BYTES = 5_000_000  # of a report
TEMPLATES = "template"
STATUS_MEANS = {
    "overridden": "set by whoever asked, in the place of the sheet's value",
    "assumed": "nobody measured it, or it was put down from memory",
    "fitted": "found so that something else comes out as recorded",
    "measured": "read in a publication",
}


@dataclass(frozen=True)
class Table:
    """A table as a page shows it: heading, heads of columns, rows of text."""

    title: str
    heads: list[str]
    rows: list[list[str]]


def report(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Path:
    """Write the report of a run file or of a study's folder, one HTML file that needs no network, and return
    its path.

    It stands in the folder as report.html, of a run beside it as NAME.html, or where `out` says.  It has
    what was asked, the answer with its figure, exposure (umol/L) and block, courses (h), spikes, spectra
    (Hz), cascade, spine lifetimes, dose-response (mg/kg), every number that was used with unit, status and
    source, claims that bear on it, provenance, and BibTeX of the sources used.  A part without data is left
    out.  `progress` hears what is being done.

    Raises ReportError for a path of which no report can be made, or where `out` is a file that is no report;
    StoreError for damaged files, those that cannot be read, and where it cannot be written; FigureError.
    """
    where = Path(path_of(path, "`path`", ReportError))
    tell = progress or (lambda what: None)
    tell("reading runs")
    found = subject(where)
    target = target_of(found, None if out is None else Path(path_of(out, "`out`", ReportError)))
    publish(target, page(found, tell).encode())
    return target


def target_of(found: Subject, out: Path | None) -> Path:
    """Where the report of something goes.  Raises ReportError where something else stands there."""
    target = out or (found.path.with_suffix(".html") if found.is_run else found.path / REPORT)
    if out is not None and there(out) and out.is_dir():
        target = out / (f"{found.path.stem}.html" if found.is_run else REPORT)
    if target.suffix.lower() not in (".html", ".htm"):
        raise ReportError(f"a report is written as .html, not {target.name}")
    if there(target) and not is_report(target):
        raise ReportError(f"{target} is no report of prelimbic and stays: name another file with `out`")
    if not there(target.parent):
        raise StoreError(f"{target} could not be written: there is no folder {target.parent}")
    return target


def page(found: Subject, tell: Callable[[str], None] = lambda what: None) -> str:
    """The text of a report.  Raises FigureError, DamagedError and UnreadableError."""
    tell("drawing what the study draws")
    own, wrong = pictures.of_study(found)
    tell("drawing courses, and one run in full")
    swept, one = pictures.of_sweep(found), pictures.of_run(found)
    tell("asking for the answer, numbers and claims")
    answer = _answer(found)
    numbers = used(found.groups(("numbers",)).get("numbers", {}), found.config, _drugs(found))
    claims = bearing(found)
    first = (own or swept or one)[:1]
    environment = _environment()
    every = [p for p in (*own, *swept, *one)]
    text = environment.get_template("report.html").render(
        mark=MARK.decode(),
        subject=found,
        notes=[*found.notes, *wrong],
        answer=answer,
        tables=[] if answer is None else [_table(frame) for frame in answer.tables],
        said=[] if answer is None else [line for line in answer.found.splitlines() if line.strip()],
        first=first,
        own=own[1:] if own else [],
        swept=[p for p in swept if p not in first],
        one=[p for p in one if p not in first],
        panels={p.name: p.panels for p in every if p.panels},
        asked=_asked(found),
        numbers=_by_status(numbers),
        means=STATUS_MEANS,
        claims=claims,
        claims_said=_claims_said(found, claims),
        provenance=_provenance(found),
        references=references(numbers),
        software=software(found),
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        version=installed("prelimbic"),
        model_version=MODEL_VERSION,
    )
    if len(text.encode()) > MOST_BYTES:
        raise ReportError(
            f"the report of {found.path} would have {len(text) / 1e6:.0f} MB, more than "
            f"{MOST_BYTES / 1e6:.0f}: report one of its runs"
        )
    return text


def software(found: Subject) -> str:
    """The program itself in BibTeX, as it computed these runs."""
    about = found.head["provenance"]
    commit = str(about.get("git_commit", ""))[:12]
    note = f"model version {found.head.get('model_version')}" + (f", commit {commit}" if commit else "")
    version = str(about.get("version_prelimbic", "unknown"))
    return (
        "@software{prelimbic,\n"
        "  author  = {{The prelimbic authors}},\n"
        "  title   = {prelimbic},\n"
        f"  version = {{{version}}},\n"
        f"  note    = {{{note}}}\n"
        "}"
    )


@cache
def _environment() -> jinja2.Environment:
    import jinja2  # not for every command

    folder = files("prelimbic.experiments.reports") / TEMPLATES
    texts = {
        name: (folder / name).read_text(encoding="utf-8") for name in ("report.html", "page.css", "page.js")
    }
    return jinja2.Environment(
        loader=jinja2.DictLoader(texts), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def _answer(found: Subject) -> Answer | None:
    """What the study answers; a partial sweep may have no answer."""
    if found.study is None or found.dataset is None:
        return None
    try:
        return found.study.answer(found.dataset)
    except Exception as error:  # of what is missing, or of another package's study
        found.notes.append(
            f"Study {found.study.name} cannot answer from what is there ({type(error).__name__})."
        )
        return None


def _table(frame: Any) -> Table:
    heads, rows = texts_of(frame)
    return Table(str(frame.attrs.get("title", "")), heads, rows)


def _asked(found: Subject) -> list[tuple[str, str]]:
    """What was asked, by heading."""
    told = {
        "animal": "species", "body": "body", "given": "doses", "bath": "bath", "circuit sheet": "sheet",
        "baseline": "baseline", "switches moved": "switches", "numbers set": "overrides",
        "manipulations": "manipulations", "inhibitors": "inhibitors", "size of the circuit": "scale",
    }  # fmt: skip
    rows = [("study", found.name)]
    rows += [(head, str(found.facts.get(key, "none"))) for head, key in told.items()]
    if found.dataset is not None:
        axes = [str(d) for d in found.dataset["run_id"].dims if d != "sheet" or found.dataset.sizes[d] > 1]
        rows += [(axis, ", ".join(_short(v) for v in found.dataset[axis].values)) for axis in axes]
        rows.append(
            ("runs", f"{found.dataset.attrs['runs_there']} of {found.dataset.attrs['runs_planned']}")
        )
    else:
        rows += [("seed", str(found.head.get("seed"))), ("run", str(found.head.get("run_id")))]
    return [(head, text) for head, text in rows if text not in ("none", "")]


def _short(value: Any) -> str:
    return str(value) if isinstance(value, str) else f"{value:g}"


def _by_status(numbers: list[Used]) -> list[tuple[str, list[Used]]]:
    parts = [(status, [n for n in numbers if n.status == status]) for status in ORDER]
    others = [n for n in numbers if n.status not in ORDER]
    return [(status, part) for status, part in [*parts, ("other", others)] if part]


def _drugs(found: Subject) -> tuple[Any, ...]:
    """Drugs that the study gives in its own way, which no stored configuration names."""
    if found.study is None or found.study.asked is not None:
        return ()
    try:
        runs = found.study.plan(Options(seeds=1, sheets=(found.study.sheet,)))
    except UsageError:
        return ()
    return tuple({drug: None for run in runs for drug in run.config.drugs})


def _claims_said(found: Subject, claims: list[Bearing]) -> str:
    if not found.current:
        return "These runs are of another version of the model; verdicts of that version are not shown."
    if not claims:
        return "No published finding on the list is about this."
    return (
        "A verdict is shown where it is in force for these very numbers: of a held-out finding (PRED) from "
        "the ledger of looks, of any other as judged by these runs here. Fewer than ten seeds make no "
        "verdict."
    )


def _provenance(found: Subject) -> list[tuple[str, str]]:
    about = {str(k): v for k, v in found.head["provenance"].items()}
    rows = [("file shown", found.shown.name), ("run id", str(found.head["run_id"]))]
    rows += [(re.sub("_", " ", key), str(value)) for key, value in sorted(about.items()) if str(value)]
    targets = found.facts.get("targets")
    return rows + ([("computed by", "; ".join(map(str, targets)))] if targets else [])
