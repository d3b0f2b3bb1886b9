"""Arrange what a run saw as named arrays with dimensions and units, ready to be stored."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from prelimbic.circuits import BANDS, SETTLE_S, Activity, Circuit
from prelimbic.parameters import COMPOUNDS, POPULATIONS, STATES, SUBUNITS
from prelimbic.plasticity import LOST, MATURE, NASCENT, READOUTS, STATE, STOOD, VACANT, turnover
from prelimbic.simulation.config import Config
from prelimbic.simulation.declared import (
    AT_REST,
    OF_ACTIVITY,
    OF_SNAPSHOT,
    OVER_PYR,
    PERCENTILES,
    RELATIVE,
    SLOW,
    Output,
)
from prelimbic.simulation.run import Outcome, Snapshot
from prelimbic.simulation.variable import Groups, Variable

LFP_HZ = 1000.0
# What the values of a site's state stand for, as CF has it: the state itself, then bits beside it.
SITE_STATES = {"vacant": VACANT, "nascent": NASCENT, "mature": MATURE}
SITE_BITS = {"lost_to_stress_or_baseline": LOST, "stood_when_stress_began": STOOD}
OF_LOOKS = ("time", "look_seconds", "settle_seconds")
OF_LENGTH = ("power", "periodic")  # which a look may be too short for
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


def summarised(config: Config, outcome: Outcome, names: Collection[str]) -> dict[str, Variable]:
    """Readouts of some variables of a look alone, with the peaks of the cascade and what is imaged."""
    seen = outcome.seen
    activities = {name: output for name, output in OF_ACTIVITY.items() if name in names}
    others = {name: output for name, output in OF_SNAPSHOT.items() if name in names}
    traces = _times(seen) | read("time", activities, [s.activity for s in seen])
    traces |= read("time", others, seen)
    return _summary(config, outcome.rest, traces) | _peaks(_fine(seen), config) | _imaging(config, seen)


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


def read(axis: str, declared: dict[str, Output], seen: Sequence[Any]) -> dict[str, Variable]:
    """What is declared, read off everything seen along `axis`."""
    return {
        name: Variable(
            (axis, *output.dimensions),
            np.array([output.read(each) for each in seen], dtype=float),
            output.unit,
            output.meaning,
        )
        for name, output in declared.items()
    }


def courses(axis: str, seen: list[Activity]) -> dict[str, Variable]:
    """What several looks saw, along `axis`: gating, statistics, spectra, clamped currents and means over Pyr
    cells.
    """
    return read(axis, OF_ACTIVITY, seen)


def _traces(seen: tuple[Snapshot, ...]) -> dict[str, Variable]:
    whole = scales() | courses("time", [s.activity for s in seen]) | _times(seen)
    return whole | read("time", OF_SNAPSHOT, seen)


def _slow(seen: tuple[Snapshot, ...]) -> dict[str, Variable]:
    out = _times(seen)
    for name in STATES:
        values = np.array([s.cascade.of(name) for s in seen], dtype=np.float32)
        out[name] = Variable(("time", "pyr"), values, "1", f"{SLOW[name]}{AT_REST}")
    for name in ("recurrent_ampa", "nmda_conductance", "gaba_conductance"):
        values = np.array([getattr(s.activity, name) for s in seen], dtype=np.float32)
        out[name] = Variable(("time", "pyr"), values, OF_ACTIVITY[name].unit, _each(name))
    out["relative_ampa"] = Variable(
        ("time", "pyr"), np.array([s.drive for s in seen], dtype=np.float32), "1", RELATIVE
    )
    counts = np.array([s.spines.density for s in seen], dtype=np.int16)
    out["spines"] = Variable(("time", "pyr"), counts, "1", "nascent and mature spines")
    return out


def _each(name: str) -> str:
    """The meaning of a mean over Pyr cells, of each of them."""
    return OF_ACTIVITY[name].meaning.removesuffix(OVER_PYR)


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
    windows = config.protocol.windows(config.begun())
    for name, trace in traces.items():
        if trace.dimensions[0] != "time" or name in OF_LOOKS:
            continue
        rows = [
            trace.values[int(np.argmin(np.abs(time - moments[r])))]
            if r in moments
            else _mean(trace.values, time, *windows[r], name in OF_LENGTH)
            for r in config.protocol.readouts
        ]
        out[name] = Variable(("readout", *trace.dimensions[1:]), np.array(rows), trace.unit, trace.meaning)
    for name in ("rate", "cv_isi", "burst_fraction", "nmda_share"):
        known = OF_ACTIVITY[name]
        out[f"baseline_{name}"] = Variable(
            known.dimensions, getattr(rest, name), known.unit, f"{known.meaning}, untreated"
        )
    rates = rest.spike_count[: len(rest.recurrent_ampa)] / rest.seconds
    log_rate = np.log(rates[rates > 0])
    out["baseline_seconds"] = Variable((), np.array(rest.seconds), "s", "spiking time of the untreated look")
    out["baseline_pyr_log_sd"] = Variable(
        (), np.array(log_rate.std()), "1", "SD of log rate over Pyr cells that fire"
    )
    out["baseline_correlation"] = Variable(
        (), np.array(rest.pair_correlation), "1", OF_ACTIVITY["pair_correlation"].meaning
    )
    return out


def _mean(values: np.ndarray, time: np.ndarray, low: float, high: float, skips: bool = False) -> np.ndarray:
    """Mean of a trace over the hours from one look to another; with `skips` a line is drawn past looks that
    have no value.
    """
    inside = (time >= low - 1e-9) & (time <= high + 1e-9)
    values, time = values[inside].copy(), time[inside]
    for column in values.reshape(len(time), -1).T if skips else ():
        known = np.isfinite(column)
        if known.any():
            column[~known] = np.interp(time[~known], time[known], column[known])
    return np.trapezoid(values, time, axis=0) / (high - low)


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
