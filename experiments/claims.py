"""Claims: published findings, each a small record with one readout, and the verdict that the model's values earn.

Roles: CAL may be tuned on; PRED is held out; CTRL is a controversy; STRUCT is true by construction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from scipy.stats import t as student

import circuits
from circuits import Circuit, Rig, drawn_network, resting_weights
from experiments.config import Config
from experiments.dataset import load, read_manifest
from experiments.hypotheses import Hypotheses
from experiments.protocol import Protocol
from experiments.store import StoreError
from experiments.study import DEFAULT_SHEET, Options
from parameters import POPULATIONS, SUBUNITS

ROLES = ("CAL", "PRED", "CTRL", "STRUCT")
REST_SETTLE_S, REST_S = 2.0, 20.0
FEWEST_SEEDS = 2


class ClaimError(ValueError):
    """A claim that does not exist, or a question that cannot be asked of it."""


@dataclass(frozen=True)
class Measure:
    """One quantity of a claim: its values (one a seed, or a single one where nothing is drawn) and the range that was
    published; an open end is infinite."""

    name: str
    unit: str
    values: np.ndarray
    low: float
    high: float

    @property
    def interval(self) -> tuple[float, float]:
        """95 % t-interval of the mean; the value itself where there is one."""
        if len(self.values) < 2:
            return float(self.values[0]), float(self.values[0])
        half = student.ppf(0.975, len(self.values) - 1) * self.values.std(ddof=1) / np.sqrt(len(self.values))
        return float(self.values.mean() - half), float(self.values.mean() + half)

    @property
    def verdict(self) -> str:
        """holds: the interval lies in the range; fails: outside; inconclusive: across an end; not testable: no number."""
        if not np.isfinite(self.values).all():
            return "not testable"
        below, above = self.interval
        if self.low <= below and above <= self.high:
            return "holds"
        return "fails" if above < self.low or below > self.high else "inconclusive"


@dataclass(frozen=True)
class Claim:
    """A published finding.  `readout` asks a Bench for measures; `study`: whose stored runs it reads, if any."""

    id: str
    statement: str
    source: str
    role: str
    protocol: str
    readout: Callable[[Bench], list[Measure]]
    study: str = ""


@dataclass(frozen=True)
class Judged:
    """A claim with what the model gave."""

    claim: Claim
    measures: tuple[Measure, ...]
    seeds: int
    sheet: str
    sheet_hash: str

    @property
    def deciding(self) -> Measure:
        """The measure that decides: the first with the worst verdict."""
        order = ("fails", "inconclusive", "not testable", "holds")
        return min(self.measures, key=lambda m: order.index(m.verdict))

    def as_json(self) -> dict[str, Any]:
        c, m = self.claim, self.deciding
        return {
            "id": c.id, "statement": c.statement, "source": c.source, "role": c.role, "verdict": m.verdict,
            **_measure_json(m), "seeds": self.seeds, "sheet": self.sheet, "sheet_hash": self.sheet_hash,
            "measures": [{"name": each.name, "verdict": each.verdict, **_measure_json(each)} for each in self.measures],
        }  # fmt: skip


class Bench:
    """What readouts may ask of the model: numbers, and the healthy circuit of a sheet over seeds, each computed once."""

    def __init__(self, sheet: str = DEFAULT_SHEET, seeds: int = 10, overrides: tuple[tuple[str, float], ...] = (),
                 tell: Callable[[str], None] = lambda what: None, results: Path = Path("results")):  # fmt: skip
        if seeds < FEWEST_SEEDS:
            raise ClaimError(f"--seeds is {seeds} but a verdict needs at least {FEWEST_SEEDS}")
        self.seeds, self._tell, self.results, self._sheet = seeds, tell, results, sheet
        self._studies: dict[str, xr.Dataset] = {}
        self.config = Config("claims", sheet, "human", (), 1.0, 1, Protocol((), 0.0), overrides, Hypotheses(baseline="healthy"))
        self.config.check()

    @cached_property
    def circuit(self) -> Circuit:
        return self.config.described()

    @cached_property
    def resting(self) -> tuple[np.ndarray, np.ndarray]:
        """Rates (Hz) and CV of inter-spike intervals of the untreated circuit, each (seed, population)."""
        rate, cv = [], []
        for seed in range(1, self.seeds + 1):
            self._tell(f"the untreated circuit, seed {seed} of {self.seeds}")
            network = drawn_network(self.circuit, seed, circuits.compiler() is not None)
            try:
                shut = np.zeros((len(POPULATIONS), len(SUBUNITS)))
                seen = network.observe(resting_weights(self.circuit), shut, REST_S, settle=REST_SETTLE_S)
            finally:
                network.close()
            rate.append(seen.rate)
            cv.append(seen.cv_isi)
        return np.array(rate), np.array(cv)

    def study(self, name: str) -> xr.Dataset:
        """The stored runs of a study on the bench's sheet.  Raises ClaimError where there are none, or of other numbers."""
        if name not in self._studies:
            self._studies[name] = self._load(name)
        return self._studies[name]

    def _load(self, name: str) -> xr.Dataset:
        folder, sheet = self.results / name, self.config.sheet_name
        how = f"`prelimbic run {name} --seeds {self.seeds} --sheet {sheet} --out {folder}`"
        try:
            runs = [run for run in read_manifest(folder)["runs"] if run["place"].get("sheet") == sheet]
            dataset = load(folder)
        except StoreError:
            raise ClaimError(f"study {name} is not in {folder}; {how} computes it") from None
        seeds, whole = {run["place"]["seed"] for run in runs}, set(dataset["run_id"].values.ravel())
        if len(seeds) < FEWEST_SEEDS:
            raise ClaimError(f"study {name} in {folder} has {len(seeds)} seeds on sheet {sheet}, but a verdict needs "
                             f"{FEWEST_SEEDS}; {how} computes them")  # fmt: skip
        plan = import_module(f"experiments.studies.{name}").STUDY.plan
        wanted = plan(Options(len(seeds), sheets=(self._sheet,), overrides=self.config.overrides))
        if not {run.config.run_id() for run in wanted} <= whole:
            raise ClaimError(f"study {name} in {folder} has missing runs, or was run with other numbers, switches or another "
                             f"model on sheet {sheet}; {how} computes it")  # fmt: skip
        return dataset.sel(sheet=sheet)

    def rigs(self, ask: Callable[[Rig], np.ndarray]) -> np.ndarray:
        """What `ask` gives of a rig, one row a seed."""
        found = []
        for seed in range(1, self.seeds + 1):
            self._tell(f"the rig, seed {seed} of {self.seeds}")
            rig = Rig(self.circuit, seed, circuits.compiler() is not None)
            try:
                found.append(ask(rig))
            finally:
                rig.close()
        return np.array(found)


