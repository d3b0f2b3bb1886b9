"""A question asked in Python: computed as the command does, and read as one labelled dataset."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prelimbic.experiments.figures import drawable, drawing
from prelimbic.experiments.questions.measured import measured
from prelimbic.experiments.questions.shipped import shipped_protocols
from prelimbic.experiments.questions.study import ASK, study_of
from prelimbic.experiments.storage.dataset import load
from prelimbic.experiments.sweep.conduct import conduct_quietly
from prelimbic.experiments.sweep.execute import Stopped
from prelimbic.experiments.sweep.study import MOST_SEEDS, Options, Study
from prelimbic.parameters.granted import workers_by_default
from prelimbic.parameters.plain import listed, of_type, path, text, truth, unboxed, whole
from prelimbic.simulation.arms import QuestionError, as_plain
from prelimbic.simulation.question import Question
from prelimbic.simulation.scenario import Scenario, read_names
from prelimbic.simulation.written import as_mapping, of_scenarios, read_question

if TYPE_CHECKING:
    import xarray as xr

Asked = Scenario | Mapping[str, Scenario] | str | os.PathLike[str]
MOST_WORKERS = 1024


def sweep(
    asked: Asked,
    vary: Mapping[str, Iterable[Any]] | None = None,
    *,
    seeds: int | None = None,
    out: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    read: str | Iterable[str] | None = None,
    measure: Iterable[str] | None = None,
    title: str = "",
    progress: bool = True,
) -> xr.Dataset:
    """Compute a question of one's own beside its vehicle, with the same seeds and looks, and load it.

    `asked` is a Scenario, several by the name of their arm, the path of a question's TOML file, or the name
    of a protocol that ships (see `protocols`).  `vary` are axes and their values, {"dose": [0, 3, 10]}: dose
    (in the unit of what is given; 0 is the vehicle), species, weight, sheet, give, inhibit, manipulate,
    stress, bath, a switch, or the name of a number.  `seeds` (3) counts from 1; `out` is the folder in which
    runs are kept and never computed twice (results/ask-... if not named); `workers` are processes, one a
    core unless named; `read` and `measure` say which
    readouts and quantities the table is of, `title` what stands above it; `progress` tells it on standard
    error.  What was stopped goes on when it is called again.

    Returns a dataset on the axes asked for and `seed`, with units, see `load`; its `arm` axis, if any, holds
    the vehicle too.  What `measure` names as laboratories do (plasma_bdnf, see `prelimbic measures`) is a
    variable of it, along `readout`.  `plot` draws it, and the folder holds the same table and figure as of
    `prelimbic ask`.

    Raises UsageError for what cannot be asked, RunError where runs fail or files cannot be written, and
    KeyboardInterrupt when it is stopped.
    """
    found = _asked(asked, vary, read, measure, title)
    study = study_of(found, _named(asked))
    options = _options(asked, study, seeds, out, workers)
    try:
        conduct_quietly(study, options, truth(progress, "`progress`", QuestionError))
    except Stopped as stopped:
        raise KeyboardInterrupt(str(stopped)) from None
    dataset = measured(load(options.out), found)
    return dataset.squeeze("sheet") if dataset.sizes["sheet"] == 1 else dataset


def plot(swept: xr.Dataset, file: str | os.PathLike[str] | None = None) -> Any:
    """The figure (of matplotlib) of a question's dataset, from `sweep` or `load`: exposure and block, the
    doses marked, rates, recurrent AMPA, BDNF and mTORC1, protein and spines over the whole protocol, mean ±
    SD over seeds, vehicle in grey; on the right the day after the first dose.  Axes have their units.

    `swept` is the dataset; `file` (.png, .svg or .pdf) is written too, whole or not at all.  Of several
    circuit sheets select one first.  Raises QuestionError for a dataset that answers no question of one's
    own, and FigureError.
    """
    import xarray as xr

    of_type(xr.Dataset)(swept, "a sweep", QuestionError)
    if "question" not in swept.attrs:
        raise QuestionError(
            "this dataset answers no question of your own: pl.plot draws what pl.sweep gives"
        )
    if swept.sizes.get("sheet", 1) != 1:
        raise QuestionError("a figure is of one circuit sheet: select one, such as .sel(sheet='native')")
    if "seed" not in swept.dims:
        raise QuestionError("a figure is of all seeds: select none of them")
    target = None if file is None else Path(path(file, "`file`", QuestionError, "the path of a figure"))
    if target is not None and not drawable(target):
        raise QuestionError(f"a figure is written as .png, .svg or .pdf, not {target.name}")
    return drawing("question", "plotted")(swept, target)


def _asked(
    asked: Asked,
    vary: Mapping[str, Iterable[Any]] | None,
    read: str | Iterable[str] | None,
    measure: Iterable[str] | None,
    title: str,
) -> Question:
    """The question, with more axes than its own.  Raises UsageError."""
    if isinstance(asked, Scenario):
        found = of_scenarios({"": asked})
    elif isinstance(asked, Mapping):
        if not asked or not all(isinstance(each, Scenario) for each in asked.values()):
            raise QuestionError("arms are scenarios by their names, such as {'ketamine': pl.Scenario(...)}")
        named = {str(name): each for name, each in asked.items()}
        if len(named) < len(asked):
            raise QuestionError("two arms have the same name")
        found = of_scenarios(named)
    else:
        must = "a Scenario, several by name, the path of a .toml file, or the name of a protocol"
        name = path(asked, "what is asked", QuestionError, must)
        found = read_question(shipped_protocols().get(name, Path(name)))
    if vary is not None and not isinstance(vary, Mapping):
        raise QuestionError(f"`vary` takes {{axis: values}}, such as {{'dose': [0, 3, 10]}}, not {vary!r}")
    axes = {str(name): _values(name, values) for name, values in (vary or {}).items()}
    if twice := {*axes} & {*found.vary}:
        raise QuestionError(f"`vary` {min(twice)} is an axis of the file: leave it out")
    sheets = axes.pop("sheet", found.sheets)
    more: dict[str, Any] = {"vary": found.vary | axes, "sheets": tuple(map(str, sheets))}
    more |= {"read": read_names(read)} if read is not None else {}
    if measure is not None:
        must = "a list of names, such as ['spines', 'rate.Pyr']"
        names = listed([measure] if isinstance(measure, str) else measure, "`measure`", QuestionError, must)
        more |= {"measure": tuple(text(each, "a name in `measure`", QuestionError) for each in names)}
    if () in (more.get("read"), more.get("measure")):
        raise QuestionError("`read` and `measure` name something, or are left out")
    more |= {"title": str(title)} if title else {}
    return replace(found, **more)


def _values(name: object, values: object) -> tuple[Any, ...]:
    """Values of an axis as plain ones."""
    found = listed(values, f"`vary` {name}", QuestionError, "a list of values")
    return tuple(as_plain(unboxed(each)) for each in found)


def _named(asked: Asked) -> str:
    """The name of the study: that of a file, or `ask`."""
    return ASK if isinstance(asked, (Scenario, Mapping)) else Path(asked).stem


def _options(
    asked: Asked,
    study: Study,
    seeds: int | None,
    out: str | os.PathLike[str] | None,
    workers: int | None,
) -> Options:
    """How it is computed.  Raises QuestionError."""
    must = f"a whole number from 1 to {MOST_SEEDS}"
    scenarios = (
        [asked] if isinstance(asked, Scenario) else [*asked.values()] if isinstance(asked, Mapping) else []
    )
    for name in ("numerics", "spikes"):
        if len({getattr(scenario, name) for scenario in scenarios}) > 1:
            raise QuestionError(f"scenarios that are compared have one `{name}`")
    own = {name: getattr(scenarios[0], name) for name in ("numerics", "spikes")} if scenarios else {}
    folder = None if out is None else Path(path(out, "`out`", QuestionError))
    options = Options(
        seeds=study.seeds
        if seeds is None
        else whole(seeds, "`seeds`", QuestionError, range(1, MOST_SEEDS + 1), must),
        workers=(
            workers_by_default()
            if workers is None
            else whole(
                workers, "`workers`", QuestionError, range(1, MOST_WORKERS + 1), "a whole number from 1"
            )
        ),
        sheets=(study.sheet,),
        **own,
    )
    return replace(options, out=folder or folder_of(study, options))


def folder_of(study: Study, options: Options) -> Path:
    """The folder of a question that names none: one for every question, and how it is computed."""
    how = {"scale": options.scale, "sheets": options.sheets, "spikes": options.spikes}
    asked = None if study.asked is None else as_mapping(study.asked)
    if asked is not None and isinstance(asked.get("read"), dict):  # what is measured needs no run
        asked["read"] = {key: value for key, value in asked["read"].items() if key != "measure"}
        asked = {key: value for key, value in asked.items() if key != "read" or value}
    told = json.dumps([asked, how, vars(options.numerics)], sort_keys=True)
    return Path("results") / f"{study.name}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"
