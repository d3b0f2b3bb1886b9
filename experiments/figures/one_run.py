"""One run in figures: drug and block, courses, cells, spikes, spectra, and every synapse of one cell.

A figure that a run has no data for is not drawn: a file of readouts alone has no course, and without stored
spikes there is no raster but the rate of every cell.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.lines import Line2D

from prelimbic.experiments.figures.cascade import BARS, spines_of
from prelimbic.experiments.figures.style import COLOURS, INK, ORDERED, save, subplots, tidy
from prelimbic.plasticity import MATURE, NASCENT, STATE
from prelimbic.simulation.variable import SPIKES, Groups, Variable

LONG_H = 72.0  # from here on the axis is in days
BEFORE = 0.15  # of the hours after the first dose are shown before it
WIDTH_IN = 7.0
SHOWN_MS, MOST_CELLS = 2000.0, 60  # of a raster, and of a population in it
SEGMENT = 512  # samples of a spectrum's windows
LOWEST_HZ, HIGHEST_HZ = 1.0, 200.0
DASHES = {"Pyr": "-", "PV": "--", "SST": "-.", "VIP": ":"}
CASCADE: tuple[tuple[str, str], ...] = (
    ("bdnf", "BDNF"),
    ("trkb", "active TrkB"),
    ("mtorc1", "p-mTORC1"),
    ("s6k", "p-p70S6K"),
    ("protein", "synaptic protein"),
)


def draw(groups: Groups, title: str, folder: Path) -> list[Path]:
    """Every figure for which a run has data; `title` stands above each."""
    drawn = (_exposure, _rates, _raster, _cells, _spectra, _cascade, _spines, _lifetimes)
    found = []
    for each in drawn:
        if (figure := each(groups, title)) is not None:
            found.append(save(figure, folder, f"run_{each.__name__.strip('_')}"))
    return found


def _exposure(groups: Groups, title: str) -> Any:
    """Unbound drug in the brain, and the share of receptors that it shuts."""
    traces = groups.get("traces", {})
    if "brain_unbound" not in traces or not (traces["brain_unbound"].values > 0).any():
        return None
    figure, axes = _stack(2, f"Exposure and block\n{title}")
    hours, size = _hours(traces["time"])
    for k, name in enumerate(_text(traces["compound"])):
        values = traces["brain_unbound"].values[:, k]
        if (values > 0).any():
            axes[0].plot(hours, values, "-o", color=ORDERED[k], markersize=3, label=name)
    # of the kinds of receptors those that the drug shuts most
    shut = np.nanmax(traces["block"].values, axis=2)
    for k, name in enumerate(_text(traces["population"])):
        axes[1].plot(hours, 100 * shut[:, k], DASHES[name], color=COLOURS[name], label=name)
    _finished(axes, size, ("unbound in brain (uM)", "NMDA receptors shut,\nthe kind shut most (%)"))
    return figure


def _rates(groups: Groups, title: str) -> Any:
    """Rates of all populations, and recurrent AMPA."""
    traces = groups.get("traces", {})
    if "rate" not in traces or "time" not in traces or len(traces["time"].values) < 2:
        return None
    figure, axes = _stack(2, f"Firing and recurrent AMPA at every look\n{title}")
    hours, size = _hours(traces["time"])
    for k, name in enumerate(_text(traces["population"])):
        axes[0].plot(hours, traces["rate"].values[:, k], DASHES[name], color=COLOURS[name], label=name)
    axes[1].plot(hours, traces["recurrent_ampa"].values, "-", color=COLOURS["a"])
    _finished(axes, size, ("rate (Hz)", "recurrent AMPA\nper Pyr cell (nS)"))
    return figure


def _raster(groups: Groups, title: str) -> Any:
    """Spikes of some cells in the look with most drug, where spikes are stored."""
    traces = groups.get("traces", {})
    mine = {name.removeprefix(SPIKES): g for name, g in groups.items() if name.startswith(SPIKES)}
    if not mine or "look_seconds" not in traces:
        return None
    at_rest, high = _looks(groups)
    looked = np.flatnonzero(traces["look_seconds"].values > 0)  # spikes count these alone
    begins = np.concatenate([[0.0], np.cumsum(1e3 * traces["look_seconds"].values[looked])])
    figure, axes = _stack(2, f"Spikes of up to {MOST_CELLS} cells a population\n{title}", height=2.6)
    for axis, look in zip(axes, (at_rest, high), strict=True):
        number, floor, ticks = int(np.searchsorted(looked, look)), 0, {}
        for name, spikes in mine.items():
            of = (spikes["look"].values == number) & (spikes["node_ids"].values < MOST_CELLS)
            when = spikes["timestamps"].values[of] - begins[number]
            soon = when < SHOWN_MS
            rows = spikes["node_ids"].values[of][soon].astype(int) + floor
            axis.plot(
                when[soon], rows, "|", color=COLOURS[name], markersize=2.5, markeredgewidth=0.7,
                rasterized=True,
            )  # fmt: skip
            highest = spikes["node_ids"].values.max() + 1 if len(spikes["node_ids"].values) else 0
            count = min(MOST_CELLS, int(highest))
            ticks[name], floor = floor + count / 2, floor + count + 4
        axis.set_yticks(list(ticks.values()), list(ticks))
        axis.set_title(f"at {traces['time'].values[look]:.3g} h", loc="left", fontsize=10)
        axis.set_xlim(0.0, min(SHOWN_MS, 1e3 * float(traces["look_seconds"].values[look])))
        tidy(axis, "", "cell")
    axes[-1].set_xlabel("time in the look (ms)")
    return figure


def _cells(groups: Groups, title: str) -> Any:
    """The rate of every cell at rest and with most drug, in the order of rates."""
    cells = groups.get("cells", {})
    if "spike_count" not in cells or "look_seconds" not in cells or "population" not in cells:
        return None
    at_rest, high = _looks(groups)
    seconds, names = cells["look_seconds"].values, np.array(_text(cells["population"]))
    if not (seconds[at_rest] > 0 and seconds[high] > 0) or at_rest == high:
        return None
    figure, axes = subplots(1, 4, figsize=(WIDTH_IN, 2.9), layout="constrained", sharey=True, squeeze=False)
    for axis, name in zip(axes[0], COLOURS, strict=False):
        for look, style, label in ((at_rest, "-", "rest"), (high, "--", "most drug")):
            rates = np.sort(cells["spike_count"].values[look][names == name] / seconds[look])
            shares = (np.arange(len(rates)) + 1) * 100 / max(len(rates), 1)
            axis.plot(rates, shares, style, color=COLOURS[name], label=label, drawstyle="steps-post")
        axis.set_title(name, loc="left", fontsize=10)
        tidy(axis, "rate of a cell (Hz)", "")
    axes[0, 0].set_ylabel("cells with at most\nthis rate (%)")
    _heading(figure, f"Rates of all cells\n{title}")
    return figure


def _spectra(groups: Groups, title: str) -> Any:
    """Power of the LFP proxy at rest and with most drug, by Welch's method."""
    lfp = groups.get("lfp", {})
    if "lfp" not in lfp or "traces" not in groups:
        return None
    from scipy.signal import welch

    at_rest, high = _looks(groups)
    rate, values = float(lfp["sampling_rate"].values), lfp["lfp"].values
    if at_rest == high or values.shape[1] < 64:
        return None
    figure, axes = _stack(1, f"Spectrum of the LFP proxy\n{title}", height=3.2)
    for look, style, label in ((at_rest, "-", "rest"), (high, "--", "most drug")):
        hz, power = welch(values[look], rate, nperseg=min(SEGMENT, values.shape[1]))
        kept = (hz >= LOWEST_HZ) & (hz <= HIGHEST_HZ)
        colour = INK if label == "rest" else ORDERED[5]
        axes[0].loglog(hz[kept], power[kept], style, color=colour, label=label)
    tidy(axes[0], "frequency (Hz)", "power (pA²/Hz)")
    return figure


