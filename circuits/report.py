"""From what a network counted and summed over a look to Activity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from prelimbic.circuits.activity import Activity, lfp_proxy, pair_correlation, rate_statistics
from prelimbic.circuits.clamp import clamp
from prelimbic.circuits.describe import PLASTIC, Circuit, holding
from prelimbic.circuits.wiring import Wiring
from prelimbic.parameters import POPULATIONS, SUBUNITS

MOST_AT_ONCE = 1 << 19  # contacts


@dataclass(frozen=True)
class Means:
    """Raw record of a look: means over samples and counts, one value a cell, SI units; spikes; electrode
    currents (A).
    """

    mean: dict[str, np.ndarray]
    counted: dict[str, np.ndarray]
    spike_cell: np.ndarray
    spike_time_s: np.ndarray
    spike_release: np.ndarray  # by the spiking cell's terminals on Pyr cells
    electrode: dict[str, np.ndarray]


def report(
    circuit: Circuit, wiring: Wiring, weights: np.ndarray, raw: Means, seconds: float, start: float
) -> Activity:
    """Activity of a look of `seconds` that began at `start` (s), under plastic weights (nS, shape (pyr,
    site)).
    """
    pyr = circuit.counts[0]
    cell, time_ms = raw.spike_cell, (raw.spike_time_s - start) * 1e3
    count = np.bincount(cell, minlength=circuit.size)
    rate, cv, burst = rate_statistics(cell, time_ms, [circuit.cells(p) for p in POPULATIONS], seconds)
    nano = {name: values * 1e9 for name, values in raw.mean.items()}
    (partners,) = (projected.sources for projected in wiring.onto("Pyr", "plastic"))
    filled = weights > 0
    release_on_pyr = raw.counted["released_Pyr"][:pyr] / seconds
    ampa = delivered_ampa(circuit, partners, weights, release_on_pyr)
    lfp = lfp_proxy(raw.electrode["AMPA"] * 1e12, raw.electrode["GABA"] * 1e12)
    glutamate, cycling, gaba = _released(circuit, raw, filled, seconds)
    is_pyr = cell < pyr
    dendrite = {
        name: raw.mean.get(name, np.full(circuit.size, np.nan))[:pyr]
        for name in ("NMDA_apical", "v_apical", "calcium")
    }
    return Activity(
        seconds=seconds,
        spike_count=count.astype(np.int32),
        rate=rate,
        cv_isi=cv,
        burst_fraction=burst,
        potential=circuit.by_population(raw.mean["v"]) * 1e3,
        recurrent_ampa=ampa,
        recurrent_ampa_per_contact=ampa / np.maximum(filled.sum(axis=1), 1),
        nmda_conductance=nano["NMDA"][:pyr],
        gaba_conductance=nano["GABA"][:pyr],
        excitatory_events_recurrent=_arriving(count, partners, filled) / seconds,
        excitatory_events_background=raw.counted["background_events"][:pyr] / seconds,
        inhibitory_events_recurrent=_inhibitory_events(wiring, count, pyr) / seconds,
        inhibitory_events_background=np.zeros(pyr),
        apical_nmda=dendrite["NMDA_apical"] * 1e9,
        apical_potential=dendrite["v_apical"] * 1e3,
        apical_calcium=dendrite["calcium"],
        nmda_open_probability=_open_probability(circuit, weights, nano),
        magnesium_free=_magnesium_free(circuit, nano),
        open_potential=_open_potential(circuit, raw.mean),
        nmda_share=_share(
            circuit.by_population(nano["NMDA"]), circuit.by_population(nano["NMDA"] + nano["AMPA"])
        ),
        release_on_pyr=release_on_pyr,
        glutamate_release=glutamate,
        glutamate_cycling=cycling,
        gaba_release=gaba,
        pair_correlation=pair_correlation(cell[is_pyr], time_ms[is_pyr], pyr, seconds),
        lfp=lfp,
        currents=clamp(circuit, wiring, weights, cell, raw.spike_release, _background_events(raw), seconds),
        spike_cell=cell.astype(np.int32),
        spike_time=time_ms,
        spike_release=raw.spike_release,
    )


def delivered_ampa(
    circuit: Circuit, partners: np.ndarray, weights: np.ndarray, release_Hz: np.ndarray
) -> np.ndarray:
    """Mean AMPA conductance (nS, (pyr,)) through `weights` (nS) from `partners`, both (pyr, site), releasing
    at `release_Hz`.
    """
    decay_s = circuit.populations[0].ampa_decay * 1e-3
    total = [np.einsum("ij,ij->i", weights[few], release_Hz[partners[few]]) for few in _few(partners)]
    return np.concatenate(total) * decay_s * circuit.ampa[0]


def _few(contacts: np.ndarray) -> Iterator[slice]:
    """Cells after cells, so few that what is made of their contacts (cell, contact) is small."""
    each = max(MOST_AT_ONCE // contacts.shape[1], 1)
    return (slice(begin, begin + each) for begin in range(0, len(contacts), each))


def _arriving(count: np.ndarray, sources: np.ndarray, filled: np.ndarray | None = None) -> np.ndarray:
    """Spikes that arrive at each cell, (cell,), through contacts from `sources`, (cell, contact), of those
    `filled`, from how often every cell spiked.
    """
    found = []
    for few in _few(sources):
        spikes = count[sources[few]]
        found.append((spikes if filled is None else np.where(filled[few], spikes, 0)).sum(axis=1))
    return np.concatenate(found)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Part over whole; NaN where there is nothing."""
    return np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole > 0)


