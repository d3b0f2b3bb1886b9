"""Spontaneous synaptic currents of Pyr cells in voltage clamp, event by event.

The clamped cells go on spiking in the network; what is reported is the current that an electrode in the soma would see at
each contact's releases.  Events on the dendrite reach it through the coupling and are seen smaller by the share
coupling/(coupling + leak + tonic), as at steady state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from circuits.describe import Circuit
from circuits.wiring import Wiring

CLAMPED_CELLS = 64
HOLD_EPSC_MV, HOLD_IPSC_MV = -70.0, 0.0  # near the reversal of the other kind of current
SMALLEST_PA = 5.0  # what counts as an event: about twice the noise of a good recording


@dataclass(frozen=True)
class Currents:
    """Rates (Hz) and mean peaks (pA; NaN without events) of events above SMALLEST_PA, each (clamped cell,)."""

    sepsc_rate: np.ndarray
    sepsc_amplitude: np.ndarray
    background_epsc_rate: np.ndarray
    background_epsc_amplitude: np.ndarray
    sipsc_rate: np.ndarray
    sipsc_amplitude: np.ndarray


def clamp(circuit: Circuit, wiring: Wiring, weights: np.ndarray, cell: np.ndarray, release: np.ndarray,
          background_events: tuple[np.ndarray, np.ndarray], seconds: float) -> Currents:  # fmt: skip
    """Currents of the first CLAMPED_CELLS Pyr cells.

    `cell` and `release` (spike,): which cell spiked and what its terminals on Pyr cells released; `weights` (pyr, site) nS;
    `background_events`: those on somata and on dendrites in these `seconds`, each (cell,).
    """
    clamped = min(CLAMPED_CELLS, circuit.counts[0])
    r, apical = circuit.receptors, circuit.apical
    seen = 1.0 if apical is None else apical.coupling / (apical.coupling + apical.leak + apical.tonic)
    epsc_mV, ipsc_mV = abs(r.excitatory_reversal - HOLD_EPSC_MV), abs(r.inhibitory_reversal - HOLD_IPSC_MV)
    spikes = _by_cell(cell, release, circuit.size)
    size = {"plastic": weights.ravel() * circuit.ampa[0] * epsc_mV} | {
        group: wiring.weights[group] * ipsc_mV for group in ("fast", "slow")
    }
    peaks: dict[str, list[np.ndarray]] = {"excitatory": [], "inhibitory": []}
    owners: dict[str, list[np.ndarray]] = {"excitatory": [], "inhibitory": []}
    for group, full_pA in size.items():
        contacts = np.flatnonzero((wiring.targets[group] < clamped) & (full_pA > 0))
        place = 1.0 - wiring.apical[group][contacts] * (1.0 - seen)
        which, released = _events(wiring.sources[group][contacts], *spikes)
        kind = "excitatory" if group == "plastic" else "inhibitory"
        peaks[kind].append((full_pA[contacts] * place)[which] * released)
        owners[kind].append(wiring.targets[group][contacts][which])
    epsc, ipsc = (_summary(np.concatenate(peaks[k]), np.concatenate(owners[k]), clamped, seconds) for k in peaks)
    size_nS = (circuit.populations[0].background_ampa, 0.0 if apical is None else apical.background_ampa * seen)
    background = _background(np.array(size_nS) * circuit.background_ampa[0] * epsc_mV, background_events, clamped, seconds)
    return Currents(*epsc, *background, *ipsc)


def _background(size_pA: np.ndarray, events: tuple[np.ndarray, np.ndarray], clamped: int,
                seconds: float) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Rate and mean peak of background events, which are of one size on somata and of another on dendrites."""
    counts = np.stack([e[:clamped] for e in events]) * (size_pA >= SMALLEST_PA)[:, None]
    total = counts.sum(axis=0)
    mean = np.divide(size_pA @ counts, total, out=np.full(clamped, np.nan), where=total > 0)
    return total / seconds, mean


def _by_cell(cell: np.ndarray, release: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Releases ordered by cell, and where each cell's begin and how many it has."""
    order = np.argsort(cell, kind="stable")
    count = np.bincount(cell, minlength=cells)
    return release[order], np.concatenate([[0], np.cumsum(count)[:-1]]), count


def _events(sources: np.ndarray, release: np.ndarray, begin: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every release at every contact: index of the contact and what was released."""
    which = np.repeat(np.arange(len(sources)), count[sources])
    nth = np.arange(len(which)) - np.repeat(np.cumsum(count[sources]) - count[sources], count[sources])
    return which, release[begin[sources][which] + nth]


def _summary(peak: np.ndarray, owner: np.ndarray, clamped: int, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    large = peak >= SMALLEST_PA
    count = np.bincount(owner[large], minlength=clamped)
    total = np.bincount(owner[large], peak[large], minlength=clamped)
    mean = np.divide(total, count, out=np.full(clamped, np.nan), where=count > 0)
    return count / seconds, mean
