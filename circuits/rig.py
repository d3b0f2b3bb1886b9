"""A physiologist's rig: a built network with its background off, whose cells are stimulated and recorded one
way at a time.

All protocols leave the network quiet; none of them is part of a run.  Rates, potentials and currents are
those of the equations themselves, so what the rig finds is what the circuit does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prelimbic.circuits.describe import Circuit, resting_weights
from prelimbic.circuits.network import STANDARD, Numerics, drawn_network
from prelimbic.circuits.wiring import group_of
from prelimbic.parameters import POPULATIONS, SUBUNITS, Projection

REST_S = 1.0
SAMPLE_S = 5e-4
PSP_WINDOW_S, PULSE_WINDOW_S = 0.06, 0.006
HELD_MV = -55.0  # where inhibitory potentials are measured, as those of aisynphys were
PROBE_PA = -10.0
CONDUCTANCE = {"plastic": "AMPA", "excitatory": "AMPA", "fast": "fast", "slow": "slow"}


@dataclass(frozen=True)
class Passive:
    """Resting potential (mV), input resistance (MOhm) and membrane time constant (ms), each (cell,)."""

    rest: np.ndarray
    resistance: np.ndarray
    time_constant: np.ndarray


def of_projection(projection: Projection, interval: float, pulses: int) -> np.ndarray:
    """Releases in a regular train of every type of a projection's terminals, (type, pulse), each with its
    share: their sum is the mean over sending cells.
    """
    return np.array(
        [
            share * releases(use, recovery * 1e-3, facilitation * 1e-3, interval, pulses)
            for share, use, recovery, facilitation in projection.types
        ]
    )


def releases(use: float, recovery: float, facilitation: float, interval: float, pulses: int) -> np.ndarray:
    """Releases in a regular train after a long rest (times in s), from the recursion of Tsodyks and Markram,
    (pulse,).
    """
    u, x, found = 0.0, 1.0, []
    for k in range(pulses):
        if k:
            u *= np.exp(-interval / facilitation) if facilitation > 0 else 0.0
            x = 1.0 - (1.0 - x) * (np.exp(-interval / recovery) if recovery > 0 else 0.0)
        u += use * (1.0 - u)
        found.append(u * x)
        x -= u * x
    return np.array(found)


class Rig:
    """One wiring of `circuit` without background.  Close it when done."""

    def __init__(self, circuit: Circuit, seed: int, compiled: bool = True, numerics: Numerics = STANDARD):
        self.circuit = circuit
        self.network = drawn_network(circuit, seed, compiled, numerics)
        self.wiring, self.engine = self.network.wiring, self.network.engine
        self._weights = dict(self.wiring.weights) | {"plastic": resting_weights(circuit).ravel()}
        self._places = ("", "_apical") if circuit.apical is not None else ("",)
        zero = np.zeros(circuit.size)
        for k in (1, 2, 3, 4):
            self.engine.load(f"cells.p_{k}", zero)
            if circuit.apical is not None:
                self.engine.load(f"cells.q_{k}", zero)
        self.block(np.zeros((len(POPULATIONS), len(SUBUNITS))))
        self.connect(False)
        self.rest()

    def close(self) -> None:
        self.network.close()

    def block(self, shut: np.ndarray) -> None:
        """NMDA block, shape (population, subunit)."""
        self.network.load_block(shut)

    def connect(self, on: bool) -> None:
        """Give every contact its weight, or none."""
        for group, weights in self._weights.items():
            self.network.load_contacts(group, weights * on)

    def inject(self, current_pA: np.ndarray | float) -> None:
        """Constant current into the soma of every cell, or (cell,)."""
        self.engine.load("cells.I_injected", np.broadcast_to(current_pA, self.circuit.size) * 1e-12)

    def rest(self) -> None:
        """Let all conductances and potentials settle, and forget past releases."""
        for place in self._places:
            for name in ("g_AMPA", "g_fast", "g_slow", *(f"g_{k}" for k in SUBUNITS)):
                self.engine.load(f"cells.{name}{place}", np.zeros(self.circuit.size))
        self.engine.load("cells.I_adapt", np.zeros(self.circuit.size))
        for name, value in (("x", 1.0), ("u", 0.0)):
            for target in POPULATIONS:
                self.engine.load(f"cells.{name}_{target}", np.full(self.circuit.size, value))
        for target in POPULATIONS:
            for k in SUBUNITS:
                self.engine.load(f"cells.s_{k}_{target}", np.zeros(self.circuit.size))
        self.engine.run(REST_S)

    def potential(self, place: str = "") -> np.ndarray:
        """Membrane potential of every cell (mV), soma or `_apical`."""
        return self.engine.fetch(f"cells.v{place}").astype(float) * 1e3

    def passive(self) -> Passive:
        """Rest, input resistance and time constant from a small hyperpolarising step."""
        self.inject(0.0)
        self.rest()
        rest = self.potential()
        self.inject(PROBE_PA)
        times = np.arange(1, 121) * 1e-3
        course = np.array([self._after(1e-3) for _ in times]) - rest
        self.engine.run(REST_S)
        end = self.potential() - rest
        self.inject(0.0)
        # Time to 63 % of the final deflection.
        reached = np.array(
            [np.interp(1 - np.exp(-1), course[:, c] / end[c], times) for c in range(self.circuit.size)]
        )
        return Passive(rest, end / PROBE_PA * 1e3, reached * 1e3)

    def firing(self, current_pA: float, seconds: float = 1.0) -> np.ndarray:
        """Rate (Hz) of every cell under a constant current, after 0.2 s."""
        self.rest()
        self.inject(current_pA)
        self.engine.run(0.2)
        self.engine.clear()
        self.engine.run(seconds)
        count = np.bincount(self.engine.fetch("spikes.i").astype(int), minlength=self.circuit.size)
        self.inject(0.0)
        return count / seconds

    def postsynaptic_potentials(self, source: str, cells: int = 4) -> dict[str, np.ndarray]:
        """Peak somatic deflection (mV) at contacts of single cells of `source`, by target population.

        Excitatory ones from rest, inhibitory ones from HELD_MV.  One value a contact; plastic sites that are
        empty give none.
        """
        passive = self.passive()
        held = source != "Pyr"
        current = (
            (HELD_MV - passive.rest) / passive.resistance * 1e3 if held else np.zeros(self.circuit.size)
        )
        found: dict[str, list[np.ndarray]] = {}
        self.connect(True)
        for cell in range(self.circuit.cells(source).start, self.circuit.cells(source).start + cells):
            self.rest()
            self.inject(current)
            self.engine.run(REST_S)
            before = self.potential()
            self.kick(np.array([cell]))
            course = np.array([self._after(SAMPLE_S) for _ in range(int(PSP_WINDOW_S / SAMPLE_S))]) - before
            peak = course.min(axis=0) if held else course.max(axis=0)
            for target, contacts in self.targets(cell).items():
                found.setdefault(target, []).append(peak[contacts])
        self.inject(0.0)
        self.connect(False)
        return {target: np.concatenate(values) for target, values in found.items()}

    def trains(self, source: str, interval_s: float, pulses: int, cells: int = 3) -> dict[str, np.ndarray]:
        """Conductance of each pulse over that of the first, by target population: shape (pulse,), mean over
        contacts.
        """
        group = {t: group_of(source, t) for s, t, _ in self.circuit.projections if s == source}
        found: dict[str, list[np.ndarray]] = {target: [] for target in group}
        self.connect(True)
        for cell in range(self.circuit.cells(source).start, self.circuit.cells(source).start + cells):
            self.rest()
            # (pulse, target, cell)
            jumps = np.array([self._jump(cell, group, interval_s) for _ in range(pulses)])
            reached = self.targets(cell)
            for k, target in enumerate(group):
                contacts = reached.get(target, np.array([], dtype=int))
                found[target].append(jumps[:, k][:, contacts].sum(axis=1))
        self.connect(False)
        totals = {target: np.sum(values, axis=0) for target, values in found.items()}
        return {target: total / total[0] for target, total in totals.items() if total[0] > 0}

    def targets(self, cell: int) -> dict[str, np.ndarray]:
        """Cells that one cell contacts with a filled site, by population."""
        all_targets = np.concatenate(
            [
                self.wiring.targets[group][(self.wiring.sources[group] == cell) & (weights > 0)]
                for group, weights in self._weights.items()
            ]
        )
        within = {
            p: all_targets[
                (all_targets >= self.circuit.cells(p).start) & (all_targets < self.circuit.cells(p).stop)
            ]
            for p in POPULATIONS
        }
        return {p: cells for p, cells in within.items() if len(cells)}

    def kick(self, cells: np.ndarray) -> None:
        """Make cells spike at the next step."""
        v = self.engine.fetch("cells.v")
        v[cells] = 0.05
        self.engine.load("cells.v", v)

    def add(self, name: str, amount_nS: np.ndarray | float) -> None:
        """Add conductance to every cell at once."""
        self.engine.load(f"cells.{name}", self.engine.fetch(f"cells.{name}") + np.asarray(amount_nS) * 1e-9)

    def volley(self, contacts: float, pulses: int, interval_s: float) -> np.ndarray:
        """Whether each cell spikes when `contacts` of its Pyr inputs fire together, `pulses` times: shape
        (cell,) of bool.

        Release and the receptors that are still free change from pulse to pulse as the projection has it.
        """
        self.rest()
        self.engine.clear()
        trains = [self._delivered(population, pulses, interval_s) for population in POPULATIONS]
        for pulse in range(pulses):
            for k, (released, given) in enumerate(trains):
                self._excite(k, contacts, released[pulse], given[pulse])
            self.engine.run(interval_s)
        self.engine.run(0.05)
        return np.bincount(self.engine.fetch("spikes.i").astype(int), minlength=self.circuit.size) > 0

    def attenuation(self, size_nS: float = 1.0) -> tuple[float, float]:
        """How much of the soma reaches the dendrite and back, mean over Pyr cells: steady potential of the
        dendrite over that of the soma under current into the soma; and the somatic potential of an AMPA
        input on the dendrite over that of the same input on the soma.  Both are 1 for point cells.
        """
        pyr = self.circuit.cells("Pyr")
        if self.circuit.apical is None:
            return 1.0, 1.0
        self.rest()
        before = [self.potential(place)[pyr] for place in self._places]
        self.inject(-PROBE_PA)
        self.engine.run(REST_S)
        soma, dendrite = (self.potential(p)[pyr] - b for p, b in zip(self._places, before, strict=True))
        self.inject(0.0)
        peaks = []
        for place in self._places:
            self.rest()
            before_kick = self.potential()
            self.add(f"g_AMPA{place}", size_nS)
            course = (
                np.array([self._after(SAMPLE_S) for _ in range(int(PSP_WINDOW_S / SAMPLE_S))]) - before_kick
            )
            peaks.append(course.max(axis=0)[pyr].mean())
        return float((dendrite / soma).mean()), float(peaks[1] / peaks[0])

    def conducting(self, potential_mV: float) -> tuple[np.ndarray, np.ndarray]:
        """At a membrane potential, shares of bound NMDA receptors that Mg leaves free, and of those after
        the present block too, as the network's own equations have it: two arrays (population, subunit).
        Rest before other protocols.
        """
        names = [f"sum_{kind}_{k}" for kind in ("bound", "free", "open") for k in SUBUNITS]
        for name in names:
            self.engine.load(f"cells.{name}", np.zeros(self.circuit.size))
        for place in self._places:
            self.engine.load(f"cells.v{place}", np.full(self.circuit.size, potential_mV * 1e-3))
            for k in SUBUNITS:
                self.engine.load(f"cells.g_{k}{place}", np.full(self.circuit.size, 1e-9))
        self.engine.run(1e-3)  # one sample, taken before anything moves
        sums = {
            name: self.circuit.by_population(self.engine.fetch(f"cells.{name}").astype(float))
            for name in names
        }
        shares = [
            np.stack([sums[f"sum_{kind}_{k}"] / sums[f"sum_bound_{k}"] for k in SUBUNITS], axis=1)
            for kind in ("free", "open")
        ]
        return shares[0], shares[1]

    def _delivered(self, population: str, pulses: int, interval_s: float) -> tuple[np.ndarray, np.ndarray]:
        """Release of a Pyr terminal on a population at every pulse of a train, (pulse,), and what of it
        receptors take that are still free, (pulse, subunit).
        """
        projection = self.circuit.projection("Pyr", population)
        decay = np.exp(-interval_s * 1e3 / np.array([s.decay for s in self.circuit.subunits]))
        each = of_projection(projection, interval_s, pulses)
        shares = np.array([one[0] for one in projection.types])[:, None]
        bound, given = np.zeros((len(each), len(SUBUNITS))), np.zeros((pulses, len(SUBUNITS)))
        for pulse in range(pulses):
            taken = each[:, pulse, None] / shares * (1.0 - bound)
            given[pulse] = (shares * taken).sum(axis=0)
            bound = (bound + self.circuit.receptors.nmda_saturation * taken) * decay
        return each.sum(axis=0), given

    def _excite(self, k: int, contacts: float, released: float, given: np.ndarray) -> None:
        """Open receptors of so many contacts from Pyr cells on the k-th population."""
        projection = self.circuit.projection("Pyr", POPULATIONS[k])
        split = projection.apical_share if k == 0 and self.circuit.apical is not None else 0.0
        for place, share in zip(self._places, (1.0 - split, split), strict=False):
            ratio = self.circuit.populations[k].nmda_to_ampa
            if place and self.circuit.apical is not None:
                ratio = self.circuit.apical.nmda_to_ampa
            unit = contacts * projection.weight * share
            here = self.circuit.per_cell([unit * (j == k) for j in range(len(POPULATIONS))])
            self.add(f"g_AMPA{place}", here * released * self.circuit.ampa[k])
            for subunit, part, amount in zip(SUBUNITS, self.circuit.mixtures[k], given, strict=True):
                self.add(f"g_{subunit}{place}", here * ratio * part * amount)

    def _jump(self, cell: int, group: dict[str, str], interval_s: float) -> np.ndarray:
        """Largest conductance that one spike adds to every cell, for each target's kind of contact, shape
        (target, cell).
        """
        decay = {
            "AMPA": self.engine.fetch("cells.tau_AMPA"),
            "fast": self.engine.fetch("cells.tau_fast"),
            "slow": self.engine.fetch("cells.tau_slow"),
        }
        kinds = [CONDUCTANCE[g] for g in group.values()]
        before = [self._conductance(kind) for kind in kinds]
        self.kick(np.array([cell]))
        best = np.zeros((len(kinds), self.circuit.size))
        steps = int(PULSE_WINDOW_S / 1e-4)
        for step in range(1, steps + 1):
            self.engine.run(1e-4)
            for k, kind in enumerate(kinds):
                left = before[k] * np.exp(-step * 1e-4 / decay[kind])
                best[k] = np.maximum(best[k], self._conductance(kind) - left)
        self.engine.run(interval_s - steps * 1e-4)
        return best

    def _conductance(self, kind: str) -> np.ndarray:
        return np.sum([self.engine.fetch(f"cells.g_{kind}{place}") for place in self._places], axis=0)

    def _after(self, seconds: float) -> np.ndarray:
        self.engine.run(seconds)
        return self.potential()