def judge(claims: list[Claim], bench: Bench) -> list[Judged]:
    """Ask every claim's readout.  Raises ClaimError for a claim whose study is missing."""
    found = []
    for claim in claims:
        measures = tuple(claim.readout(bench))
        seeds = bench.study(claim.study).sizes["seed"] if claim.study else bench.seeds
        found.append(Judged(claim, measures, seeds, bench.config.sheet_name, bench.config.sheet_hash()))
    return found


def unasked(claims: list[Claim], bench: Bench) -> dict[str, str]:
    """Claims that cannot be judged, by id, with the reason: their study is missing."""
    found = {}
    for claim in claims:
        try:
            if claim.study:
                bench.study(claim.study)
        except ClaimError as error:
            found[claim.id] = str(error)
    return found


def chosen(ids: tuple[str, ...], known: list[Claim]) -> list[Claim]:
    """Claims by id, all when none is named.  Raises ClaimError naming those there are."""
    by_id = {c.id: c for c in known}
    unknown = [i for i in ids if i not in by_id]
    if unknown:
        raise ClaimError(f"unknown claim {unknown[0]!r}; there are {', '.join(by_id)}")
    return [by_id[i] for i in dict.fromkeys(ids)] or known


def _measure_json(m: Measure) -> dict[str, Any]:
    below, above = m.interval
    return {"value": _number(m.values.mean()), "low": _number(below), "high": _number(above), "unit": m.unit,
            "target": [_number(m.low), _number(m.high)]}  # fmt: skip


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if np.isfinite(value) else None
