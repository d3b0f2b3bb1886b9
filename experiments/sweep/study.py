"""A study is one question, its axes and its runs.  This module plans the runs, carries them out and finds
what is done.

The finished files are the only truth: a run whose file is whole is skipped, a damaged one is computed again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prelimbic import circuits
from prelimbic.experiments.readouts.answer import Answer
from prelimbic.experiments.readouts.inert import Inert, unchanged
from prelimbic.experiments.readouts.nulls import SITES
from prelimbic.experiments.storage.files import reading
from prelimbic.experiments.storage.manifest import file_of, publish_manifest
from prelimbic.experiments.sweep.reads import NOTHING, Reads
from prelimbic.parameters import CIRCUIT, circuit_sheet
from prelimbic.parameters.errors import UsageError
from prelimbic.pharmacology import Dose, Exposure
from prelimbic.simulation import ready
from prelimbic.simulation.config import Config
from prelimbic.simulation.hypotheses import AS_SHEETS, Hypotheses, HypothesisError
from prelimbic.simulation.inhibition import Inhibition
from prelimbic.simulation.planner import looks_for
from prelimbic.simulation.protocol import DAY, Protocol, given
from prelimbic.simulation.question import Question
from prelimbic.simulation.sheets import overridden
from prelimbic.simulation.switches import SWITCHES
from prelimbic.simulation.written import as_mapping

DEFAULT_SHEET = CIRCUIT
MOST_SEEDS = 10_000


class StudyError(UsageError):
    """A study that cannot be planned as asked."""


@dataclass(frozen=True)
class Options:
    """What every study can be asked; `given` names what was asked for by name, be it at its default."""

    seeds: int = 3
    scale: float = 1.0
    workers: int = 1
    out: Path = Path("results")
    share: tuple[int, int] = (1, 1)
    among: Path | None = None  # a file that names the runs to share out
    sheets: tuple[str, ...] = (DEFAULT_SHEET,)
    overrides: tuple[tuple[str, float], ...] = ()
    hypotheses: Hypotheses = AS_SHEETS
    manipulations: tuple[str, ...] = ()
    inhibitions: tuple[Inhibition, ...] = ()
    spikes: bool = False
    numbers: tuple[str, ...] = ()  # patterns of names of numbers that are varied
    numerics: circuits.Numerics = circuits.STANDARD
    given: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not 1 <= self.seeds <= MOST_SEEDS:
            raise StudyError(f"`seeds` is {self.seeds} but must be at least 1 and at most {MOST_SEEDS}")
        if self.workers < 1:
            raise StudyError(f"`workers` is {self.workers} but must be at least 1")
        names = [circuit_sheet(name).name for name in self.sheets]
        if len(set(names)) < len(names):
            raise StudyError(
                f"`sheet` names two sheets called {max(names, key=names.count)}; rename one file"
            )
        low, high = circuits.SCALES
        if not low <= self.scale <= high:
            raise StudyError(f"`scale` is {self.scale:g} but must lie between {low:g} and {high:g}")

    def config(self, study: str, sheet: str, seed: int, **own: Any) -> Config:
        """A run's configuration as asked; `own` is what the study adds or puts in place of it."""
        asked: dict[str, Any] = {
            "scale": self.scale,
            "overrides": self.overrides,
            "hypotheses": self.hypotheses,
            "manipulations": self.manipulations,
            "numerics": self.numerics,
        }
        return Config(study=study, circuit=sheet, seed=seed, **(asked | own))


Compute = Callable[..., Any]


def whole_loop(config: Config, compiled: bool, tell: Callable[[float], None], bookmark: Any = None) -> Any:
    """What a run computes unless its study says otherwise: the loop of the whole model, arranged for
    storing.
    """
    from prelimbic.simulation.record import arrange
    from prelimbic.simulation.run import simulate

    config.check_looks(looped=True, stored=True)
    return arrange(config, simulate(config, compiled, tell, bookmark))


def readouts_only(
    config: Config, compiled: bool, tell: Callable[[float], None], bookmark: Any = None
) -> Any:
    """The readouts of the loop of the whole model, for runs that are looked at at different times."""
    return {"summary": whole_loop(config, compiled, tell, bookmark)["summary"]}


def asked_in(document: str | None) -> str:
    """The question of a study: the first paragraph of its module's docstring, in one line."""
    return " ".join((document or "").strip().split("\n\n")[0].split())


