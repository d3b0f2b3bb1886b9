"""The built network: take weights and block, spike for a look, hand back Activity."""

from __future__ import annotations

import numpy as np

from circuits import cache
from circuits.activity import Activity, lfp_proxy, pair_correlation, rate_statistics
from circuits.background import event_probabilities
from circuits.build import Structure
from circuits.describe import Circuit
from circuits.engine import CompiledEngine, Engine, InterpretedEngine
from circuits.spectrum import BANDS, band_power
from circuits.wiring import GROUPS, Wiring, group_sizes
from parameters import POPULATIONS

SETTLE_S = 0.3  # after weights and block change: a few decays of the slowest conductance
SUMS = ("AMPA", "NMDA", "AB", "CD", "open", "GABA", "s")


class NetworkError(RuntimeError):
    """The circuit's state is no longer a number."""


def structure_of(circuit: Circuit, precision: int = 32, step_ms: float = 0.1) -> Structure:
    """What the compiled network of a circuit depends on."""
    return Structure(circuit.size, circuit.counts[0], group_sizes(circuit), step_ms, precision)


class Network:
    """One drawn circuit, alive: its state, delays and clock go on from look to look.

    `seed` keys the background.  `compiled=False` runs Brian2's interpreter instead of the compiled process.
    """

    def __init__(self, circuit: Circuit, wiring: Wiring, seed: np.random.SeedSequence, compiled: bool = True,
                 precision: int = 32, step_ms: float = 0.1):  # fmt: skip
        self.circuit, self.wiring = circuit, wiring
        self._sites = wiring.sources["plastic"].reshape(circuit.counts[0], circuit.sites)
        self._elapsed = 0.0
        structure = structure_of(circuit, precision, step_ms)
        first = _constants(circuit, wiring, seed, step_ms)
        self.engine: Engine
        if compiled:
            self.engine = CompiledEngine(cache.program(structure), structure, wiring.sources, wiring.targets, first)
        else:
            self.engine = InterpretedEngine(structure, wiring.sources, wiring.targets, first)

    def observe(self, weights: np.ndarray, block: np.ndarray, seconds: float, settle: float = SETTLE_S) -> Activity:
        """Spike for `settle` + `seconds` under weights (nS, shape (pyr, site)) and block (shape (population, term));
        report the latter part.  Raises NetworkError when the state is not finite."""
        self.engine.load("plastic.weight", np.asarray(weights).ravel() * 1e-9)
        for k, term in enumerate(("block_AB", "block_CD")):
            self.engine.load(f"cells.{term}", self.circuit.per_cell(block[:, k]))
        self.engine.run(settle)
        self.engine.clear()
        for name in (*(f"sum_{s}" for s in SUMS), "samples", "background_events"):
            self.engine.load(f"cells.{name}", np.zeros(self.circuit.size))
        start = self._elapsed + settle
        self.engine.run(seconds)
        self._elapsed = start + seconds
        if not (np.isfinite(self.engine.fetch("cells.v")).all() and np.isfinite(self.engine.fetch("cells.g_NMDA")).all()):
            raise NetworkError("the circuit's state is no longer finite; a shorter step or weaker weights are needed")
        return self._activity(np.asarray(weights), seconds, start)

    def recurrent_ampa(self, weights: np.ndarray, rate_Hz: np.ndarray) -> np.ndarray:
        """Mean AMPA conductance (nS, shape (pyr,)) that Pyr cells firing at `rate_Hz` deliver through `weights`."""
        decay_s = self.circuit.populations[0].ampa_decay * 1e-3
        return np.einsum("ij,ij->i", weights, rate_Hz[self._sites]) * decay_s

    def close(self) -> None:
        self.engine.close()

    def _activity(self, weights: np.ndarray, seconds: float, start: float) -> Activity:
        circuit, pyr = self.circuit, self.circuit.counts[0]
        cell = self.engine.fetch("spikes.i").astype(np.int64)
        time_ms = (self.engine.fetch("spikes.t") - start) * 1e3
        count = np.bincount(cell, minlength=circuit.size)
        rate, cv, burst = rate_statistics(cell, time_ms, [circuit.cells(p) for p in POPULATIONS], seconds)
        samples = self.engine.fetch("cells.samples").astype(float)
        mean = {s: self.engine.fetch(f"cells.sum_{s}").astype(float) / samples for s in SUMS}
        nmda = mean["open"] * 1e9
        contacts = (weights > 0).sum(axis=1)
        ampa = self.recurrent_ampa(weights, count[:pyr] / seconds)
        drive = np.where(weights > 0, count[self._sites], 0).sum(axis=1) / seconds
        lfp = lfp_proxy(self.engine.fetch("lfp.AMPA") * 1e12, self.engine.fetch("lfp.GABA") * 1e12)
        is_pyr = cell < pyr
        return Activity(
            seconds=seconds,
            spike_count=count.astype(np.int32),
            rate=rate,
            cv_isi=cv,
            burst_fraction=burst,
            recurrent_ampa=ampa,
            recurrent_ampa_per_contact=ampa / np.maximum(contacts, 1),
            nmda_conductance=nmda[:pyr],
            gaba_conductance=mean["GABA"][:pyr] * 1e9,
            excitatory_events_recurrent=drive,
            excitatory_events_background=self.engine.fetch("cells.background_events")[:pyr].astype(float) / seconds,
            inhibitory_events_recurrent=self._inhibitory_events(count) / seconds,
            inhibitory_events_background=np.zeros(pyr),
            nmda_open_probability=self._open_probability(mean),
            nmda_share=self._by_population(nmda) / self._by_population(nmda + mean["AMPA"] * 1e9),
            glutamate_release=float(count[:pyr].mean() / seconds),
            gaba_release=float(count[pyr:].mean() / seconds),
            pair_correlation=pair_correlation(cell[is_pyr], time_ms[is_pyr], pyr, seconds),
            lfp=lfp,
            gamma_power=band_power(lfp, BANDS["gamma"]),
            spike_cell=cell.astype(np.int32),
            spike_time=time_ms,
        )

    def _by_population(self, values: np.ndarray) -> np.ndarray:
        return np.array([values[self.circuit.cells(p)].mean() for p in POPULATIONS])

    def _open_probability(self, mean: dict[str, np.ndarray]) -> np.ndarray:
        # One release statistic serves all: background fibres are taken to fire as the circuit's own Pyr cells do.
        bound = mean["s"][: self.circuit.counts[0]].mean()  # share of receptors that hold glutamate
        free = [self._by_population(mean[t]) / np.maximum(self._by_population(mean["NMDA"]), 1e-30) for t in ("AB", "CD")]
        return bound * np.stack(free, axis=1)

    def _inhibitory_events(self, count: np.ndarray) -> np.ndarray:
        pyr = self.circuit.counts[0]
        total = np.zeros(pyr)
        for group in ("fast", "slow"):
            on_pyr = self.wiring.targets[group] < pyr
            sources, targets = self.wiring.sources[group][on_pyr], self.wiring.targets[group][on_pyr]
            total += np.bincount(targets, count[sources], minlength=pyr)
        return total


