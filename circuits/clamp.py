"""Spontaneous synaptic currents of Pyr cells in voltage clamp, event by event.

The clamped cells go on spiking in the network; what is reported is the peak of the current that an electrode
in the soma would see at each contact's releases.  An event on the dendrite charges it and reaches the
electrode through the coupling: seen late, filtered, and with the driving force that the dendrite has while
the soma is held.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from prelimbic.circuits.describe import Circuit
from prelimbic.circuits.wiring import Wiring

CLAMPED_CELLS = 64
HOLD_EPSC_MV, HOLD_IPSC_MV = -70.0, 0.0  # near the reversal of the other kind of current
SMALLEST_PA = 5.0  # what counts as an event: about twice the noise of a good recording


@dataclass(frozen=True)
class Currents:
    """Rates (Hz) and mean peaks (pA; NaN without events) of events above SMALLEST_PA, each (clamped
    cell,).
    """

    sepsc_rate: np.ndarray
    sepsc_amplitude: np.ndarray
    background_epsc_rate: np.ndarray
    background_epsc_amplitude: np.ndarray
    sipsc_rate: np.ndarray
    sipsc_amplitude: np.ndarray


def clamp(
    circuit: Circuit,
    wiring: Wiring,
    weights: np.ndarray,
    cell: np.ndarray,
    release: np.ndarray,
    background_events: tuple[np.ndarray, np.ndarray],
    seconds: float,
) -> Currents:
    """Currents of the first CLAMPED_CELLS Pyr cells.

    `cell` and `release` (spike,): which cell spiked and what its terminals on Pyr cells released; `weights`
    (pyr, site) nS; `background_events`: those on somata and on dendrites in these `seconds`, each (cell,).
    """
    clamped = min(CLAMPED_CELLS, circuit.counts[0])
    r, pyr = circuit.receptors, circuit.populations[0]
    ampa = (r.excitatory_reversal, HOLD_EPSC_MV, pyr.ampa_decay)
    course = {"plastic": ampa, "fast": (r.inhibitory_reversal, HOLD_IPSC_MV, r.gaba_decay_PV),
              "slow": (r.inhibitory_reversal, HOLD_IPSC_MV, r.gaba_decay_SST_VIP)}  # fmt: skip
    spikes = _by_cell(cell, release, circuit.size)
    nobody = np.zeros(0, dtype=np.int32)
    contacts: dict[str, list[tuple[np.ndarray, ...]]]
    contacts = {kind: [(nobody, np.zeros(0), nobody)] for kind in ("excitatory", "inhibitory")}
    for projected in (p for group in course for p in wiring.onto("Pyr", group)):
        sources, plastic = projected.sources[:clamped], projected.group == "plastic"
        full_nS = (
            weights[:clamped] * circuit.ampa[0] if plastic else np.full(sources.shape, projected.weight)
        )
        owner, contact = np.nonzero(full_nS > 0)
        soma, dendrite = event_peaks(circuit, *course[projected.group])
        peak = full_nS[owner, contact] * np.where(projected.apical[contact], dendrite, soma)
        contacts["excitatory" if plastic else "inhibitory"].append((sources[owner, contact], peak, owner))
    joined = (tuple(map(np.concatenate, zip(*parts, strict=True))) for parts in contacts.values())
    epsc, ipsc = (_events(these, spikes, clamped, seconds) for these in joined)
    on = np.array([pyr.background_ampa, 0.0 if circuit.apical is None else circuit.apical.background_ampa])
    background_pA = on * circuit.background_ampa[0] * np.array(event_peaks(circuit, *ampa))
    background = _background(background_pA, background_events, clamped, seconds)
    return Currents(*epsc, *background, *ipsc)


def event_peaks(
    circuit: Circuit, reversal_mV: float, hold_mV: float, decay_ms: float
) -> tuple[float, float]:
    """Peak current (pA) at the soma of an event of 1 nS on the soma and on the dendrite (the same for a
    point cell).

    The dendrite follows its charge balance with the soma held, the event's own conductance being small
    beside it.
    """
    apical = circuit.apical
    soma = abs(reversal_mV - hold_mV)
    if apical is None:
        return soma, soma
    load = apical.leak + apical.coupling + apical.tonic  # nS
    inhibited = apical.tonic * circuit.receptors.inhibitory_reversal
    resting = (apical.leak * apical.rest + apical.coupling * hold_mV + inhibited) / load
    slow, fast = decay_ms, apical.capacitance / load  # ms
    if math.isclose(slow, fast):
        slow *= 1.0 + 1e-6
    peak = math.log(fast / slow) / (1 / slow - 1 / fast)
    rise = (math.exp(-peak / slow) - math.exp(-peak / fast)) / (1 / fast - 1 / slow)  # ms
    return soma, abs(reversal_mV - resting) / apical.capacitance * rise * apical.coupling


def _background(
    size_pA: np.ndarray, events: tuple[np.ndarray, np.ndarray], clamped: int, seconds: float
) -> tuple[np.ndarray, np.ndarray]:
    """Rate and mean peak of background events, which are of one size on somata and of another on
    dendrites.
    """
    counts = np.stack([e[:clamped] for e in events]) * (size_pA >= SMALLEST_PA)[:, None]
    total = counts.sum(axis=0)
    mean = np.divide(size_pA @ counts, total, out=np.full(clamped, np.nan), where=total > 0)
    return total / seconds, mean


def by_cell(cell: np.ndarray) -> np.ndarray:
    """What puts spikes into the order of their cells, those of a cell as they come; numpy sorts short
    numbers faster.
    """
    return np.argsort(cell.astype(np.uint16) if len(cell) and cell.max() < 1 << 16 else cell, kind="stable")


def _by_cell(cell: np.ndarray, release: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Releases ordered by cell, and where each cell's begin and how many it has."""
    order = by_cell(cell)
    count = np.bincount(cell, minlength=cells)
    return release[order], np.concatenate([[0], np.cumsum(count)[:-1]]), count


def _events(
    contacts: tuple[np.ndarray, ...],
    spikes: tuple[np.ndarray, np.ndarray, np.ndarray],
    clamped: int,
    seconds: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Rate and mean peak of every release at every contact that is seen, of each clamped cell; of a contact
    its source, the peak of a full release, and whose it is.
    """
    (sources, size_pA, owner), (release, begin, count) = contacts, spikes
    order = np.argsort(owner, kind="stable")
    sources, times = sources[order], count[sources[order]]
    ends = np.cumsum(times)
    nth = np.repeat(begin[sources] - (ends - times), times)
    nth += np.arange(len(nth))
    peak = np.repeat(size_pA[order], times)
    peak *= release.take(nth)
    bounds = np.append(0, ends)[np.searchsorted(owner[order], np.arange(clamped + 1))]
    number = np.diff(bounds)
    if len(peak) and peak.min() < SMALLEST_PA:
        seen = peak >= SMALLEST_PA
        peak *= seen
        number = np.diff(np.append(0, np.cumsum(seen))[bounds])
    # numpy takes differences one after the other, as a count by hand, and sums in another order
    total = [-np.subtract.reduce(peak[low:high], initial=0.0) for low, high in pairwise(bounds)]
    mean = np.divide(total, number, out=np.full(clamped, np.nan), where=number > 0)
    return number / seconds, mean
