"""What a report is of: a run file or the folder of a study, and what is to be said of its state."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prelimbic.experiments.questions.study import study_of
from prelimbic.experiments.storage.dataset import load
from prelimbic.experiments.storage.files import AbsentError, there, unreadable
from prelimbic.experiments.storage.manifest import MANIFEST, SWEEP, earlier_ids, read_manifest, studies_in
from prelimbic.experiments.storage.store import check_run, read_config, read_groups, sorted_out
from prelimbic.experiments.storage.targets import MixedTargetsWarning
from prelimbic.experiments.studies.registry import find_study
from prelimbic.experiments.sweep.study import Study, StudyError
from prelimbic.parameters.errors import UsageError
from prelimbic.simulation.config import MODEL_VERSION, SCHEMA_VERSION
from prelimbic.simulation.facts import facts
from prelimbic.simulation.variable import Groups
from prelimbic.simulation.written import question

if TYPE_CHECKING:
    import xarray as xr

GROUPS = (
    "summary", "traces", "fine", "cells", "lfp", "raster", "numbers",
    "spikes/Pyr", "spikes/PV", "spikes/SST", "spikes/VIP",
)  # fmt: skip
ASKED = "scenario"  # the study of runs of a question of one's own
USUAL_DOSE = 10.0  # mg/kg; of several doses the run nearest to it is shown


class ReportError(UsageError):
    """A path of which no report can be made, or a comparison that cannot be."""


@dataclass(frozen=True)
class Subject:
    """What stands under a path.  `shown` is the run file whose spikes and spines are shown: itself, or one
    of the study's; `config` what was asked of it, `head` its attributes; `dataset` is that of a study.
    `notes` are what a reader must know first: runs missing, an older layout, another model.
    """

    path: Path
    name: str
    asked: str
    facts: dict[str, Any]
    shown: Path
    head: dict[str, Any]
    config: dict[str, Any]
    dataset: xr.Dataset | None = None
    study: Study | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def is_run(self) -> bool:
        """Whether it is one run file."""
        return self.dataset is None

    @property
    def current(self) -> bool:
        """Whether all runs are of this version of the model."""
        versions = str(self.facts.get("model_version", self.head.get("model_version", "")))
        return versions == str(MODEL_VERSION)

    def groups(self, names: tuple[str, ...] = GROUPS) -> Groups:
        """Groups of the run shown, unless named all that is drawn.  Raises DamagedError and
        UnreadableError.
        """
        return read_groups(self.shown, names)


def subject(path: Path) -> Subject:
    """What stands under a path.  Raises ReportError for what is no run and no study of ours, StoreError for
    what is damaged or cannot be read.
    """
    if not there(path):
        raise AbsentError(f"{path} does not exist")
    if path.is_dir():
        return _of_study(path)
    if path.name in (SWEEP, MANIFEST) and there(path.parent / MANIFEST):
        raise ReportError(f"{path} is a part of the study in {path.parent}: name that folder")
    return _of_run(path)


def _of_run(path: Path) -> Subject:
    head, config = check_run(path), read_config(path)
    about = facts(config) | {"seed": head.get("seed"), "model_version": head.get("model_version")}
    name = str(head.get("study", ""))
    of = "" if name == ASKED else f" of study {name}"
    asked = f"One run{of}, seed {head.get('seed')}: {what_was_given(about)}"
    return Subject(path, name, asked, about, path, head, config, notes=[*_older(path.name, head, about)])


def what_was_given(about: dict[str, Any]) -> str:
    """Drug, bath and animal in words."""
    given = [str(about[k]) for k in ("doses", "bath") if about.get(k, "none") != "none"]
    return f"{'; '.join(given) or 'no drug'}, {about.get('species', 'no animal')}"


def _of_study(folder: Path) -> Subject:
    if not there(folder / MANIFEST):
        inside = studies_in(folder)
        raise ReportError(
            f"{folder} holds several studies: name one of {', '.join(str(each) for each in inside[:8])}"
        )
    manifest = read_manifest(folder)
    with warnings.catch_warnings(record=True, action="always") as warned:
        dataset = load(folder)
    study, why = _study(manifest)
    shown = _shown(folder, manifest)
    head, config = check_run(shown), read_config(shown)
    notes = []
    if dataset.attrs["runs_there"] < dataset.attrs["runs_planned"]:
        notes.append(
            f"Partial: {dataset.attrs['runs_there']} of {dataset.attrs['runs_planned']} runs are there; "
            "what is missing is left out of every mean."
        )
    if told := earlier_ids(folder, manifest):
        notes.append(f"{told}.")
    notes += [f"{w.message}." for w in warned if issubclass(w.category, MixedTargetsWarning)]
    notes += [*_older(folder.name, head, dataset.attrs), *([why] if why else [])]
    asked = study.question if study is not None else f"Study {manifest['study']}"
    return Subject(
        folder, manifest["study"], asked, dict(dataset.attrs), shown, head, config, dataset, study, notes
    )


def _study(manifest: dict[str, Any]) -> tuple[Study | None, str]:
    """The study of a folder, or why it cannot be asked for its table and figures here."""
    name = manifest["study"]
    try:
        if "asked" in manifest:
            return study_of(question(manifest["asked"]), name), ""
        return find_study(name), ""
    except (StudyError, UsageError) as error:
        return None, f"The table and figures of study {name} itself cannot be made here: {error}."


def _shown(folder: Path, manifest: dict[str, Any]) -> Path:
    """The run of a study that is shown in full: of the first seed the one in which most is given."""
    runs = manifest["runs"]
    whole, causes = sorted_out(folder, {run["file"]: run["run_id"] for run in runs})
    if not whole:
        raise unreadable(folder, causes)
    there_ = [run for run in runs if run["file"] in whole]
    first = min(run["place"].get("seed", 1) for run in there_)
    mine = [run for run in there_ if run["place"].get("seed", 1) == first]
    dosed = [run for run in mine if isinstance(run["place"].get("dose"), int | float)]
    if dosed:
        middle = sorted(dosed, key=lambda run: abs(run["place"]["dose"] - USUAL_DOSE))[0]
        return folder / str(middle["file"])
    drugged = [run for run in mine if "vehicle" not in map(str, run["place"].values())]
    return folder / str((drugged or mine)[0]["file"])


def _older(name: str, head: dict[str, Any], about: dict[str, Any]) -> list[str]:
    """What is to be said of files of another version."""
    told = []
    if int(head.get("schema_version", SCHEMA_VERSION)) != SCHEMA_VERSION:
        told.append(
            f"{name} is of an older layout (schema {head['schema_version']}, now {SCHEMA_VERSION}): what it "
            "has is shown, what was not stored then is left out."
        )
    versions = str(about.get("model_version", ""))
    if versions and versions != str(MODEL_VERSION):
        told.append(
            f"Computed by model version {versions}, not {MODEL_VERSION} as here: the numbers stand as they "
            "were stored, and no verdict of a claim is shown."
        )
    return told
