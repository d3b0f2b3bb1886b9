"""Arrange what a run saw as named arrays with dimensions and units, ready to be stored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from prelimbic.circuits import BANDS, SETTLE_S, Activity, Circuit
from prelimbic.parameters import COMPOUNDS, POPULATIONS, STATES, SUBUNITS
from prelimbic.plasticity import LOST, MATURE, NASCENT, READOUTS, STATE, STOOD, VACANT, turnover
from prelimbic.simulation.config import Config
from prelimbic.simulation.run import Outcome, Snapshot
from prelimbic.simulation.variable import Groups, Variable

# name -> (dimension after the look, unit, meaning); read off each look's Activity by attribute name
LOOKED = {
    "rate": ("population", "Hz", "firing rate"),
    "cv_isi": ("population", "1", "coefficient of variation of inter-spike intervals"),
    "burst_fraction": ("population", "1", "share of spikes within 10 ms of another of the same cell"),
    "nmda_share": ("population", "1", "NMDA share of excitatory conductance, after Mg and drug"),
    "potential": ("population", "mV", "mean membrane potential of the soma"),
    "open_potential": ("population", "mV", "mean membrane potential at open and Mg-free NMDA receptors"),
    "glutamate_release": ("", "Hz", "full releases of all terminals of a Pyr cell"),
    "glutamate_cycling": (
        "",
        "nS/s",
        "AMPA conductance opened by all glutamate, background fibres' included, per Pyr cell",
    ),
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
SLOW = STATES | {"bp4e": "phosphorylated 4E-BP1"}
AT_REST = ", relative to rest"
PERCENTILES = (5, 25, 50, 75, 95)
LFP_HZ = 1000.0
# What the values of a site's state stand for, as CF has it: the state itself, then bits beside it.
SITE_STATES = {"vacant": VACANT, "nascent": NASCENT, "mature": MATURE}
SITE_BITS = {"lost_to_stress_or_baseline": LOST, "stood_when_stress_began": STOOD}
OF_LOOKS = ("time", "look_seconds", "settle_seconds")
RASTER_CELLS = 4  # whose every site is stored at every look
IMAGED_H = 48.0  # between two images of the same dendrite
PEAKS = ("bdnf", "mtorc1", "protein")


def arrange(config: Config, outcome: Outcome) -> Groups:
    """The groups of a result file: traces, slow states, spikes a cell, LFP, spines, summary and, if asked,
    spikes.
    """
    seen = outcome.seen
    groups: Groups = {"traces": _traces(seen), "slow": _slow(seen), "lfp": _lfp(seen)}
    groups["cells"] = _cells(outcome.circuit, seen)
    groups["spines"], groups["raster"] = _spines(config, seen), _raster(seen)
    groups["fine"] = _fine(seen)
    groups["summary"] = (
        _summary(config, outcome.rest, groups["traces"])
        | _peaks(groups["fine"], config)
        | _imaging(config, seen)
    )
    if config.spikes:
        groups |= _spikes(outcome)
    return (
        groups if min((dose.start for dose in config.doses), default=0.0) == 0.0 else _by_the_clock(groups)
    )


def _by_the_clock(groups: Groups) -> Groups:
    """Where the first dose is not given at hour 0, hours are not counted from it."""
    told = ("hours since the first dose", "hours of the schedule")
    return {
        group: {name: replace(v, meaning=v.meaning.replace(*told)) for name, v in variables.items()}
        for group, variables in groups.items()
    }


def _times(seen: tuple[Snapshot, ...]) -> dict[str, Variable]:
    """When the looks were and how long: what of a look is counted, and what went before that was not."""
    seconds = np.array([s.look.seconds for s in seen], dtype=float)
    return {
        "time": Variable(
            ("time",), np.array([s.look.time for s in seen]), "h", "hours since the first dose"
        ),
        "look_seconds": Variable(
            ("time",), seconds, "s", "spiking time of the look; 0 where the look before stands in"
        ),
        "settle_seconds": Variable(
            ("time",), np.where(seconds > 0, SETTLE_S, 0.0), "s", "spiking time before the look, not counted"
        ),
    }


def mean_of_events(values: np.ndarray) -> float:
    """Mean over the clamped cells that saw an event; NaN where none did."""
    seen = values[np.isfinite(values)]
    return float(seen.mean()) if len(seen) else float("nan")


def coordinate(name: str, values: tuple[str, ...]) -> dict[str, Variable]:
    """The coordinate of a dimension whose places have names."""
    return {name: Variable((name,), np.array(values, dtype=object), "", name)}


def scales() -> dict[str, Variable]:
    """Coordinates that both courses and readouts have."""
    named = {"population": POPULATIONS, "subunit": SUBUNITS, "compound": COMPOUNDS, "band": tuple(BANDS)}
    found = {
        key: variable for name, values in named.items() for key, variable in coordinate(name, values).items()
    }
    return found | {
        "percentile": Variable(
            ("percentile",), np.array(PERCENTILES, dtype=float), "%", "share of cells below"
        )
    }


def courses(axis: str, seen: list[Activity]) -> dict[str, Variable]:
    """What several looks saw, along `axis`: gating, statistics, spectra, clamped currents and means over Pyr
    cells.
    """
    out: dict[str, Variable] = {}

    def add(name: str, dim: tuple[str, ...], values: list[Any], unit: str, meaning: str) -> None:
        out[name] = Variable((axis, *dim), np.array(values, dtype=float), unit, meaning)

    add("look_seconds", (), [a.seconds for a in seen], "s", "spiking time of the look")
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
    out = scales() | courses("time", [s.activity for s in seen]) | _times(seen)

    def add(name: str, dims: tuple[str, ...], values: list[Any], unit: str, meaning: str) -> None:
        out[name] = Variable(("time", *dims), np.array(values, dtype=float), unit, meaning)

    add("brain_unbound", ("compound",), [s.unbound for s in seen], "umol/L", "unbound brain concentration")
    add("block", ("population", "subunit"), [s.block for s in seen], "1", "share of NMDA receptors shut")
    add("hcn_block", (), [s.hcn_block for s in seen], "1", "share of HCN channels shut by the drug")
    for name, meaning in SLOW.items():
        add(
            name,
            (),
            [s.cascade.of(name).mean() for s in seen],
            "1",
            f"{meaning}{AT_REST}, mean over Pyr cells",
        )
    add("relative_ampa", (), [s.drive.mean() for s in seen], "1", f"{RELATIVE}, mean over Pyr cells")
    add(
        "formation_signal",
        (),
        [s.slow.signal.mean() for s in seen],
        "1",
        "signal for spine formation over the last stride",
    )
    add("spines", (), [s.spines.density.mean() for s in seen], "1", "nascent and mature spines per Pyr cell")
    add("mature_spines", (), [s.spines.mature.mean() for s in seen], "1", "mature spines per Pyr cell")
    add(
        "spines_formed",
        (),
        [s.formed.mean() for s in seen],
        "1",
        "spines not there at the look before, per Pyr cell",
    )
    add(
        "spines_lost",
        (),
        [s.lost.mean() for s in seen],
        "1",
        "spines there at the look before and gone, per Pyr cell",
    )
    add(
        "lost_sites",
        (),
        [s.spines.lost.mean() for s in seen],
        "1",
        "sites vacated over the stress or by the baseline, per Pyr cell",
    )
    add(
        "regained",
        (),
        [s.spines.regained.mean() for s in seen],
        "1",
        "lost sites that hold a spine again, per Pyr cell",
    )
    add(
        "ampa_left",
        (),
        [s.ampa_left for s in seen],
        "1",
        "share of AMPA conductance that an antagonist leaves",
    )
    spread = [np.percentile(s.spines.density, PERCENTILES) for s in seen]
    add("spines_percentile", ("percentile",), spread, "1", "percentiles of spines over Pyr cells")
    spread = [np.percentile(s.cascade.of("protein"), PERCENTILES) for s in seen]
    add(
        "protein_percentile",
        ("percentile",),
        spread,
        "1",
        f"percentiles of synaptic protein over Pyr cells{AT_REST}",
    )
    return out


def _slow(seen: tuple[Snapshot, ...]) -> dict[str, Variable]:
    out = _times(seen)
    for name in STATES:
        values = np.array([s.cascade.of(name) for s in seen], dtype=np.float32)
        out[name] = Variable(("time", "pyr"), values, "1", f"{SLOW[name]}{AT_REST}")
    for name in ("recurrent_ampa", "nmda_conductance", "gaba_conductance"):
        values = np.array([getattr(s.activity, name) for s in seen], dtype=np.float32)
        out[name] = Variable(("time", "pyr"), values, *PER_PYR[name])
    out["relative_ampa"] = Variable(
        ("time", "pyr"), np.array([s.drive for s in seen], dtype=np.float32), "1", RELATIVE
    )
    counts = np.array([s.spines.density for s in seen], dtype=np.int16)
    out["spines"] = Variable(("time", "pyr"), counts, "1", "nascent and mature spines")
    return out


def cell_populations(circuit: Circuit) -> Variable:
    """Of which population each cell is."""
    names = np.repeat(np.array(POPULATIONS, dtype=object), circuit.counts)
    return Variable(("cell",), names, "", "population of each cell")


def _cells(circuit: Circuit, seen: tuple[Snapshot, ...]) -> dict[str, Variable]:
    counts, more = (
        np.array([s.activity.spike_count for s in seen]),
        {"coordinates": "population look_seconds"},
    )
    spikes = Variable(("time", "cell"), counts, "1", "spikes of each cell in each look", more)
    return _times(seen) | {"population": cell_populations(circuit), "spike_count": spikes}


def _lfp(seen: tuple[Snapshot, ...]) -> dict[str, Variable]:
    length = min(len(s.activity.lfp) for s in seen)
    values = np.array([s.activity.lfp[:length] for s in seen], dtype=np.float32)
    sample = Variable(("sample",), np.arange(length, dtype=float), "ms", "time since the look began")
    rate = Variable((), np.array(LFP_HZ), "Hz", "sampling rate of the LFP proxy")
    lfp = Variable(("time", "sample"), values, "pA", "LFP proxy", {"coordinates": "look_seconds"})
    return _times(seen) | {"sample": sample, "sampling_rate": rate, "lfp": lfp}


def _spines(config: Config, seen: tuple[Snapshot, ...]) -> dict[str, Variable]:
    moments = sorted(set(config.moments().values()))
    chosen = tuple(s for s in seen if any(abs(s.look.time - m) < 1e-9 for m in moments))
    states = np.array([s.spines.states for s in chosen], dtype=np.uint8)
    meaning = (
        "0 vacant, 1 nascent, 2 mature; + 4 where a spine was lost to stress, + 8 while it lasts where one "
        "stood; by branch"
    )
    return _times(chosen) | {
        "state": Variable(("time", "pyr", "site"), states, "1", meaning, _flags(SITE_STATES, SITE_BITS))
    }


def _flags(states: dict[str, int], bits: dict[str, int] | None = None) -> dict[str, Any]:
    """Attributes that say what the values of a variable stand for, and which bits beside them."""
    named = states | (bits or {})
    found = {"flag_values": np.array(list(named.values()), dtype=np.uint8), "flag_meanings": " ".join(named)}
    masks = [STATE] * len(states) + list((bits or {}).values())
    return found | ({"flag_masks": np.array(masks, dtype=np.uint8)} if bits else {})


def _raster(seen: tuple[Snapshot, ...]) -> dict[str, Variable]:
    states = np.array([s.spines.states[:RASTER_CELLS] & STATE for s in seen], dtype=np.uint8)
    bounds = Variable(
        ("edge",), seen[0].spines.bounds, "1", "where the branches of a cell begin and end among its sites"
    )
    meaning = "0 vacant, 1 nascent, 2 mature; sites branch by branch"
    state = Variable(("time", "some_pyr", "site"), states, "1", meaning, _flags(SITE_STATES))
    return _times(seen) | {"branches": bounds, "state": state}


def _fine(seen: tuple[Snapshot, ...]) -> dict[str, Variable]:
    """Means over Pyr cells of the cascade's readouts, several times a stride."""
    hours, means = zip(*(sample for s in seen for sample in s.slow.sampled), strict=True)
    out = {"moment": Variable(("moment",), np.array(hours), "h", "hours since the first dose")}
    for k, name in enumerate(READOUTS):
        out[name] = Variable(
            ("moment",), np.array(means)[:, k], "1", f"{SLOW[name]}{AT_REST}, mean over Pyr cells"
        )
    return out


