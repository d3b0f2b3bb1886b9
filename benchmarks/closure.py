"""A whole study in workload W1: 14 days, 80 looks of 1 s, 10 doses x 10 seeds, spines and all, on every
core.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from benchmarks import w1, w1_engine
from prelimbic.circuits.engine import CompiledEngine
from prelimbic.parameters import POPULATIONS, CascadeNumbers, SpineNumbers, sheet
from prelimbic.parameters.granted import available_cpus
from prelimbic.pharmacology import Dose, Exposure, HillBlock
from prelimbic.plasticity import Cascade, Spines, resting_factors
from prelimbic.simulation.protocol import minutes

CELLS, REST_S, LOOK_S = 4000, 5.0, 1.0
DOSES = (0.0, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 30.0, 50.0, 100.0)  # mg/kg, rat, intraperitoneal
SEEDS = tuple(range(1, 11))
TIMES_H = np.concatenate(
    [np.linspace(0, 4, 20, endpoint=False), np.linspace(4, 24, 20, endpoint=False), np.linspace(24, 336, 41)]
)


@dataclass(frozen=True)
class Outcome:
    """One run: dose, seed, E rate (Hz) and mature spines a cell at every look, and the seconds spent spiking
    and in all.
    """

    dose: float
    seed: int
    rate: np.ndarray
    spines: np.ndarray
    spiking_s: float
    wall_s: float


@lru_cache(maxsize=1)
def _network(seed: int) -> tuple[w1.Network, np.ndarray]:
    """A network whose plastic contacts stand by target, and its partners (cell, site)."""
    network = w1.draw(CELLS, seed)
    s = network.excitatory
    order = np.argsort(s.target, kind="stable")
    ordered = w1.Synapses(s.source[order], s.target[order], s.weight[order], s.delay[order])
    cells = int(network.bounds[1])
    partners = ordered.source[ordered.target < cells].reshape(cells, -1)
    return w1.Network(network.bounds, network.start, ordered, network.inhibitory), partners


def run(dose: float, seed: int) -> Outcome:
    """One dose in one network over 14 days."""
    begun = time.monotonic()
    network, partners = _network(seed)
    numbers = sheet("spines").fill("spines", SpineNumbers)
    cells, sites = partners.shape
    contacts = sites / numbers.sites_per_contact
    cascade = Cascade.at_rest(sheet("cascade").fill("cascade", CascadeNumbers), cells)
    spines = Spines.at_rest(numbers, contacts, sites, cells, np.random.SeedSequence(seed))
    exposure = Exposure.after((Dose(dose, "ip"),) if dose else (), "rat")
    unit = np.float32(w1.WEIGHTS["E", "E"] * sites / contacts * 1e-9)
    engine, spiking = w1_engine.engine(network, seed), 0.0
    try:
        at_rest = _look(engine, network, _weights(spines, unit), np.zeros(len(POPULATIONS)), REST_S) / REST_S
        of_partners = at_rest.astype(np.float32)[partners]
        rates, grown = [], []
        for now, then in pairwise(TIMES_H):
            block = HillBlock.at(exposure, exposure.compounds, now).value[:, :2].mean(axis=1)
            weights, looked = _weights(spines, unit), time.monotonic()
            rate = _look(engine, network, weights, block, LOOK_S) / LOOK_S
            spiking += time.monotonic() - looked
            rates.append(rate[:cells].mean())
            filled = weights.reshape(cells, sites)  # all of one size
            now_sent, then_sent = (
                np.einsum("ij,ij->i", filled, r) for r in (rate.astype(np.float32)[partners], of_partners)
            )
            drive = now_sent / then_sent
            ticks = resting_factors(minutes(then) - minutes(now))
            cascade = cascade.begun().advance(drive, np.ones(cells), ticks)
            spines = spines.advance(cascade.signal, then - now)
            grown.append(spines.mature.mean())
    finally:
        engine.close()
    return Outcome(dose, seed, np.array(rates), np.array(grown), spiking, time.monotonic() - begun)


def _weights(spines: Spines, unit: np.float32) -> np.ndarray:
    return spines.weights(float(unit)).ravel()


def _look(
    engine: CompiledEngine, network: w1.Network, weights: np.ndarray, block: np.ndarray, seconds: float
) -> np.ndarray:
    """Spikes of each cell in a look, (cell,)."""
    engine.load("plastic.weight", weights)
    engine.load("cells.block", np.repeat(block, np.diff(network.bounds)))
    engine.clear()
    engine.run(seconds)
    return np.bincount(engine.fetch("spikes.i"), minlength=CELLS).astype(float)


def sweep(tell: Callable[[Outcome], None] = lambda outcome: None) -> tuple[float, list[Outcome]]:
    """Every dose and seed on all cores: wall seconds from nothing to the last result, and the outcomes."""
    begun = time.monotonic()
    found = []
    os.environ |= dict.fromkeys(("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")  # a worker a core
    with multiprocessing.get_context("spawn").Pool(available_cpus()) as pool:
        for outcome in pool.imap_unordered(_seed, SEEDS):
            found += outcome
            for one in outcome:
                tell(one)
    return time.monotonic() - begun, found


def _seed(seed: int) -> list[Outcome]:
    return [run(dose, seed) for dose in DOSES]