def variant(options: Options, switches: dict[str, str]) -> Hypotheses | None:
    """The hypotheses asked for with some switches set otherwise; nothing where that excludes itself."""
    try:
        return replace(options.hypotheses, **switches)
    except HypothesisError:
        return None


@dataclass(frozen=True)
class Run:
    """One planned run: where it stands on the study's axes, its configuration, and what computes it.

    `compute` takes configuration, whether the circuit is compiled, and a function that hears the biological
    seconds done; it gives the groups of the result file.  It must be a module's function, so that worker
    processes find it.
    """

    place: dict[str, Any]  # axis -> value; seed last
    config: Config
    compute: Compute = whole_loop
    varied: bool = False  # its study sets numbers of its own

    @property
    def resumable(self) -> bool:
        """Whether a run that is stopped in its middle goes on from there."""
        return self.compute in (whole_loop, readouts_only)

    @property
    def file(self) -> str:
        return file_of(self.place, self.config.run_id())


@dataclass(frozen=True)
class Study:
    """One question.  `plan` turns options into runs; of the dataset of the finished sweep, `answer` makes
    tables and sentences, and `draw` figures, whose paths it returns.  `sheet` and `seeds` are what is run
    when nothing else is asked for; `figures` are the names of all files that `draw` may make, without sheet
    and ending: that of the study where nothing is said.  `plan` asks `accept` first, which refuses what the
    study does not say that it `reads`.  `inert` makes of a dataset of the study what it would be had the
    drug bound nothing.  A question of the user's own, `asked`, is kept beside its runs, and `less` gives
    all that it sets, as told, with the plan without it.  `kept` is the text of a file from which jobs have
    the study, where it is none of those that are found by name.
    """

    name: str
    question: str
    axes: dict[str, str]  # axis -> unit
    plan: Callable[[Options], list[Run]]
    answer: Callable[[Any], Answer]
    draw: Callable[[Any, Path], list[Path]]
    sheet: str = DEFAULT_SHEET
    seeds: int = 3
    figures: tuple[str, ...] = ()
    reads: Reads = NOTHING
    inert: Inert = unchanged
    asked: Question | None = None
    less: Callable[[Options], Iterator[tuple[str, Callable[[], list[Run]]]]] | None = None
    kept: str = ""

    @property
    def drawn(self) -> tuple[str, ...]:
        """Names of the figures, without sheet and ending."""
        return self.figures or (self.name,)

    def accept(self, options: Options) -> None:
        """Raise StudyError for an option that the study sets itself or that would do nothing there."""
        o = options
        refusal = self.reads.refusal(
            self.name, o.hypotheses, o.inhibitions, o.manipulations, o.spikes, o.given, o.numbers
        )
        if refusal is not None:
            raise StudyError(refusal)


def planned(
    study: str,
    options: Options,
    points: Iterable[tuple[dict[str, Any], dict[str, Any]]],
    compute: Compute = whole_loop,
) -> list[Run]:
    """Every seed x circuit sheet asked for x point, a point being its place on the study's own axes and what
    it puts into the configuration.
    """
    names, points = {sheet: circuit_sheet(sheet).name for sheet in options.sheets}, list(points)
    return [
        Run(
            {"sheet": names[sheet], **place, "seed": seed},
            options.config(study, sheet, seed, **({"spikes": options.spikes} | own)),
            compute,
        )
        for seed in range(1, options.seeds + 1)
        for sheet in options.sheets
        for place, own in points
    ]


def resting_runs(
    study: str, options: Options, hypotheses: Hypotheses, seconds: float, compute: Compute, **more: Any
) -> list[Run]:
    """Runs of a study without doses: every circuit sheet asked for x seed, of about so many biological
    seconds; `more` goes into the configuration, such as the drugs that it puts into baths.
    """
    own = {
        "species": "rat",
        "doses": (),
        "protocol": Protocol((), 0.0, rest=seconds),
        "hypotheses": hypotheses,
        "spikes": False,
    }
    return planned(study, options, [({}, own | more)], compute)


def peak_of(options: Options, animal: str, route: str) -> float:
    """Hour of peak unbound ketamine after a dose by a route; the same for every dose, for disposition is
    linear.
    """
    sheets = overridden(options.sheets[0], options.overrides)
    return Exposure.after((Dose(1.0, route),), animal, sheets).peak_time()