def _peaks(fine: dict[str, Variable], config: Config) -> dict[str, Variable]:
    after, out = fine["moment"].values >= config.begun(), {}
    for name in PEAKS:
        course = fine[name].values[after]
        out[f"peak_{name}"] = Variable((), np.array(course.max()), "1", f"highest {name} after the dose")
        when = np.array(fine["moment"].values[after][int(np.argmax(course))])
        out[f"peak_{name}_time"] = Variable((), when, "h", f"time of the highest {name}")
    return out


def _imaging(config: Config, seen: tuple[Snapshot, ...]) -> dict[str, Variable]:
    """Formation and elimination as two images show them, in percent of the spines on the first; NaN without
    one.
    """
    moments, at = config.moments(), {round(s.look.time, 6): s.spines for s in seen}
    shares = np.full((2, len(config.protocol.readouts)), np.nan)
    for k, name in enumerate(config.protocol.readouts):
        first, second = (at.get(round(moments.get(name, np.nan) - before, 6)) for before in (IMAGED_H, 0.0))
        if first is not None and second is not None:
            shares[:, k] = [100.0 * sites.sum() / first.density.sum() for sites in turnover(first, second)]
    what = ("spines not there 48 h before", "spines of 48 h before that are gone")
    return {
        name: Variable(("readout",), share, "%", f"{meaning}, of those of 48 h before")
        for name, share, meaning in zip(
            ("imaged_formation", "imaged_elimination"), shares, what, strict=True
        )
    }