def _by_subunit(circuit: Circuit, nano: dict[str, np.ndarray], name: str) -> np.ndarray:
    return np.stack([circuit.by_population(nano[f"{name}_{k}"]) for k in SUBUNITS], axis=1)


def _open_probability(circuit: Circuit, weights: np.ndarray, nano: dict[str, np.ndarray]) -> np.ndarray:
    """Share of receptors that hold glutamate: conductance without Mg and drug over that of the same
    receptors all bound.
    """
    capacity = nmda_capacity(circuit, float(weights.sum(axis=1).mean()))
    bound = np.divide(
        _by_subunit(circuit, nano, "bound"), capacity, out=np.zeros_like(capacity), where=capacity > 0
    )
    return np.minimum(bound, 1.0)


def nmda_capacity(circuit: Circuit, pyr_weight: float) -> np.ndarray:
    """Mg-free NMDA conductance (nS) of a cell whose receptors all hold glutamate, those outside synapses
    among them, shape (population, subunit).

    A release fills the share `nmda_saturation` of a contact's receptors.  Background fibres are as many as
    give the background its rate when each fires at `background_fibre_rate`.  `pyr_weight`: total plastic
    weight on a Pyr cell, nS.
    """
    r, apical = circuit.receptors, circuit.apical
    capacity = np.zeros(len(POPULATIONS))
    for source, target, projection in circuit.projections:
        if source != "Pyr":
            continue
        k = POPULATIONS.index(target)
        plastic = (source, target) == PLASTIC
        total = pyr_weight if plastic else projection.in_degree * projection.weight
        ratio = circuit.populations[k].nmda_to_ampa
        if plastic and apical is not None:
            ratio += projection.apical_share * (apical.nmda_to_ampa - ratio)
        capacity[k] += total * ratio
    for k, p in enumerate(circuit.populations):
        capacity[k] += (
            p.background_rate / r.background_fibre_rate * p.background_ampa * p.background_nmda_to_ampa
        )
    if apical is not None:
        capacity[0] += (
            apical.background_rate / r.background_fibre_rate * apical.background_ampa * apical.nmda_to_ampa
        )
    outside = np.array([p.tonic for p in circuit.populations])
    for k in np.flatnonzero(outside.any(axis=0)):
        outside[:, k] /= holding(circuit.subunits[k], r.slice_glutamate)
    return capacity[:, None] * circuit.mixtures / r.nmda_saturation + outside


def _magnesium_free(circuit: Circuit, nano: dict[str, np.ndarray]) -> np.ndarray:
    """Share free of Mg, weighted by the conductance there is; where a class has none of a subunit, at its
    mean potential.
    """
    bound, free = _by_subunit(circuit, nano, "bound"), _by_subunit(circuit, nano, "free")
    at_rest = np.stack([circuit.magnesium_free(v * 1e-6) for v in circuit.by_population(nano["v"])])
    return np.divide(free, bound, out=at_rest, where=bound > 0)


def _open_potential(circuit: Circuit, mean: dict[str, np.ndarray]) -> np.ndarray:
    free = sum(circuit.by_population(mean[f"free_{k}"]) for k in SUBUNITS)
    at_rest = circuit.by_population(mean["v"]) * 1e3
    return np.divide(circuit.by_population(mean["free_v"]) * 1e3, free, out=at_rest, where=free > 0)


def _released(
    circuit: Circuit, raw: Means, filled: np.ndarray, seconds: float
) -> tuple[float, float, float]:
    """Full releases of glutamate and GABA in the circuit, per cell and second, and glutamate with that of
    background fibres as the AMPA conductance that it would open (nS), since a background event is not as
    large as a full release.
    """
    totals, opened = dict.fromkeys(POPULATIONS, 0.0), 0.0
    for source, target, projection in circuit.projections:
        contacts = float(filled.sum()) if (source, target) == PLASTIC else circuit.contacts(source, target)
        per_cell = contacts / circuit.counts[POPULATIONS.index(source)]
        released = raw.counted[f"released_{target}"][circuit.cells(source)].sum() * per_cell / seconds
        totals[source] += released
        opened += released * projection.weight * (source == "Pyr")
    soma, dendrite = _background_events(raw)
    opened += soma @ circuit.per_cell([p.background_ampa for p in circuit.populations]) / seconds
    opened += dendrite.sum() * (0.0 if circuit.apical is None else circuit.apical.background_ampa) / seconds
    pyr, others = circuit.counts[0], sum(circuit.counts[1:])
    return totals["Pyr"] / pyr, opened / pyr, sum(totals[p] for p in POPULATIONS[1:]) / others


def _background_events(raw: Means) -> tuple[np.ndarray, np.ndarray]:
    """Events of the background on somata and on dendrites, each (cell,)."""
    apical = raw.counted.get("background_events_apical", np.zeros_like(raw.counted["background_events"]))
    return raw.counted["background_events"] - apical, apical


def _inhibitory_events(wiring: Wiring, count: np.ndarray, pyr: int) -> np.ndarray:
    total = np.zeros(pyr)
    for group in ("fast", "slow"):
        for projected in wiring.onto("Pyr", group):
            total += _arriving(count, projected.sources)
    return total