def day_after(options: Options, animal: str, route: str) -> Protocol:
    """The protocol of one day after a dose by a route, every look taken, with the inhibitors asked for."""
    return looks_after(options, animal, Dose(1.0, route), DAY, reuse=False)


def looks_after(
    options: Options, animal: str, dose: Dose, readouts: tuple[str, ...], reuse: bool = True
) -> Protocol:
    """The looks that are planned for a dose, whatever its amount, with the inhibitors asked for."""
    exposure = Exposure.after((dose,), animal, overridden(options.sheets[0], options.overrides))
    return given(looks_for(exposure, readouts, reuse=reuse), options.inhibitions)


def with_each_site(
    options: Options, own: dict[str, Any], **switches: str
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Points of the model and of every null of site, on the axis `null`; `own` goes into every
    configuration, `switches` into its hypotheses.
    """
    for null, site in SITES.items():
        asked = variant(options, switches | {"site": site})
        if asked is not None:
            yield {"null": null}, own | {"hypotheses": asked}


def with_each_memory(
    options: Options, animal: str, doses: dict[float, Dose], protocol: Protocol
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Points of a dose study: every memory that goes with what was asked for x dose (mg/kg -> what is
    given).
    """
    for memory in SWITCHES["memory"]:
        asked = variant(options, {"memory": memory})
        for amount, dose in doses.items() if asked is not None else ():
            own = {"species": animal, "doses": (dose,), "protocol": protocol, "hypotheses": asked}
            yield {"memory": memory, "dose": amount}, own


def share_of(runs: list[Run], options: Options) -> list[Run]:
    """Every n-th run from the k-th on, counted from 1, among all or those that a file names.  Raises
    StudyError.
    """
    k, n = options.share
    return _among(runs, options.among)[k - 1 :: n]


def _among(runs: list[Run], path: Path | None) -> list[Run]:
    if path is None:
        return runs
    try:
        with reading(path):
            names = path.read_text(encoding="utf-8").split()
    except FileNotFoundError:
        raise StudyError(f"--among {path}: this file does not exist") from None
    except (OSError, ValueError) as error:
        raise StudyError(
            f"--among {path}: cannot be read ({getattr(error, 'strerror', None) or 'no text'})"
        ) from None
    by_file = {run.file: run for run in runs}
    if strange := [name for name in names if name not in by_file]:
        raise StudyError(
            f"--among {path}: {strange[0]} is no run of this study as asked; options, a sheet or the "
            "program differ"
        )
    return [by_file[name] for name in dict.fromkeys(names)]


def write_manifest(
    study: Study, runs: list[Run], folder: Path, others: Sequence[dict[str, Any]] = ()
) -> None:
    """Say in the folder which files belong to the study as last asked, and which others stay listed; what
    was made of other runs is removed.  Raises StoreError when it cannot be written.
    """
    own = [
        {
            "file": run.file,
            "run_id": run.config.run_id(),
            "place": run.place,
            "seconds": run.config.protocol.seconds,
        }
        for run in runs
    ]
    more = {} if study.asked is None else {"asked": as_mapping(study.asked), "alike": study.asked.alike()}
    publish_manifest(folder, study.name, study.axes, [*others, *own], study.drawn, more)


def prepare(runs: Iterable[Run]) -> bool:
    """Compile what the runs need: each model once, and the slow layer meanwhile; a run with a design of its
    own has no circuit.

    Returns False when there is no C++ compiler, and the runs must be interpreted.
    """
    return ready.prepare(run.config for run in runs if not run.config.design)


def carry_out(
    run: Run, folder: Path, compiled: bool, tell: Callable[[float], None], bookmark: Any = None
) -> float:
    """Compute one run, from where `bookmark` has it on, and store it; returns the wall time in seconds.
    Raises Paused, and what the run raises.
    """
    from prelimbic.experiments.storage.digests import model_digest
    from prelimbic.experiments.storage.provenance import provenance
    from prelimbic.experiments.storage.store import write_run

    begun = time.monotonic()
    groups = run.compute(run.config, compiled, tell, *([bookmark] if run.resumable else []))
    wall = time.monotonic() - begun
    facts = provenance(wall, compiled, run.config.numerics) | {"model_sha256": model_digest(groups)}
    facts |= {"shared_s": getattr(bookmark, "shared_s", 0.0)}
    write_run(folder / run.file, run.config, groups, facts)
    return wall