def _summary(config: Config, rest: Activity, traces: dict[str, Variable]) -> dict[str, Variable]:
    """Every trace at the readouts that the protocol fixes, the resting observation, and the peaks of the
    cascade.
    """
    out = coordinate("readout", config.protocol.readouts) | scales()
    time, moments = traces["time"].values, config.moments()
    low, high = (config.begun() + hour for hour in config.protocol.window())
    inside = (time >= low - 1e-9) & (time <= high + 1e-9)
    for name, trace in traces.items():
        if trace.dimensions[0] != "time" or name in OF_LOOKS:
            continue
        rows = [
            trace.values[int(np.argmin(np.abs(time - moments[r])))]
            if r in moments
            else np.trapezoid(trace.values[inside], time[inside], axis=0) / (high - low)
            for r in config.protocol.readouts
        ]
        out[name] = Variable(("readout", *trace.dimensions[1:]), np.array(rows), trace.unit, trace.meaning)
    for name in ("rate", "cv_isi", "burst_fraction", "nmda_share"):
        unit, meaning = LOOKED[name][1:]
        out[f"baseline_{name}"] = Variable(
            ("population",), getattr(rest, name), unit, f"{meaning}, untreated"
        )
    rates = rest.spike_count[: len(rest.recurrent_ampa)] / rest.seconds
    log_rate = np.log(rates[rates > 0])
    out["baseline_seconds"] = Variable((), np.array(rest.seconds), "s", "spiking time of the untreated look")
    out["baseline_pyr_log_sd"] = Variable(
        (), np.array(log_rate.std()), "1", "SD of log rate over Pyr cells that fire"
    )
    out["baseline_correlation"] = Variable(
        (), np.array(rest.pair_correlation), "1", LOOKED["pair_correlation"][2]
    )
    return out


def _spikes(outcome: Outcome) -> Groups:
    """SONATA populations: node_ids within the population, timestamps in ms of spiking time, looks end to
    end.
    """
    seen = [s for s in outcome.seen if s.look.seconds > 0]
    begins = np.cumsum([0.0] + [s.look.seconds * 1e3 for s in seen])
    cell = np.concatenate([s.activity.spike_cell for s in seen])
    stamp = np.concatenate([s.activity.spike_time + b for s, b in zip(seen, begins[:-1], strict=True)])
    look = np.concatenate([np.full(len(s.activity.spike_cell), k) for k, s in enumerate(seen)])
    groups: Groups = {}
    for name in POPULATIONS:
        cells = outcome.circuit.cells(name)
        mine = (cell >= cells.start) & (cell < cells.stop)
        groups[f"spikes/{name}"] = {
            "timestamps": Variable(
                ("spike",), stamp[mine], "ms", "spiking time since the first look, looks end to end"
            ),
            "node_ids": Variable(
                ("spike",), (cell[mine] - cells.start).astype(np.uint64), "1", "cell within the population"
            ),
            "look": Variable(("spike",), look[mine].astype(np.int32), "1", "index of the look"),
        }
    return groups
