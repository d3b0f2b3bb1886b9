"""The built network: take weights and block, spike for a look, hand back Activity."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from prelimbic.circuits import cache, constants
from prelimbic.circuits import equations as eq
from prelimbic.circuits.activity import Activity
from prelimbic.circuits.background import HIGHEST_MEAN
from prelimbic.circuits.build import InterpretedEngine
from prelimbic.circuits.describe import Circuit, CircuitError, with_background
from prelimbic.circuits.engine import CompiledEngine, Engine, Layout
from prelimbic.circuits.model import Model
from prelimbic.circuits.report import Means, delivered_ampa, report
from prelimbic.circuits.wiring import Wiring, draw, fixed_weights, with_delay_classes
from prelimbic.parameters import POPULATIONS, SUBUNITS
from prelimbic.parameters.errors import RunError
from prelimbic.parameters.granted import threads_asked
from prelimbic.parameters.plain import real, settle, truth, whole

SETTLE_S = 0.3  # after weights and block change: a few decays of the fast conductances
MOST_DELAY_CLASSES = 1000
SHORTEST_STEP_MS, LONGEST_STEP_MS = 0.005, 0.1  # longer, and the fastest background would be cut off
COUNTERS = (*(f"released_{t}" for t in POPULATIONS), "samples", "background_events")


class NetworkError(RunError):
    """A circuit whose activity cannot be interpreted."""


@dataclass(frozen=True)
class Numerics:
    """How the computer runs a network: bits of a number (32 or 64), step of integration (ms), into how many
    classes the delays of a projection are rounded (0: each to the step), and whether every compiler and
    vector width must give the same spikes.  Raises CircuitError for what is out of range.
    """

    precision: int = 32
    step: float = 0.1
    delay_classes: int = 5
    portable: bool = False

    def __post_init__(self) -> None:
        settle(
            self,
            CircuitError,
            precision=partial(whole, allowed=(32, 64), must="32 or 64"),
            step=partial(real, unit="ms"),
            delay_classes=partial(
                whole,
                allowed=range(MOST_DELAY_CLASSES + 1),
                must=f"a whole number from 0 to {MOST_DELAY_CLASSES}",
            ),
            portable=truth,
        )
        steps = LONGEST_STEP_MS / self.step if self.step > 0 else 0.0
        if not self.step >= SHORTEST_STEP_MS or not steps >= 1 or abs(steps - round(steps)) > 1e-6:
            raise CircuitError(
                f"`step` is {self.step:g} ms but must divide {LONGEST_STEP_MS:g} ms and be at least "
                f"{SHORTEST_STEP_MS:g} ms"
            )


STANDARD = Numerics()


def model_of(circuit: Circuit) -> Model:
    """The texts that a circuit is simulated from."""
    return eq.model(circuit.apical is not None)


@dataclass(frozen=True)
class Volley:
    """A brief rise of the background: of dendrites' by `rate` (Hz a cell), and of GABAergic cells' by the
    share of theirs that this is of all that Pyr cells get, as far as a step can hold it; for `seconds`, one
    volley `every` so many seconds.
    """

    rate: float
    seconds: float
    every: float


class Network:
    """One drawn circuit, alive: its state, delays and clock go on from look to look.

    `seed` keys the background.  `compiled=False` runs Brian2's interpreter instead of the compiled process.
    """

    def __init__(
        self,
        circuit: Circuit,
        wiring: Wiring,
        seed: np.random.SeedSequence,
        compiled: bool = True,
        numerics: Numerics = STANDARD,
    ):
        wiring = with_delay_classes(wiring, numerics.delay_classes) if numerics.delay_classes else wiring
        self.circuit, self.described, self.wiring = circuit, circuit, wiring.without_delays()
        self._placed = self.wiring.connections(circuit.apical is not None)
        precision, step_ms = numerics.precision, numerics.step
        (self.partners,) = (projected.sources for projected in wiring.onto("Pyr", "plastic"))
        self._elapsed, self._step_ms = 0.0, step_ms
        self._sums = tuple(eq.sums(circuit.apical is not None))
        self._counters = (*COUNTERS, "background_events_apical") if circuit.apical is not None else COUNTERS
        keys = seed.generate_state(2, dtype=np.uint32).astype(np.int32)
        first = constants.constants(circuit, wiring, keys, step_ms)
        model, layout = model_of(circuit), Layout(circuit.counts, step_ms)
        connections = wiring.connections(circuit.apical is not None)
        self.engine: Engine
        if compiled:
            threads, built = threads_asked(), cache.program(model, precision, numerics.portable)
            self.engine = CompiledEngine(
                built, model, layout, precision, connections, first, numerics.portable, threads
            )
        elif numerics.portable:
            raise NetworkError(
                "a portable run needs a C++ compiler: interpreted, its spikes would be others"
            )
        else:
            self.engine = InterpretedEngine(model, layout, precision, connections, first)
        for name, placed in connections.items():
            self.engine.load(f"{name}.weight", placed.weights() * 1e-9)

    def observe(
        self,
        weights: np.ndarray,
        block: np.ndarray,
        seconds: float,
        settle: float = SETTLE_S,
        hcn_block: float = 0.0,
    ) -> Activity:
        """Spike for `settle` + `seconds` under weights (nS, shape (pyr, site)), NMDA block (shape
        (population, subunit)) and block of HCN channels (share); report the latter part.  Raises EngineError
        when the state is not finite.
        """
        self.load_weights(weights)
        self.load_block(block)
        self._load(constants.hcn_shut(self.circuit, hcn_block))
        self.engine.run(settle)
        self._forget()
        start = self._elapsed + settle
        self.engine.run(seconds)
        self._elapsed = start + seconds
        return report(self.circuit, self.wiring, np.asarray(weights), self._means(), seconds, start)

    def evoke(self, volley: Volley, pulses: int, after: float) -> np.ndarray:
        """Mean activation of the dendrites' Ca channels, shape (pyr,), during a train of volleys to their
        afferents and `after` seconds more, with the weights and block of the look before.  The afferents end
        on GABAergic cells too: else these could not act on what is evoked.  Raises CircuitError for a
        circuit of points.
        """
        apical = self.circuit.apical
        if apical is None:
            raise CircuitError(
                f"circuit {self.circuit.name} has no dendrites whose afferents could be stimulated"
            )
        rates = np.array([p.background_rate for p in self.circuit.populations])
        share = volley.rate / max(apical.background_rate + rates[0], 1.0)
        rates[1:] = np.minimum(rates[1:] * (1.0 + share), 0.99 * HIGHEST_MEAN / (self._step_ms * 1e-3))
        stirred = replace(
            with_background(self.circuit, rates),
            apical=replace(apical, background_rate=apical.background_rate + volley.rate),
        )
        at_volley, between = (
            constants.background(circuit, self._step_ms) for circuit in (stirred, self.circuit)
        )
        self._forget()
        for _ in range(pulses):
            self._load(at_volley)
            self.engine.run(volley.seconds)
            self._load(between)
            self.engine.run(volley.every - volley.seconds)
        self.engine.run(after)
        self._elapsed += pulses * volley.every + after
        return self._means().mean["calcium"][: self.circuit.counts[0]]

    def alter(self, circuit: Circuit) -> None:
        """Go on as a circuit that differs from the described one in what is left of AMPA conductance and in
        the weights of what Pyr cells send to others; the plastic weights come with each look.
        """
        if circuit == self.circuit:
            return
        self.circuit = circuit
        self._load(constants.ampa_left(circuit))
        self.load_contacts("excitatory", fixed_weights(circuit))

    def load_weights(self, weights: np.ndarray) -> None:
        """Set the plastic weights (nS, shape (pyr, site))."""
        self.load_contacts("plastic", np.asarray(weights).ravel())

    def load_contacts(self, group: str, weights: np.ndarray) -> None:
        """Set the weights (nS, shape (contact,)) of a synapse group in the order of the wiring."""
        for name, placed in self._placed.items():  # one at a time: they may be large
            if name.removesuffix("_apical") == group:
                self.engine.load(f"{name}.weight", placed.of(weights) * 1e-9)

    def load_block(self, block: np.ndarray) -> None:
        """Set the NMDA block, shape (population, subunit)."""
        self._load({f"block_{s}": self.circuit.per_cell(block[:, k]) for k, s in enumerate(SUBUNITS)})

    def set_background(self, rates_Hz: np.ndarray) -> None:
        """Change the background rate of every population, shape (population,); what the dendrite gets
        stays.
        """
        self.circuit = with_background(self.circuit, rates_Hz)
        self.described = self.circuit
        self._load(constants.background(self.circuit, self._step_ms))

    def recurrent_ampa(self, weights: np.ndarray, release_Hz: np.ndarray) -> np.ndarray:
        """Mean AMPA conductance (nS, shape (pyr,)) that Pyr terminals releasing at `release_Hz` deliver
        through `weights` in the circuit as described.
        """
        return delivered_ampa(self.described, self.partners, weights, release_Hz)

    def state(self) -> dict[str, np.ndarray]:
        """What `go_on` takes, as named arrays; of an interpreted network, nothing."""
        return {"engine": self.engine.state(), "elapsed": np.array(self._elapsed)}

    def go_on(self, state: dict[str, np.ndarray]) -> None:
        """Go on from the state of a network of the same circuit, wiring and numerics, as it was after a
        look, bit for bit.

        Raises EngineError where the state is none of such a network.
        """
        self.engine.take(state["engine"])
        self._elapsed = float(state["elapsed"])
        self.circuit = self.described
        self._load(constants.ampa_left(self.circuit))  # the state has that of its last look
        self.load_contacts("excitatory", fixed_weights(self.circuit))

    def close(self) -> None:
        self.engine.close()

    def _forget(self) -> None:
        """Begin means, counts and spikes anew."""
        self.engine.clear()
        self._load(
            dict.fromkeys((*(f"sum_{s}" for s in self._sums), *self._counters), np.zeros(self.circuit.size))
        )

    def _load(self, arrays: dict[str, np.ndarray]) -> None:
        self.engine.load_all({f"cells.{name}": values for name, values in arrays.items()})

    def _means(self) -> Means:
        cells = [*(f"sum_{s}" for s in self._sums), *self._counters]
        spikes, traces = [f"spikes.{name}" for name in ("i", "t", "value")], ("AMPA", "GABA")
        seen = [*(f"cells.{name}" for name in cells), *spikes, *(f"traces.seen_{name}" for name in traces)]
        found = self.engine.fetch_all(seen)
        samples = found["cells.samples"].astype(float)
        return Means(
            mean={s: found[f"cells.sum_{s}"].astype(float) / samples for s in self._sums},
            counted={name: found[f"cells.{name}"].astype(float) for name in self._counters},
            spike_cell=found["spikes.i"].astype(np.int64),
            spike_time_s=found["spikes.t"],
            spike_release=found["spikes.value"].astype(float),
            electrode={name: found[f"traces.seen_{name}"] for name in traces},
        )


def drawn_network(
    circuit: Circuit, seed: int, compiled: bool = True, numerics: Numerics = STANDARD
) -> Network:
    """A network whose wiring and background come from one integer, as those of a run do."""
    _, spiking_seed = np.random.SeedSequence(seed).spawn(2)
    return Network(circuit, drawn_wiring(circuit, seed, numerics), spiking_seed, compiled, numerics)


def drawn_wiring(circuit: Circuit, seed: int, numerics: Numerics = STANDARD) -> Wiring:
    """The wiring of such a network."""
    return draw(circuit, np.random.SeedSequence(seed).spawn(2)[0], numerics.delay_classes)
