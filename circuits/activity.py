"""What a look at the spiking circuit tells the slow world, and the statistics behind it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from prelimbic.circuits.clamp import Currents, by_cell
from prelimbic.circuits.spectrum import Spectrum, spectrum

BURST_MS = 10.0
CORRELATION_BIN_S = 0.05
FEWEST_INTERVALS = 4
MOST_COUNTS = 1 << 23  # of spikes in bins that are looked at together
# Weighted sum of currents that best follows the field of a network of point neurons (Mazzoni et al. 2015).
LFP_AMPA_LAG_MS = 6
LFP_GABA_WEIGHT = 1.65


@dataclass(frozen=True)
class Activity:
    """One look.  Axes: cell (all cells), pyr (Pyr cells), population (Pyr PV SST VIP), subunit
    (SUBUNITS).

    Conductances are means over the look and over both compartments where there are two; "recurrent" is what
    other cells of the circuit send, "background" the rest.  Release is counted in full releases: a terminal
    that always releases all it has counts its spikes.  What only a dendrite has is NaN for point cells.
    """

    seconds: float
    spike_count: np.ndarray  # (cell,)
    rate: np.ndarray  # (population,) Hz
    cv_isi: np.ndarray  # (population,) of cells with enough intervals; NaN where there are none
    burst_fraction: np.ndarray  # (population,) share of spikes within 10 ms of another of the same cell
    potential: np.ndarray  # (population,) mV, soma
    recurrent_ampa: np.ndarray  # (pyr,) nS
    recurrent_ampa_per_contact: np.ndarray  # (pyr,) nS per active contact
    nmda_conductance: np.ndarray  # (pyr,) nS, after Mg and drug
    gaba_conductance: np.ndarray  # (pyr,) nS
    excitatory_events_recurrent: np.ndarray  # (pyr,) Hz
    excitatory_events_background: np.ndarray  # (pyr,) Hz
    inhibitory_events_recurrent: np.ndarray  # (pyr,) Hz
    inhibitory_events_background: np.ndarray  # (pyr,) Hz; no background inhibition is modelled
    apical_nmda: np.ndarray  # (pyr,) nS of the dendrite, after Mg and drug
    apical_potential: np.ndarray  # (pyr,) mV
    apical_calcium: np.ndarray  # (pyr,) mean activation of voltage-gated Ca channels of the dendrite
    nmda_open_probability: np.ndarray  # (population, subunit) share of receptors that hold glutamate
    magnesium_free: np.ndarray  # (population, subunit) share of open receptors that Mg leaves free
    open_potential: np.ndarray  # (population,) mV, mean at open and Mg-free receptors
    nmda_share: np.ndarray  # (population,) of excitatory conductance, after Mg and drug
    release_on_pyr: np.ndarray  # (pyr,) Hz, full releases of a cell's terminal on another Pyr cell
    glutamate_release: float  # full releases a second and Pyr cell, all its terminals in the circuit
    # nS/s and Pyr cell: AMPA conductance that all glutamate opens, background fibres' included
    glutamate_cycling: float
    gaba_release: float  # full releases a second and GABAergic cell, all its terminals
    pair_correlation: float  # mean over Pyr pairs, counts in 50 ms
    lfp: np.ndarray  # (millisecond,) pA, proxy
    currents: Currents  # spontaneous synaptic currents of voltage-clamped Pyr cells
    spike_cell: np.ndarray  # (spike,)
    spike_time: np.ndarray  # (spike,) ms since the look began
    spike_release: np.ndarray  # (spike,) released by the terminals on Pyr cells, of all they could

    @cached_property
    def spectrum(self) -> Spectrum:
        """Of the LFP proxy; fitted when first asked for."""
        return spectrum(self.lfp)


def rate_statistics(
    cell: np.ndarray, time_ms: np.ndarray, bounds: list[slice], seconds: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rate (Hz), CV of inter-spike intervals and burst fraction of each population given by its slice of
    cells.
    """
    order = by_cell(cell) if (np.diff(time_ms) >= 0).all() else np.lexsort((time_ms, cell))
    cell, time_ms = cell[order], time_ms[order]
    interval = np.diff(time_ms)
    same = np.diff(cell) == 0
    short = same & (interval <= BURST_MS)
    in_burst = np.zeros(len(cell), dtype=bool)
    in_burst[1:] |= short
    in_burst[:-1] |= short
    rate, cv, burst = np.zeros(len(bounds)), np.full(len(bounds), np.nan), np.zeros(len(bounds))
    for k, cells in enumerate(bounds):
        mine = (cell >= cells.start) & (cell < cells.stop)
        rate[k] = mine.sum() / (cells.stop - cells.start) / seconds
        burst[k] = in_burst[mine].mean() if mine.any() else 0.0
        cv[k] = _mean_cv(
            cell[1:][same & mine[1:]] - cells.start, interval[same & mine[1:]], cells.stop - cells.start
        )
    return rate, cv, burst


def _mean_cv(cell: np.ndarray, interval: np.ndarray, cells: int) -> float:
    count = np.bincount(cell, minlength=cells)
    total = np.bincount(cell, interval, minlength=cells)
    square = np.bincount(cell, interval**2, minlength=cells)
    enough = count >= FEWEST_INTERVALS
    if not enough.any():
        return float("nan")
    n, mean = count[enough], total[enough] / count[enough]
    variance = np.maximum(square[enough] / n - mean**2, 0.0) * n / (n - 1)
    return float(np.mean(np.sqrt(variance) / mean))


def pair_correlation(cell: np.ndarray, time_ms: np.ndarray, cells: int, seconds: float) -> float:
    """Mean Pearson correlation over all pairs of cells that fire, from the variance of their summed
    z-scores.
    """
    bins = int(seconds / CORRELATION_BIN_S)
    inside = time_ms < bins * CORRELATION_BIN_S * 1e3
    slot = (time_ms[inside] * 1e-3 / CORRELATION_BIN_S).astype(int)
    cell, slot = cell[inside], np.minimum(slot, bins - 1)
    if bins < 1:
        return 0.0
    total, n, each = np.zeros(bins), 0, max(MOST_COUNTS // bins, 1)
    for first in range(0, cells, each):
        rows = min(each, cells - first)
        mine: slice | np.ndarray = slice(None)
        if cells > each:
            mine = (cell >= first) & (cell < first + each)
        place = (cell[mine] - first) * bins + slot[mine]
        counts = np.bincount(place, minlength=rows * bins).reshape(rows, bins).astype(float)
        spread = counts.std(axis=1)
        active = spread > 0
        z = (counts[active] - counts[active].mean(axis=1, keepdims=True)) / spread[active, None]
        total += z.sum(axis=0)
        n += int(active.sum())
    return float((total.var() - n) / (n * (n - 1))) if n >= 2 else 0.0


def lfp_proxy(ampa_pA: np.ndarray, gaba_pA: np.ndarray) -> np.ndarray:
    """|AMPA| delayed by 6 ms plus 1.65 |GABA|, one sample a millisecond, the first 6 ms dropped."""
    return np.abs(ampa_pA[:-LFP_AMPA_LAG_MS]) + LFP_GABA_WEIGHT * np.abs(gaba_pA[LFP_AMPA_LAG_MS:])
