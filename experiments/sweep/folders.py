"""The folder of a question: how it is called, and whether another question may be asked in it.

A question is a study with all options that change its runs; seeds, workers, shares and clusters are not
among them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from prelimbic.circuits import STANDARD
from prelimbic.experiments.storage.files import DamagedError
from prelimbic.experiments.storage.store import is_whole, read_config
from prelimbic.experiments.sweep.marks import running
from prelimbic.experiments.sweep.options import flag
from prelimbic.experiments.sweep.study import Options, Run, Study, StudyError
from prelimbic.parameters import CIRCUITS, PRIOR, digest
from prelimbic.simulation.facts import facts
from prelimbic.simulation.sheets import read_circuit
from prelimbic.simulation.switches import DEFAULTS

LONGEST_LABEL = 60
PLAIN = re.compile(r"[A-Za-z0-9_.=@+-]+")  # what needs no quotes in a shell
Place = tuple[tuple[str, Any], ...]


def own_name(study: Study, options: Options) -> str:
    """STUDY where nothing but seeds is asked for, else STUDY-LABEL; the label says what is, or is a hash of
    it.
    """
    label = "-".join([*_sheets(study, options), *_others(options)])
    if len(label) > LONGEST_LABEL or not PLAIN.fullmatch(label or "-"):
        label = hashlib.sha256(label.encode(errors="surrogateescape")).hexdigest()[:8]
    return f"{study.name}-{label}" if label else study.name


def _sheets(study: Study, options: Options) -> Iterator[str]:
    """Of numbers that were set, or of sheets that do not ship, a hash; else the sheets that are not those of
    the study.
    """
    if options.overrides:
        hashes = [_label(sheet, options.overrides) for sheet in options.sheets]
        yield hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()[:8]
    elif options.sheets == CIRCUITS:
        yield "all"
    elif options.sheets != (study.sheet,):
        own = (
            f"{read_circuit(s).name}-{_label(s, ())}" if s not in (*CIRCUITS, PRIOR) else s
            for s in options.sheets
        )
        yield "+".join(own)


def _label(sheet: str, overrides: tuple[tuple[str, float], ...]) -> str:
    """Eight characters that change with the numbers of a circuit sheet and with those that were set."""
    circuit = {f"circuit.{name}": value for name, value in read_circuit(sheet).values().items()}
    return digest(circuit | dict(overrides))[:8]


def _others(options: Options) -> Iterator[str]:
    if options.scale != 1.0:
        yield f"scale-{options.scale!r}".removesuffix(".0")
    for switch, usual in DEFAULTS.items():
        if (chosen := getattr(options.hypotheses, switch)) != usual:
            yield f"{switch}-{chosen}"
    for item in options.inhibitions:
        yield (
            item.name
            + (f"={item.amount!r}" if item.amount != 1.0 else "")
            + (f"@{item.start!r}h" if item.start else "")
        )
    yield from (text.replace("->", "-to-") for text in options.manipulations)
    yield from (f"number-{text}" for text in options.numbers)
    if options.spikes:
        yield "spikes"
    for name, value in vars(options.numerics).items():
        if value != getattr(STANDARD, name):
            yield f"{name}-{value}"


def refuse_other(study: Study, runs: list[Run], options: Options, manifest: dict[str, Any]) -> None:
    """Raise StudyError where the folder, whose manifest this is, holds another study, or this one asked
    otherwise, of which a run is finished or being computed.

    What only the model's version changed, and a folder that is named after the question, are no other
    question.
    """
    folder = options.out
    if manifest["study"] != study.name:
        raise StudyError(
            f"--out {folder} holds study {manifest['study']}; choose another folder for study {study.name}"
        )
    listed = manifest["runs"]
    moved = _moved(listed, runs)
    same_points = _points(item["place"] for item in listed) == _points(run.place for run in runs)
    if not moved and (same_points or folder.name == own_name(study, options)):
        return
    kept = _finished(folder, moved or listed)
    at_work = {mark.run for mark in running(folder)}
    if kept is None and not any(item["file"] in at_work for item in listed):
        return
    differs = "other options" if kept is None else _difference(folder, kept, listed, runs)
    if differs:
        raise StudyError(
            f"{folder} holds study {study.name} with {differs}; choose another folder with --out, or move "
            "that one"
        )


def refuse_moved(study: Study, folder: Path, listed: list[dict[str, Any]], runs: list[Run]) -> None:
    """Raise StudyError where one of the runs listed in a folder is finished and stands in the place of one
    that is asked otherwise; what only the model's version changed is no other question.
    """
    kept = _finished(folder, _moved(listed, runs))
    if kept is not None and (differs := _difference(folder, kept, listed, runs)):
        raise StudyError(
            f"{folder} holds study {study.name} with {differs}; choose another folder, or move that one"
        )


def _moved(listed: list[dict[str, Any]], runs: list[Run]) -> list[dict[str, Any]]:
    """Of the runs listed in a folder, those whose place another run has now."""
    mine = {_place(run.place): run.config.run_id() for run in runs}
    return [item for item in listed if mine.get(_place(item["place"]), item["run_id"]) != item["run_id"]]


def _finished(folder: Path, listed: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The first of some runs whose file is whole.  Raises UnreadableError."""
    return next((item for item in listed if is_whole(folder / item["file"], item["run_id"])), None)


