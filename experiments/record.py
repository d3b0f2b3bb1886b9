"""Arrange what a run saw as named arrays with dimensions and units, ready to be stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from circuits import BANDS, Activity
from experiments.config import Config
from experiments.protocol import READOUTS
from experiments.run import Outcome, Snapshot
from parameters import COMPOUNDS, POPULATIONS, SUBUNITS
from plasticity.cascade import STATES


@dataclass(frozen=True)
class Variable:
    """One array of a result file; `values` has one axis for each name in `dimensions`."""

    dimensions: tuple[str, ...]
    values: np.ndarray
    unit: str
    meaning: str


Groups = dict[str, dict[str, Variable]]

# name -> (dimension after the look, unit, meaning); read off each look's Activity by attribute name
LOOKED = {
    "rate": ("population", "Hz", "firing rate"),
    "cv_isi": ("population", "1", "coefficient of variation of inter-spike intervals"),
    "burst_fraction": ("population", "1", "share of spikes within 10 ms of another of the same cell"),
    "nmda_share": ("population", "1", "NMDA share of excitatory conductance, after Mg and drug"),
    "potential": ("population", "mV", "mean membrane potential of the soma"),
    "open_potential": ("population", "mV", "mean membrane potential at open and Mg-free NMDA receptors"),
    "glutamate_release": ("", "Hz", "full releases of all terminals of a Pyr cell"),
    "glutamate_cycling": ("", "nS/s", "AMPA conductance opened by all glutamate, background fibres' included, per Pyr cell"),
    "gaba_release": ("", "Hz", "full releases of all terminals of a GABAergic cell"),
    "pair_correlation": ("", "1", "mean spike-count correlation of Pyr pairs, 50 ms"),
}
# name -> (dimension after the look, unit, meaning); read off the look's Spectrum
SPECTRAL = {
    "power": ("band", "pA^2", "power of the LFP proxy in a band"),
    "periodic": ("band", "pA^2", "power in a band above the aperiodic part; noise averages to 0"),
    "aperiodic_offset": ("", "1", "log10 of the aperiodic part's offset"),
    "aperiodic_knee": ("", "Hz", "corner of the aperiodic part; 0 where it has none"),
    "aperiodic_exponent": ("", "1", "exponent of the aperiodic part"),
    "gamma_peak": ("", "Hz", "centre of the largest peak in 30-80 Hz; NaN where there is none"),
}
# name -> (unit, meaning); read off the look's Currents, means over the clamped cells
CLAMPED = {
    "sepsc_rate": ("Hz", "spontaneous EPSCs from the circuit"),
    "sepsc_amplitude": ("pA", "their mean peak"),
    "background_epsc_rate": ("Hz", "EPSCs from background fibres"),
    "background_epsc_amplitude": ("pA", "their mean peak"),
    "sipsc_rate": ("Hz", "spontaneous IPSCs"),
    "sipsc_amplitude": ("pA", "their mean peak"),
}
GATING = {
    "nmda_open_probability": "share of NMDA receptors that hold glutamate",
    "magnesium_free": "share of open NMDA receptors that Mg leaves free",
}
PER_PYR = {
    "recurrent_ampa": ("nS", "AMPA conductance from recurrent contacts"),
    "recurrent_ampa_per_contact": ("nS", "the same per active contact"),
    "nmda_conductance": ("nS", "NMDA conductance, after Mg and drug"),
    "gaba_conductance": ("nS", "GABA-A conductance"),
    "excitatory_events_recurrent": ("Hz", "excitatory synaptic events from the circuit"),
    "excitatory_events_background": ("Hz", "excitatory synaptic events from the background"),
    "inhibitory_events_recurrent": ("Hz", "inhibitory synaptic events from the circuit"),
    "inhibitory_events_background": ("Hz", "inhibitory synaptic events from the background (none modelled)"),
    "apical_nmda": ("nS", "NMDA conductance of the dendrite, after Mg and drug; NaN for point cells"),
    "apical_potential": ("mV", "membrane potential of the dendrite; NaN for point cells"),
    "apical_calcium": ("1", "activation of voltage-gated Ca channels of the dendrite; NaN for point cells"),
}
RELATIVE = "AMPA drive of active contacts relative to the same contacts at rest"
SLOW = {
    "drive": "AMPA drive of active contacts, low-passed, relative to rest",
    "threshold": "sliding threshold of the drive, relative to rest",
    "bdnf": "BDNF, relative to rest",
    "trkb": "TrkB, relative to rest",
    "mtorc1": "mTORC1, relative to rest",
    "protein": "synaptic protein, relative to rest",
}


def arrange(config: Config, outcome: Outcome) -> Groups:
    """The groups of a result file: traces, slow states, spikes a cell, LFP, spines, summary and, if asked, spikes."""
    seen = outcome.seen
    groups: Groups = {"traces": _traces(seen), "slow": _slow(seen), "cells": _cells(seen), "lfp": _lfp(seen)}
    groups["spines"] = _spines(config, seen)
    groups["summary"] = _summary(config, outcome.rest, groups["traces"])
    if config.spikes:
        groups |= _spikes(outcome)
    return groups


def _times(seen: tuple[Snapshot, ...]) -> dict[str, Variable]:
    return {"time": Variable(("time",), np.array([s.look.time for s in seen]), "h", "hours since the first dose")}


def mean_of_events(values: np.ndarray) -> float:
    """Mean over the clamped cells that saw an event; NaN where none did."""
    seen = values[np.isfinite(values)]
    return float(seen.mean()) if len(seen) else float("nan")


def coordinate(name: str, values: tuple[str, ...]) -> dict[str, Variable]:
    """The coordinate of a dimension whose places have names."""
    return {name: Variable((name,), np.array(values, dtype=object), "", name)}


def _scales() -> dict[str, Variable]:
    """Coordinates that both courses and readouts have."""
    named = {"population": POPULATIONS, "subunit": SUBUNITS, "compound": COMPOUNDS, "band": tuple(BANDS)}
    return {key: variable for name, values in named.items() for key, variable in coordinate(name, values).items()}


def courses(axis: str, seen: list[Activity]) -> dict[str, Variable]:
    """What several looks saw, along `axis`: gating, statistics, spectra, clamped currents and means over Pyr cells."""
    out: dict[str, Variable] = {}

    def add(name: str, dim: tuple[str, ...], values: list[Any], unit: str, meaning: str) -> None:
        out[name] = Variable((axis, *dim), np.array(values, dtype=float), unit, meaning)

    for name, meaning in GATING.items():
        add(name, ("population", "subunit"), [getattr(a, name) for a in seen], "1", meaning)
    for name, (dim, unit, meaning) in LOOKED.items():
        add(name, (dim,) if dim else (), [getattr(a, name) for a in seen], unit, meaning)
    for name, (dim, unit, meaning) in SPECTRAL.items():
        add(name, (dim,) if dim else (), [getattr(a.spectrum, name) for a in seen], unit, meaning)
    for name, (unit, meaning) in CLAMPED.items():
        peaks = [mean_of_events(getattr(a.currents, name)) for a in seen]
        add(name, (), peaks, unit, f"{meaning}, Pyr cells in voltage clamp")
    for name, (unit, meaning) in PER_PYR.items():
        add(name, (), [getattr(a, name).mean() for a in seen], unit, f"{meaning}, mean over Pyr cells")
    return out


def _traces(seen: tuple[Snapshot, ...]) -> dict[str, Variable]:
    out = _times(seen) | _scales()

    def add(name: str, dims: tuple[str, ...], values: list[Any], unit: str, meaning: str) -> None:
        out[name] = Variable(("time", *dims), np.array(values, dtype=float), unit, meaning)

    add("look_seconds", (), [s.look.seconds for s in seen], "s", "spiking time of the look")
    add("brain_unbound", ("compound",), [s.unbound for s in seen], "uM", "unbound brain concentration")
    add("block", ("population", "subunit"), [s.block for s in seen], "1", "share of NMDA receptors shut")
    add("hcn_block", (), [s.hcn_block for s in seen], "1", "share of HCN channels shut by the drug")
    out |= courses("time", [s.activity for s in seen])
    for name, meaning in SLOW.items():
        add(name, (), [s.cascade.of(name).mean() for s in seen], "1", f"{meaning}, mean over Pyr cells")
    add("relative_ampa", (), [s.drive.mean() for s in seen], "1", f"{RELATIVE}, mean over Pyr cells")
    add("formation_signal", (), [s.signal.mean() for s in seen], "1", "signal for spine formation over the last stride")
    add("spines", (), [s.spines.density.mean() for s in seen], "spines", "nascent and mature spines per Pyr cell")
    add("mature_spines", (), [s.spines.mature.mean() for s in seen], "spines", "mature spines per Pyr cell")
    add("spines_formed", (), [s.formed.mean() for s in seen], "spines", "formed over the last stride, per Pyr cell")
    add("spines_lost", (), [s.lost.mean() for s in seen], "spines", "lost over the last stride, per Pyr cell")
    return out


def _slow(seen: tuple[Snapshot, ...]) -> dict[str, Variable]:
    out = _times(seen)
    for k, name in enumerate(STATES):
        values = np.array([s.cascade.states[:, k] for s in seen], dtype=np.float32)
        out[name] = Variable(("time", "pyr"), values, "1", SLOW[name])
    for name in ("recurrent_ampa", "nmda_conductance", "gaba_conductance"):
        values = np.array([getattr(s.activity, name) for s in seen], dtype=np.float32)
        out[name] = Variable(("time", "pyr"), values, *PER_PYR[name])
    out["relative_ampa"] = Variable(("time", "pyr"), np.array([s.drive for s in seen], dtype=np.float32), "1", RELATIVE)
    counts = np.array([s.spines.density for s in seen], dtype=np.int16)
    out["spines"] = Variable(("time", "pyr"), counts, "spines", "nascent and mature spines")
    return out


def _cells(seen: tuple[Snapshot, ...]) -> dict[str, Variable]:
    counts = np.array([s.activity.spike_count for s in seen])
    return _times(seen) | {"spike_count": Variable(("time", "cell"), counts, "spikes", "spikes of each cell in each look")}


def _lfp(seen: tuple[Snapshot, ...]) -> dict[str, Variable]:
    length = min(len(s.activity.lfp) for s in seen)
    values = np.array([s.activity.lfp[:length] for s in seen], dtype=np.float32)
    sample = Variable(("sample",), np.arange(length, dtype=float), "ms", "time since the look began")
    return _times(seen) | {"sample": sample, "lfp": Variable(("time", "sample"), values, "pA", "LFP proxy")}


def _spines(config: Config, seen: tuple[Snapshot, ...]) -> dict[str, Variable]:
    moments = sorted(set(config.protocol.moments().values()))
    chosen = tuple(s for s in seen if any(abs(s.look.time - m) < 1e-9 for m in moments))
    states = np.array([s.spines.states for s in chosen], dtype=np.uint8)
    return _times(chosen) | {"state": Variable(("time", "pyr", "site"), states, "1", "0 vacant, 1 nascent, 2 mature")}


def _summary(config: Config, rest: Activity, traces: dict[str, Variable]) -> dict[str, Variable]:
    """Every trace at the readouts that the protocol fixes, the resting observation, and the peaks of the cascade."""
    out = coordinate("readout", READOUTS) | _scales()
    time, moments = traces["time"].values, config.protocol.moments()
    low, high = config.protocol.window()
    inside = (time >= low - 1e-9) & (time <= high + 1e-9)
    for name, trace in traces.items():
        if trace.dimensions[0] != "time" or name in ("time", "look_seconds"):
            continue
        rows = [
            trace.values[int(np.argmin(np.abs(time - moments[r])))] if r in moments
            else np.trapezoid(trace.values[inside], time[inside], axis=0) / (high - low)
            for r in READOUTS
        ]  # fmt: skip
        out[name] = Variable(("readout", *trace.dimensions[1:]), np.array(rows), trace.unit, trace.meaning)
    after = time >= 0
    for name in ("bdnf", "mtorc1"):
        peak = np.array(traces[name].values[after].max())
        out[f"peak_{name}"] = Variable((), peak, "1", f"highest {name} after the dose")
        when = np.array(time[after][int(np.argmax(traces[name].values[after]))])
        out[f"peak_{name}_time"] = Variable((), when, "h", f"time of the highest {name}")
    for name in ("rate", "cv_isi", "burst_fraction", "nmda_share"):
        unit, meaning = LOOKED[name][1:]
        out[f"baseline_{name}"] = Variable(("population",), getattr(rest, name), unit, f"{meaning}, untreated")
    rates = rest.spike_count[: len(rest.recurrent_ampa)] / rest.seconds
    log_rate = np.log(rates[rates > 0])
    out["baseline_pyr_log_sd"] = Variable((), np.array(log_rate.std()), "1", "SD of log rate over Pyr cells that fire")
    out["baseline_correlation"] = Variable((), np.array(rest.pair_correlation), "1", LOOKED["pair_correlation"][2])
    return out


def _spikes(outcome: Outcome) -> Groups:
    """SONATA populations: node_ids within the population, timestamps in ms of spiking time, looks end to end."""
    seen = outcome.seen
    begins = np.cumsum([0.0] + [s.look.seconds * 1e3 for s in seen])
    cell = np.concatenate([s.activity.spike_cell for s in seen])
    stamp = np.concatenate([s.activity.spike_time + b for s, b in zip(seen, begins[:-1], strict=True)])
    look = np.concatenate([np.full(len(s.activity.spike_cell), k) for k, s in enumerate(seen)])
    groups: Groups = {}
    for name in POPULATIONS:
        cells = outcome.circuit.cells(name)
        mine = (cell >= cells.start) & (cell < cells.stop)
        groups[f"spikes/{name}"] = {
            "timestamps": Variable(("spike",), stamp[mine], "ms", "spiking time since the first look, looks end to end"),
            "node_ids": Variable(("spike",), (cell[mine] - cells.start).astype(np.uint64), "", "cell within the population"),
            "look": Variable(("spike",), look[mine].astype(np.int32), "", "index of the look"),
        }
    return groups