def _constants(circuit: Circuit, wiring: Wiring, seed: np.random.SeedSequence, step_ms: float) -> dict[str, np.ndarray]:
    """Every constant, delay and first state, in SI units, by the name it has in the network."""
    r = circuit.receptors
    per_cell = {
        "C": ("capacitance", 1e-12), "g_L": ("leak", 1e-9), "v_reset": ("reset", 1e-3),
        "t_refractory": ("refractory", 1e-3), "a": ("adaptation_slope", 1e-9), "b": ("adaptation_jump", 1e-12),
        "tau_adapt": ("adaptation_decay", 1e-3), "tau_AMPA": ("ampa_decay", 1e-3), "ratio_NMDA": ("nmda_to_ampa", 1.0),
        "background_weight": ("background_ampa", 1e-9),
    }  # fmt: skip
    shared = {
        "E_exc": r.excitatory_reversal * 1e-3, "E_GABA": r.inhibitory_reversal * 1e-3, "Mg": r.magnesium,
        "Mg_half": r.magnesium_half, "Mg_slope": r.magnesium_slope * 1e3, "relief_CD": r.magnesium_relief_2CD,
        "tau_NMDA": r.nmda_decay * 1e-3, "tau_fast": r.gaba_decay_PV * 1e-3, "tau_slow": r.gaba_decay_SST_VIP * 1e-3,
        "saturation": r.nmda_saturation,
    }  # fmt: skip
    first = {f"cells.{n}": circuit.per_cell([getattr(p, f) * u for p in circuit.populations]) for n, (f, u) in per_cell.items()}
    first |= {f"cells.{n}": np.array([v]) for n, v in shared.items()}
    keys = seed.generate_state(2, dtype=np.uint32).astype(np.int32)
    first |= {"cells.key_0": keys[:1], "cells.key_1": keys[1:]}
    rates = circuit.per_cell([p.background_rate for p in circuit.populations])
    first |= {f"cells.p_{k + 1}": p for k, p in enumerate(event_probabilities(rates, step_ms))}
    first |= {f"cells.share_{t}": circuit.per_cell(circuit.term_shares[:, k]) for k, t in enumerate(("AB", "CD"))}
    first |= {"cells.v_threshold": wiring.threshold * 1e-3, "cells.E_L": wiring.rest * 1e-3, "cells.v": wiring.start * 1e-3}
    for group in GROUPS:
        first[f"{group}.delay"] = wiring.delays[group] * 1e-3
        first[f"{group}.weight"] = wiring.weights[group] * 1e-9
    return first