def _difference(folder: Path, kept: dict[str, Any], listed: list[dict[str, Any]], runs: list[Run]) -> str:
    """In which options the run that is kept, and with it its question, differs from what is asked; nothing
    where the same words gave other runs, as in another version of the model.
    """
    there, here = (
        sorted({str(place["sheet"]) for place in places if "sheet" in place})
        for places in ([item["place"] for item in listed], [run.place for run in runs])
    )
    if there != here:
        return f"--sheet {', '.join(there)}, not {', '.join(here)}"
    run = max(runs, key=lambda run: len({*_place(run.place)} & {*_place(kept["place"])}))
    try:
        before = read_config(folder / kept["file"])
    except DamagedError:
        return "other options"
    was, asked = _told(before), _told(json.loads(json.dumps(run.config.to_dict())))
    found = [
        f"{option} {was.get(option, 'none')}, not {asked.get(option, 'none')}"
        for option in {**was, **asked}
        if was.get(option) != asked.get(option)
    ]
    if not found and run.config.frozen is not None:
        return f"other numbers in sheet {run.config.sheet_name}"
    return "; ".join(found)


def _told(config: dict[str, Any]) -> dict[str, str]:
    """A stored configuration in the words of the command line: option -> what was asked."""
    protocol, told = config["protocol"], facts(config)
    inhibitions, stress = protocol["inhibitions"], protocol.get("stress") or ()
    words = {
        "--species": str(told["species"]),
        **{
            f"--{word}": str(value)
            for word, value in (config.get("body") or {}).items()
            if value is not None
        },
        "--give": str(told["doses"]),
        "--bath": str(told["bath"]),
        "--stress": " to ".join(f"{hour:g}h" for hour in stress),
        "--read": ", ".join(protocol["readouts"]),
        "--scale": f"{config['scale']:g}",
        "--set": " ".join(f"{name}={value:g}" for name, value in config["overrides"]),
        "--inhibit": " ".join(f"{i['name']}={i['amount']:g}@{i['start']:g}h" for i in inhibitions),
        "--manipulate": " ".join(config["manipulations"]),
        "--spikes": "on" if config["spikes"] else "",
        **{flag(name): str(value) for name, value in (config["numerics"] | config["hypotheses"]).items()},
    }
    return {option: text for option, text in words.items() if text}


def _place(place: dict[str, Any]) -> Place:
    return tuple(sorted(place.items()))


def _points(places: Iterable[dict[str, Any]]) -> set[Place]:
    """Places without their seed."""
    return {_place({axis: value for axis, value in place.items() if axis != "seed"}) for place in places}
