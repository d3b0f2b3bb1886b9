"""Find the background rates at which an untreated circuit rests at its target rates; nothing else is moved.

A coarse homeostat brings every class into range, then damped Newton steps on log rates finish, with a
Jacobian that is measured once and corrected by what each step did (Broyden 1965).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from prelimbic.circuits.activity import Activity
from prelimbic.circuits.background import HIGHEST_MEAN
from prelimbic.circuits.describe import Circuit, resting_weights, with_background
from prelimbic.circuits.network import STANDARD, Network, Numerics, drawn_network
from prelimbic.parameters import POPULATIONS, SUBUNITS
from prelimbic.parameters.errors import UsageError
from prelimbic.parameters.granted import workers_by_default

TOLERANCE = 0.05  # of the target rate, on the mean over wirings
COARSE_LOOKS, COARSE_S, COARSE_GAIN = 60, 1.0, (0.05, 0.1, 0.2, 0.2)
HOPELESS = 1.0  # error of a log rate, which no step brings down where there is no background left
PROBE, PROBE_S = 0.08, 3.0
NEWTON_STEPS, NEWTON_S, DAMPING, LONGEST_STEP = 20, 4.0, 0.7, 0.3
CHECK_S, SETTLE_S = 10.0, 0.5
SLOWEST_HZ, LOWEST_RATE_HZ = 1.0, 0.05
LOOK_S = {"coarse": COARSE_S, "probe": PROBE_S, "newton": NEWTON_S, "check": CHECK_S}  # by stage
FIRST_SEED = 1001  # a sheet is calibrated on wirings of its own: runs count their seeds from 1


class CalibrationError(UsageError):
    """No background rates hold the circuit at its target rates; the message gives the residuals."""


@dataclass(frozen=True)
class Calibration:
    """Background rates found, and what the circuit does with them: one row a wiring."""

    circuit: Circuit  # with the rates in place
    seeds: tuple[int, ...]
    rate: np.ndarray  # (wiring, population) Hz
    cv_isi: np.ndarray  # (wiring, population)

    @property
    def targets(self) -> np.ndarray:
        """Rates aimed at, shape (population,) Hz."""
        return target_rates(self.circuit)

    @property
    def residuals(self) -> np.ndarray:
        """Mean rate over wirings against the target, relative, shape (population,)."""
        return self.rate.mean(axis=0) / self.targets - 1.0


def target_rates(circuit: Circuit) -> np.ndarray:
    """Rates at which the untreated circuit should rest, shape (population,) Hz."""
    return np.array([p.target_rate for p in circuit.populations])


def calibrate(
    circuit: Circuit,
    wirings: int = 4,
    free: Sequence[str] = POPULATIONS,
    tell: Callable[[str, np.ndarray], None] = lambda stage, rate: None,
    first: int = FIRST_SEED,
    tolerance: float = TOLERANCE,
    numerics: Numerics = STANDARD,
    coarse: int | None = None,
) -> Calibration:
    """Move the background rates of the `free` populations, on wirings of the seeds from `first` on; `tell`
    hears every stage and the rates seen (population,).  `coarse` looks bring a circuit into range, fewer
    than usual one that is near.

    Raises CalibrationError, with residuals, when any class stays more than `tolerance` from its target.
    """
    seeds = tuple(range(first, first + wirings))
    bench = _Bench(circuit, seeds, [p in free for p in POPULATIONS], tell, tolerance, numerics)
    try:
        if bench.coarse(COARSE_LOOKS if coarse is None else coarse):
            bench.newton()
        looks = bench.look(CHECK_S, "check")
    finally:
        bench.close()
    found = Calibration(
        with_background(circuit, bench.rates),
        seeds,
        np.array([a.rate for a in looks]),
        np.array([a.cv_isi for a in looks]),
    )
    if (np.abs(found.residuals) > tolerance).any():
        raise CalibrationError(f"circuit {circuit.name} cannot be calibrated: {residual_text(found)}")
    return found


def longest_stages(free: int, coarse: int | None = None) -> dict[str, float]:
    """The most biological seconds that a wiring lives through in each stage of calibrating so many classes;
    the stages are in their order.
    """
    return {
        "coarse": COARSE_S * (COARSE_LOOKS if coarse is None else coarse),
        "probe": NEWTON_S + free * PROBE_S,
        "newton": NEWTON_STEPS * NEWTON_S,
        "check": CHECK_S,
    }


def residual_text(found: Calibration) -> str:
    """`Pyr 2.4 Hz for 2.5 (-4 %), ...`, with background rates."""
    rows = zip(
        POPULATIONS,
        found.rate.mean(axis=0),
        found.targets,
        found.residuals,
        found.circuit.populations,
        strict=True,
    )
    return ", ".join(
        f"{name} {rate:.2f} Hz for {target:g} ({100 * residual:+.0f} %, background {p.background_rate:.0f} "
        "Hz)"
        for name, rate, target, residual, p in rows
    )


class _Bench:
    """Several wirings of one circuit, kept alive while their background is moved."""

    def __init__(
        self,
        circuit: Circuit,
        seeds: Sequence[int],
        free: list[bool],
        tell: Callable[[str, np.ndarray], None],
        tolerance: float,
        numerics: Numerics,
    ):
        self.free, self._tell, self._targets, self._near = (
            np.array(free),
            tell,
            target_rates(circuit),
            tolerance / 3,
        )
        self.rates = np.array([p.background_rate for p in circuit.populations])
        self._weights, self._open = resting_weights(circuit), np.zeros((len(POPULATIONS), len(SUBUNITS)))
        self._networks: list[Network] = []
        for seed in seeds:
            self._networks.append(drawn_network(circuit, seed, True, numerics))
        self._step_s = 1e-4

    def look(self, seconds: float, stage: str) -> list[Activity]:
        """Observe every wiring at the present background."""
        for network in self._networks:
            network.set_background(self.rates)
        with ThreadPoolExecutor(workers_by_default()) as pool:  # the networks are processes of their own
            looks = list(
                pool.map(lambda n: n.observe(self._weights, self._open, seconds, SETTLE_S), self._networks)
            )
        self._tell(stage, np.mean([a.rate for a in looks], axis=0))
        return looks

    def coarse(self, looks: int) -> bool:
        """Whether steps from here may arrive: no class fires far too much with hardly any background."""
        gain, error = np.array(COARSE_GAIN) * self.free, np.zeros(len(self.rates))
        for k in range(looks):
            slower = 1.0 if k < looks // 2 else 0.5
            error = self._error(COARSE_S, "coarse")
            self._move(slower * gain * np.clip(-error, -1.5, 1.5))
        return not (self.free & (self.rates <= SLOWEST_HZ) & (error > HOPELESS)).any()

    def newton(self) -> None:
        free = np.flatnonzero(self.free)
        if not len(free):
            return
        error = self._error(NEWTON_S, "probe")
        slopes = np.zeros((len(free), len(free)))
        for column, k in enumerate(free):
            probe = np.zeros(len(self.rates))
            probe[k] = PROBE
            self._move(probe)
            slopes[:, column] = (self._error(PROBE_S, "probe") - error)[free] / PROBE
            self._move(-probe)
        for _ in range(NEWTON_STEPS):
            step = np.zeros(len(self.rates))
            solved = np.linalg.lstsq(slopes, -error[free], rcond=0.02)[0]
            step[free] = np.clip(DAMPING * solved, -LONGEST_STEP, LONGEST_STEP)
            self._move(step)
            before, error = error, self._error(NEWTON_S, "newton")
            if (np.abs(error[free]) < self._near).all():
                return
            missed = (error - before)[free] - slopes @ step[free]
            slopes += np.outer(missed, step[free]) / max(float(step[free] @ step[free]), 0.01)

    def close(self) -> None:
        for network in self._networks:
            network.close()

    def _error(self, seconds: float, stage: str) -> np.ndarray:
        rate = np.mean([a.rate for a in self.look(seconds, stage)], axis=0)
        return np.log(np.maximum(rate, LOWEST_RATE_HZ) / self._targets)

    def _move(self, by: np.ndarray) -> None:
        fastest = 0.98 * HIGHEST_MEAN / self._step_s
        self.rates = np.clip(self.rates * np.exp(by), SLOWEST_HZ, fastest)