def _cascade(groups: Groups, title: str) -> Any:
    """BDNF to protein, means of Pyr cells between looks."""
    fine = groups.get("fine", {})
    there = [(name, label) for name, label in CASCADE if name in fine]
    if not there:
        return None
    figure, axes = _stack(1, f"Cascade, mean of Pyr cells\n{title}", height=3.0)
    hours, size = _hours(fine["moment"])
    for k, (name, label) in enumerate(there):
        axes[0].plot(hours, fine[name].values, "-", color=ORDERED[k], linewidth=1.5, label=label)
    _finished(axes, size, ("relative to rest",))
    return figure


def _spines(groups: Groups, title: str) -> Any:
    """Spines per Pyr cell at every look."""
    traces = groups.get("traces", {})
    if "spines" not in traces or "time" not in traces:
        return None
    figure, axes = _stack(1, f"Spines\n{title}", height=2.6)
    hours, size = _hours(traces["time"])
    for name, label, colour, mark in (
        ("spines", "all", ORDERED[0], "-o"),
        ("mature_spines", "mature", ORDERED[5], "--s"),
    ):
        axes[0].plot(hours, traces[name].values, mark, color=colour, markersize=3, label=label)
    _finished(axes, size, ("spines per Pyr cell",))
    return figure


def _lifetimes(groups: Groups, title: str) -> Any:
    """Every spine of one cell from its first look to its last."""
    raster = groups.get("raster", {})
    if "state" not in raster or raster["state"].values.shape[0] < 3:
        return None
    hours, size = _hours(raster["time"])
    states = raster["state"].values[:, 0] & STATE
    figure, axes = _stack(1, f"Spines of one Pyr cell, look by look\n{title}", height=5.0)
    until = np.append(hours, hours[-1])
    for site, born, gone in spines_of(states):
        grown = min(gone, born + int(np.argmax(np.append(states[born:gone, site], MATURE) == MATURE)))
        for state, begin, end in ((NASCENT, born, grown), (MATURE, grown, gone)):
            colour = BARS[bool(hours[born] > 0), state][0]
            axes[0].hlines(site, until[begin], until[end], colors=colour, linewidth=1.6)
    axes[0].axvline(0.0, color="black", linewidth=0.8, linestyle=":")
    axes[0].set_yticks([])
    bars = [Line2D([], [], color=colour, linewidth=4, label=label) for colour, label in BARS.values()]
    figure.legend(handles=bars, frameon=False, fontsize=8, ncols=2, loc="outside lower center")
    _finished(axes, size, ("potential contacts, branch by branch",))
    return figure


