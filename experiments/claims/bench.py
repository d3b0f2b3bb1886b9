"""What readouts of claims may ask: the numbers of a sheet, and the stored runs of a study on them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import xarray as xr

from prelimbic.circuits import Circuit
from prelimbic.experiments.readouts.drawn import DRAWN
from prelimbic.experiments.readouts.inert import IC50, Inert, unchanged
from prelimbic.experiments.readouts.nulls import MODEL
from prelimbic.experiments.readouts.prior import interval, valid_circuits
from prelimbic.experiments.storage.dataset import MissingRunsWarning, load
from prelimbic.experiments.storage.files import StoreError, UnreadableError
from prelimbic.experiments.storage.manifest import MANIFEST, read_manifest
from prelimbic.experiments.storage.targets import MixedTargetsWarning
from prelimbic.experiments.studies.registry import find_study
from prelimbic.experiments.sweep.folders import own_name
from prelimbic.experiments.sweep.study import DEFAULT_SHEET, MOST_SEEDS, Options, Run
from prelimbic.parameters import FAMILY, SPECIES, digest, sheet
from prelimbic.parameters.errors import UsageError
from prelimbic.parameters.prior import drawn_numbers
from prelimbic.simulation.config import MODEL_VERSION, Config
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.identity import every_row
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.switches import AFFINITIES

FEWEST_SEEDS = 2
PRIOR_STUDY, FEWEST_CIRCUITS = "circuit_prior", 100
DRAWS = 100  # of the numbers of drugs and bodies, for what no circuit is run


class ClaimError(UsageError):
    """A claim that does not exist, or a question that cannot be asked of it."""


@dataclass(frozen=True)
class DrawnShare:
    """Share of so many drawn models in which a finding holds."""

    share: float
    models: int

    def as_json(self) -> dict[str, float]:
        """With the ends of the 95 % interval."""
        low, high = interval(self.share, self.models)
        named = {"share": self.share, "low": low, "high": high}
        return {name: float(f"{v:.4g}") for name, v in named.items()} | {"models": self.models}

    def __str__(self) -> str:
        low, high = interval(self.share, self.models)
        return f"{100 * self.share:.0f} % ({100 * low:.0f} to {100 * high:.0f}) of {self.models}"


# Sections that every hash of the ledger has held since its first line.  One that was added later counts for
# claims whose runs use it, so that a new drug demotes no other claim.
SINCE_THE_FIRST = {
    "compounds": [
        "channel",
        "tissue",
        "ketamine",
        "norketamine",
        "hydroxynorketamine",
        "enantiomers",
        "memantine",
        "mk801",
        "ro25_6981",
    ],
    "species": [name for animal in SPECIES for name in (animal, *(f"{animal}/{c}" for c in FAMILY))],
    "routes": [],
    "bodies": [],
    "inhibitors": [
        "ampa_antagonist",
        "ltype_blocker",
        "anti_bdnf",
        "trkb_inhibitor",
        "akt_inhibitor",
        "mek_inhibitor",
        "rapamycin_icv",
        "rapamycin_po",
    ],
}


def _since_the_first(name: str) -> bool:
    subject, section, _ = name.split(".", 2)
    return subject not in SINCE_THE_FIRST or section in SINCE_THE_FIRST[subject]


def _sections(config: Config) -> frozenset[str]:
    """SHEET.SECTION of every number that a run uses."""
    return frozenset(name.rpartition(".")[0] for name in config.numbers())


Needs = Callable[[dict[str, Any]], bool]
Planned = tuple[dict[str, Any], str, frozenset[str], str]


class Bench:
    """A circuit sheet with overrides, and the folder where studies were stored; `seeds`: at most so many,
    from 1 on, are read; `draws`: so many models are drawn, as many as the study has unless said; `here`:
    folders of studies that stand elsewhere.

    `tell` hears which study is being read: that of a thousand runs takes a minute.
    """

    def __init__(
        self,
        sheet: str = DEFAULT_SHEET,
        seeds: int = 10,
        overrides: tuple[tuple[str, float], ...] = (),
        results: Path = Path("results"),
        tell: Callable[[str], None] = lambda what: None,
        draws: int | None = None,
        here: Mapping[str, Path] | None = None,
    ):
        if draws is not None and not 0 <= draws <= MOST_SEEDS:
            raise ClaimError(f"`draws` is {draws} but must be from 0 to {MOST_SEEDS}")
        if seeds < FEWEST_SEEDS:
            raise ClaimError(
                f"`seeds` is {seeds} but an interval needs at least {FEWEST_SEEDS}, and a verdict 10"
            )
        self.seeds, self.results, self._sheet, self._tell, self.draws = seeds, results, sheet, tell, draws
        self._here = dict(here or {})
        self._loaded: dict[tuple[str, bool], xr.Dataset | None] = {}
        self._plans: dict[str, list[Planned]] = {}
        self._dataset: xr.Dataset | None = None
        self._null, self._nulls = MODEL, list[str]()
        self._inert: Inert | None = None
        self._study_inert: Inert = unchanged
        self.config = Config(
            "claims",
            sheet,
            "human",
            (),
            1.0,
            1,
            Protocol((), 0.0),
            overrides,
            Hypotheses(baseline="healthy"),
        )
        self.config.check()

    @cached_property
    def circuit(self) -> Circuit:
        """The healthy circuit."""
        return self.config.described()

    def frozen(self, rests_on: tuple[str, ...], study: str = "", needs: Needs = lambda place: True) -> str:
        """SHA-256 of the numbers whose name begins as one of `rests_on`, of what was done to the circuit as
        it grew up, of the model's version, and of the designs of runs of the study.  Sections that were
        added after the ledger began count where these runs use them.
        """
        planned = [run for run in (self._planned(study) if study else []) if needs(run[0])]
        used = {part for _, _, parts, _ in planned for part in parts}
        designs = {design: 0.0 for *_, design in planned if design}
        sheets = self.config.sheets() | {"measured": sheet("measured")}  # of readings, which no run uses
        numbers = {name: row.value for name, row in every_row(sheets).items()}
        held = {n for n in numbers if _since_the_first(n) or n.rpartition(".")[0] in used}
        chosen = {n: v for n, v in numbers.items() if n.startswith(rests_on) and n in held}
        return digest(
            chosen | designs | {" ".join(self.config.done()): 0.0, "model version": float(MODEL_VERSION)}
        )

    def plan(self, study: str) -> list[Run]:
        """The runs of a study that a bench asks for.  Raises StudyError for an unknown study."""
        found = find_study(study)
        if study == PRIOR_STUDY:
            return found.plan(Options(self.draws or found.seeds, sheets=(found.sheet,)))
        return found.plan(self._options())

    def of(self, study: str, needs: Callable[[dict[str, Any]], bool], courses: bool = False) -> Bench:
        """The bench with the stored runs of a study, of seeds that have all that are needed; with their
        `courses` too if asked.

        Raises ClaimError where there are none, or of other numbers.
        """
        folder, stored = self.folder(study), self._stored(study, courses)
        how = "the command `prelimbic claims --run` computes it"
        if stored is None:
            absent = "" if folder.exists() else ", which does not exist"
            raise ClaimError(f"study {study} is not in {folder}{absent}; {how}")
        whole, wanted = (
            set(stored["run_id"].values.ravel()),
            [(place, i) for place, i, *_ in self._planned(study) if needs(place)],
        )
        there = {place["seed"]: True for place, _ in wanted}
        for place, run_id in wanted:
            there[place["seed"]] &= run_id in whole
        seeds = [seed for seed, complete in there.items() if complete]
        if len(seeds) < FEWEST_SEEDS:
            raise ClaimError(
                f"study {study} in {folder} has {len(seeds)} whole seeds of sheet {self.config.sheet_name} "
                "with these "
                f"numbers (hash {self.config.sheet_hash()[:8]}), but an interval needs {FEWEST_SEEDS}; runs "
                "of other numbers, "
                f"switches, another model or a version with other ids do not count; {how}"
            )
        other = copy(self)
        other._study_inert = find_study(study).inert
        other._dataset = stored.sel(sheet=wanted[0][0]["sheet"], seed=sorted(seeds))
        other._nulls = list(dict.fromkeys(place["null"] for place, _ in wanted if "null" in place))
        return other

    @property
    def dataset(self) -> xr.Dataset:
        """The runs of the claim's study, under the null that is asked about."""
        if self._dataset is None:
            raise ClaimError("this claim reads no study")
        found = self._dataset.sel(null=self._null) if "null" in self._dataset.dims else self._dataset
        return found if self._inert is None else self._inert(found)

    @property
    def stored_seeds(self) -> int:
        """How many seeds the dataset has."""
        return int(self.dataset.sizes["seed"])

    @property
    def nulls(self) -> list[str]:
        """Nulls among the runs that are needed, the model itself with them."""
        return self._nulls

    def under(self, null: str) -> Bench:
        """The bench as one null has it."""
        other = copy(self)
        other._null = null
        return other

    def inert(self) -> Bench:
        """The bench as a drug that binds nothing has it: stored runs without its effect, and no affinity to
        compute with.
        """
        other = copy(self)
        other._inert = self._study_inert
        other.config = replace(self.config, overrides=(*self.config.overrides, *IC50))
        return other

    @property
    def other_affinity(self) -> str:
        """The option of the switch `affinity` that is not the bench's own."""
        return next(o for o in AFFINITIES if o != self.config.hypotheses.affinity)

    def with_affinity(self, affinity: str) -> Bench:
        """The bench as receptors of tissue, or recombinant ones, have it: what is computed, not stored
        runs.
        """
        other = copy(self)
        hypotheses = replace(self.config.hypotheses, affinity=affinity)
        other.config = replace(self.config, hypotheses=hypotheses)
        return other

    def models(self, study: str, affinity: str) -> Iterator[Bench]:
        """Drawn models: of a claim that reads no study one bench each, with the numbers of drugs, bodies and
        receptors drawn; of a study one bench that has them all in the place of seeds.  Raises ClaimError,
        with why, where there are none.
        """
        if self.config.overrides:
            raise ClaimError("not drawn under other numbers")
        if self.draws == 0:
            raise ClaimError("not drawn: none was asked for")
        if study:
            yield self._circuits(study, affinity)
            return
        for seed in range(1, DRAWS + 1):
            other = self.with_affinity(affinity)
            other.config = replace(other.config, overrides=drawn_numbers(self.config.sheets(), seed))
            other.__dict__.pop("circuit", None)
            yield other

    def _circuits(self, study: str, affinity: str) -> Bench:
        """The bench with drawn circuits that rest, as the study has its runs."""
        if study not in DRAWN:
            raise ClaimError("not drawn: its runs take too long")
        try:
            circuits = self.of(PRIOR_STUDY, lambda place: True).dataset
        except ClaimError:
            raise ClaimError("not measured") from None
        resting = valid_circuits(circuits)
        if resting.sizes["seed"] < FEWEST_CIRCUITS:
            raise ClaimError(f"not measured: {resting.sizes['seed']} drawn circuits rest as recorded")
        other = copy(self)
        other._study_inert, other._nulls = unchanged, []
        other._dataset = DRAWN[study](resting.sel(affinity=affinity)).assign_attrs(drawn=1)
        return other

    def folder(self, study: str) -> Path:
        """Where a study is stored, as `prelimbic run` would; runs of another sheet are also read beside
        those of the usual one, where an earlier version stored them.
        """
        if study in self._here:
            return self._here[study]
        usual = self.results / study
        if study == PRIOR_STUDY:
            return usual
        own = self.results / own_name(find_study(study), self._options())
        return (
            usual
            if not (own / MANIFEST).exists() and not self.config.overrides and self._listed(usual)
            else own
        )

    def _options(self) -> Options:
        """What a bench asks of a study."""
        return Options(self.seeds, sheets=(self._sheet,), overrides=self.config.overrides)

    def _listed(self, folder: Path) -> bool:
        """Whether runs of the sheet are listed in a folder."""
        try:
            return any(
                run["place"].get("sheet") == self.config.sheet_name for run in read_manifest(folder)["runs"]
            )
        except StoreError:
            return False

    def _planned(self, study: str) -> list[Planned]:
        """Place, id, sections used and design of every run of a study: many claims ask, and an id is a hash
        of every number.
        """
        if study not in self._plans:
            self._plans[study] = [
                (run.place, run.config.run_id(), _sections(run.config), run.config.design)
                for run in self.plan(study)
            ]
        return self._plans[study]

    def _stored(self, study: str, courses: bool) -> xr.Dataset | None:
        key = study, courses
        if key not in self._loaded:
            self._tell(f"reading study {study}")
            with warnings.catch_warnings(
                record=True, action="always", category=MixedTargetsWarning
            ) as unlike:
                # a claim asks for the runs that it needs
                warnings.simplefilter("ignore", MissingRunsWarning)
                try:
                    self._loaded[key] = load(self.folder(study), courses=courses)
                except UnreadableError:
                    raise
                except StoreError:
                    self._loaded[key] = None
            for warned in unlike:
                self._tell(str(warned.message))
        return self._loaded[key]
