"""Single cells under a drug that is taken up slowly: every cell's rate before it and for an hour of it, as
z-scores.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from prelimbic.circuits import Activity
from prelimbic.parameters import POPULATIONS
from prelimbic.pharmacology import Concentrations, Dose
from prelimbic.simulation.config import Config
from prelimbic.simulation.drugged import running
from prelimbic.simulation.record import cell_populations, scales
from prelimbic.simulation.variable import Groups, Variable

BEFORE, LOOK_S, SETTLE_S, REST_SETTLE_S = 10, 8.0, 0.3, 3.0
LAST = 4  # looks at the end over which a cell's response is a mean
SIGNIFICANT = 1.96
CHANCE = 0.04  # cells that count as rising, and as falling, while nothing is done to them
LEAST_SD = 0.5  # spikes: the SD of a cell that hardly fires is not known better


ABSORBED = Dose(1.0, "ip")  # of ketamine: no disposition of MK-801 is known


@dataclass(frozen=True)
class Absorbed(Concentrations):
    """The drugs of a bath as they come after an injection: as fast as ketamine reaches the brain, and then
    they stay.
    """

    bath: Concentrations
    hours: np.ndarray
    share: np.ndarray

    @classmethod
    def as_ketamine(cls, config: Config) -> Absorbed:
        """The bath of a configuration, as a dose of ketamine would come in its animal."""
        if config.bath is None:
            raise ValueError("cells are observed in a bath")
        hours = np.linspace(0.0, max(config.protocol.times[-1], 1.0), 601)
        arrived = np.maximum.accumulate(config.exposure((ABSORBED,)).of("ketamine", hours))
        return cls(config.bath, hours, arrived / arrived[-1])

    @property
    def names(self) -> tuple[str, ...]:
        """The drugs, in the order of the last axis of `brain_unbound`."""
        return self.bath.names

    def brain_unbound(self, hours: np.ndarray) -> np.ndarray:
        """Unbound concentration, uM, shape (time, drug)."""
        hours = np.atleast_1d(np.asarray(hours, dtype=float))
        return self.bath.brain_unbound(hours) * np.interp(hours, self.hours, self.share)[:, None]


def observe(config: Config, compiled: bool, tell: Callable[[float], None]) -> Groups:
    """One wiring: looks before the drug, then at the minutes of the protocol while what the configuration's
    bath holds is absorbed.
    """
    circuit, times, source = config.described(), config.protocol.times, Absorbed.as_ketamine(config)
    config.check_looks()
    each = config.protocol.seconds / (BEFORE + len(times))
    seen: list[Activity] = []
    shut = []
    with running(config, circuit, compiled) as untreated:
        for look in range(BEFORE):
            seen.append(untreated.at(0.0).observe(LOOK_S, SETTLE_S if look else REST_SETTLE_S))
            tell(each)
        drugged = untreated.given(source, times[0])
        for hour in times:
            drugged = drugged.until(hour, seen[-1])
            now = drugged.at(hour)
            shut.append(now.nmda)
            seen.append(now.observe(LOOK_S, SETTLE_S))
            tell(each)
    z = z_scores(np.array([a.spike_count for a in seen], dtype=float))
    cells = [circuit.cells(p) for p in POPULATIONS]
    found = _arranged(config, z, np.array([a.rate for a in seen]), np.array(shut), cells)
    return {"summary": scales() | found | {"cell_population": cell_populations(circuit)}}


def z_scores(counts: np.ndarray) -> np.ndarray:
    """Of counts (look, cell) those after the first BEFORE looks, less a cell's mean before and over its SD
    before.
    """
    before = counts[:BEFORE]
    return (counts[BEFORE:] - before.mean(axis=0)) / np.maximum(before.std(axis=0, ddof=1), LEAST_SD)


def _arranged(
    config: Config, z: np.ndarray, rates: np.ndarray, shut: np.ndarray, cells: list[slice]
) -> dict[str, Variable]:
    minute = 60.0 * np.array(config.protocol.times)
    # of a mean of looks against a mean of looks
    response = z[-LAST:].mean(axis=0) * np.sqrt(LAST / (1.0 + LAST / BEFORE))
    up, down = ([float((sign * response[c] > SIGNIFICANT).mean()) for c in cells] for sign in (1.0, -1.0))
    mean_z = np.array([[row[c].mean() for c in cells] for row in z])
    return {
        "minute": Variable(("minute",), minute, "min", "minutes since the drug was given"),
        "z": Variable(
            ("minute", "cell"),
            z.astype(np.float32),
            "1",
            "z-score of a cell's spike count against its own looks before",
            {"coordinates": "cell_population"},
        ),
        "mean_z": Variable(("minute", "population"), mean_z, "1", "mean of z over cells"),
        "look_seconds": Variable((), np.array(LOOK_S), "s", "spiking time of each look"),
        "settle_seconds": Variable(
            (), np.array(SETTLE_S), "s", "spiking time before each look, not counted"
        ),
        "rate": Variable(("minute", "population"), rates[BEFORE:], "Hz", "firing rate"),
        "rate_before": Variable(
            ("population",), rates[:BEFORE].mean(axis=0), "Hz", "firing rate before the drug"
        ),
        "block": Variable(("minute", "population", "subunit"), shut, "1", "share of NMDA receptors shut"),
        "share_up": Variable(
            ("population",), np.array(up), "1", f"cells that fire more in the last {LAST} looks, p < 0.05"
        ),
        "share_down": Variable(
            ("population",), np.array(down), "1", f"cells that fire less in the last {LAST} looks, p < 0.05"
        ),
    }
