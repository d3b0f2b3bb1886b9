"""Small studies to report and compare: questions whose circuits answer without a spike (tests.answering)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prelimbic.experiments.questions.study import study_of
from prelimbic.experiments.sweep.study import Options, carry_out, write_manifest
from prelimbic.simulation.written import question
from tests.answering import answer_for

ASKED = {
    "species": "rat",
    "give": "10 mg/kg ip at 0h",
    "vary": {"dose": [3, 10]},
    "read": ["peak", "24h"],
    "title": "Does 10 mg/kg grow spines in a <b>rat</b>?",
}


def asked_in(
    folder: Path, seeds: tuple[int, ...] = (1, 2), missing: int = 0, spikes: bool = False, **more: Any
) -> Path:
    """The folder of a question that was asked with some seeds; the last few runs are missing."""
    study = study_of(question(ASKED | more), "mine")
    options = Options(seeds=max(seeds), scale=0.5, sheets=(study.sheet,), spikes=spikes)
    runs = [run for run in study.plan(options) if run.place["seed"] in seeds]
    folder.mkdir(parents=True)
    write_manifest(study, runs, folder)
    with pytest.MonkeyPatch.context() as patch:
        answer_for(patch)
        for run in runs[: len(runs) - missing]:
            carry_out(run, folder, True, lambda seconds: None)
    return folder
