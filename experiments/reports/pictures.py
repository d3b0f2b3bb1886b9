"""Figures of a report: those of the study itself, courses and doses of a sweep, and one run in full."""

from __future__ import annotations

import base64
import re
import tempfile
from pathlib import Path

from prelimbic.experiments.figures import FigureError, drawing
from prelimbic.experiments.figures.collected import Picture, collecting
from prelimbic.experiments.reports.subject import Subject, what_was_given
from prelimbic.experiments.storage.files import StoreError
from prelimbic.experiments.studies.registry import SHIPPED
from prelimbic.simulation.facts import facts

KINDS = {".svg": "image/svg+xml", ".png": "image/png"}
MOST_IMAGE = 600_000  # bytes of a figure that another package drew
WIDE, HIGH = 1000.0, 600.0  # points that a figure is taken to have which does not say its size


def of_study(subject: Subject) -> tuple[list[Picture], list[str]]:
    """What the study draws of its dataset, and why a figure is not there."""
    study, dataset = subject.study, subject.dataset
    if study is None or dataset is None:
        return [], []
    ours = study.name in SHIPPED or study.asked is not None
    with tempfile.TemporaryDirectory() as empty, collecting() as held:
        try:
            # those that ship may read runs there, and write nothing while figures are collected
            paths = study.draw(dataset, subject.path if ours else Path(empty))
        except (FigureError, StoreError) as error:
            return [*held], [str(error)]
        except Exception as error:  # of another package's study
            return [*held], [f"study {study.name} could not draw ({type(error).__name__})"]
        return [*held, *(_foreign(path) for path in paths if path.is_file() and not ours)], []


def of_sweep(subject: Subject) -> list[Picture]:
    """Dose against readouts, and courses, of any sweep that has them."""
    if subject.dataset is None:
        return []
    with collecting() as held:
        drawing("courses", "over_dose")(subject.dataset, subject.path)
        drawing("courses", "over_time")(subject.dataset, subject.path)
    return [*held]


def of_run(subject: Subject) -> list[Picture]:
    """The run that is shown, in full."""
    about = facts(subject.config)
    title = f"{what_was_given(about)}; sheet {about['sheet']}, seed {subject.config['seed']}"
    with collecting() as held:
        drawing("one_run")(subject.groups(), title, subject.path.parent)
    return [*held]


def _foreign(path: Path) -> Picture:
    """A figure that another package wrote: an image, whatever is in it, in which no script runs."""
    beside = path.with_suffix(".svg")
    chosen = beside if beside.is_file() and beside.stat().st_size < MOST_IMAGE else path
    kind = KINDS.get(chosen.suffix.lower(), "image/png")
    data = base64.b64encode(chosen.read_bytes()).decode()
    said = path.with_suffix(".txt")
    caption = said.read_text(encoding="utf-8", errors="replace") if said.is_file() else path.stem
    name = re.sub(r"\W", "-", path.stem)
    return Picture(name, "", f"data:{kind};base64,{data}", WIDE, HIGH, [], caption.strip())