def _stack(rows: int, title: str, height: float = 2.2) -> tuple[Any, Any]:
    """Panels below each other, over the same hours."""
    figure, axes = subplots(
        rows, 1, figsize=(WIDTH_IN, height * rows + 0.7), squeeze=False, sharex=True, layout="constrained"
    )
    _heading(figure, title)
    return figure, axes[:, 0]


def _heading(figure: Any, title: str) -> None:
    figure.suptitle(title, fontsize=10)


def _hours(clock: Variable) -> tuple[np.ndarray, float]:
    """Hours of a clock as they are drawn, and how many are one unit of the axis."""
    hours = np.asarray(clock.values, dtype=float)
    size = 24.0 if np.ptp(hours) > LONG_H else 1.0
    return hours / size, size


def _finished(axes: Any, size: float, labels: tuple[str, ...]) -> None:
    for axis, label in zip(axes, labels, strict=True):
        tidy(axis, "", label)
        if axis.get_legend() is not None:  # beside the panel, never on data
            axis.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    first, last = axes[-1].dataLim.intervalx
    if first < 0 < last:
        axes[-1].set_xlim(max(first, -BEFORE * last), 1.02 * last)
    axes[-1].set_xlabel(f"time ({'d' if size > 1 else 'h'}, first dose at 0)")


def _looks(groups: Groups) -> tuple[int, int]:
    """The last look before any drug is there, and that with most."""
    traces = groups["traces"]
    seen = traces["look_seconds"].values > 0 if "look_seconds" in traces else np.ones(1, bool)
    shut = np.nanmax(traces["block"].values, axis=(1, 2)) * seen
    high = int(np.argmax(shut))
    before = np.flatnonzero((shut <= 1e-9) & seen & (np.arange(len(shut)) < high))
    return (int(before[-1]) if len(before) else high), high


def _text(variable: Variable) -> list[str]:
    return [str(v) for v in variable.values]
