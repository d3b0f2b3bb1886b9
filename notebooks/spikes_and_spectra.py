# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Spikes, field and spectrum: what does a circuit look like before and at the peak of a dose?
#
# One run with every spike kept, on the default circuit: rasters, how regular cells fire, the field and its
# spectrum, first untreated, then at the peak of 3 mg/kg in a mouse. Half the cells, one seed, a few
# seconds.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.signal import welch

import prelimbic as pl

POPULATIONS = ("Pyr", "PV", "SST", "VIP")
COLOURS = {"Pyr": "#D55E00", "PV": "#0072B2", "SST": "#009E73", "VIP": "#CC79A7"}
scenario = pl.Scenario(
    species="mouse", give="3 mg/kg ip at 0h", read=["rest", "peak", "2h"], scale=0.5, spikes=True
)
tree = pl.simulate(scenario, seed=1)

# %% [markdown]
# ## Looks
#
# A run is not one long recording. It is looked at for some seconds at a time, and between looks the slow
# world moves on. `traces` has one value a look; a look of 0 s was not taken, and the one before stands in.

# %%
traces = tree["traces"].to_dataset()
pd.DataFrame(
    {
        "seconds": traces["look_seconds"],
        "ketamine, unbound (µmol/L)": traces["brain_unbound"].sel(compound="ketamine"),
        "Pyr (Hz)": traces["rate"].sel(population="Pyr"),
    },
    index=traces["time"].to_index().round(2).rename("h"),
).round(3)

# %% [markdown]
# ## Rasters
#
# Spikes stand in one group a population, in the layout of SONATA: `timestamps` (ms, looks one after the
# other), `node_ids`, and `look`, the number of the look.

# %%
taken = traces["time"].values[traces["look_seconds"].values > 0]
ketamine = traces["brain_unbound"].sel(compound="ketamine")
peak_hour = float(traces["time"][int(ketamine.argmax("time"))])
rest_hour = float(taken[taken < 0].max())
LOOKS = {
    "untreated": int(np.flatnonzero(taken == rest_hour)[0]),
    "at the peak": int(np.flatnonzero(taken == peak_hour)[0]),
}


def spikes(population: str, look: int) -> tuple[np.ndarray, np.ndarray]:
    """Times (s, from the first spike of the look on) and cells of a population in a look."""
    group = tree[f"spikes/{population}"]
    there = group["look"].values == look
    begin = min(
        tree[f"spikes/{name}"]["timestamps"].values[tree[f"spikes/{name}"]["look"].values == look].min()
        for name in POPULATIONS
    )
    return (group["timestamps"].values[there] - begin) / 1000.0, group["node_ids"].values[there].astype(int)


figure, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True, layout="constrained")
for axis, (title, look) in zip(axes, LOOKS.items(), strict=True):
    above = 0
    for population in POPULATIONS:
        times, cells = spikes(population, look)
        axis.plot(times, cells + above, ".", ms=1.5, color=COLOURS[population], label=population)
        above += int((tree["cells"]["population"] == population).sum())
    axis.set(title=title, xlim=(0, 2), xlabel="time in the look (s)")
axes[0].set_ylabel("cell")
axes[0].legend(markerscale=6, fontsize=8, loc="upper right")

# %% [markdown]
# ## Rates and regularity
#
# The coefficient of variation (CV) of the intervals between a cell's spikes is 0 for a clock and 1 for a
# Poisson process. Cells with fewer than six spikes in the look are left out; where none is left the table
# has no number.


# %%
def cv(population: str, look: int) -> float:
    """Mean over cells of the CV of their intervals."""
    times, cells = spikes(population, look)
    found = []
    for cell in np.unique(cells):
        intervals = np.diff(np.sort(times[cells == cell]))
        if len(intervals) > 4:
            found.append(intervals.std() / intervals.mean())
    return float(np.mean(found)) if found else float("nan")


rows = {}
for title, look in LOOKS.items():
    hour = taken[look]
    rates = traces["rate"].sel(time=hour).to_series()
    rows[title, "rate (Hz)"] = rates.reindex(POPULATIONS)
    rows[title, "CV"] = pd.Series({population: cv(population, look) for population in POPULATIONS})
pd.DataFrame(rows).round(2)

# %% [markdown]
# ## The field
#
# The field is a proxy: a weighted sum of the synaptic currents of pyramidal cells, in pA. Its absolute
# size means nothing, and it holds no other layer and no volume conduction.

# %%
field = tree["lfp"]["lfp"]
sampling = float(tree["lfp"]["sampling_rate"])
figure, axes = plt.subplots(1, 2, figsize=(11, 3), layout="constrained")
for title, look in LOOKS.items():
    signal = field.sel(time=taken[look]).dropna("sample").values
    axes[0].plot(np.arange(len(signal)) / sampling, signal - signal.mean(), lw=0.7, label=title)
    frequency, power = welch(signal, sampling, nperseg=1024)
    shown = (frequency >= 1) & (frequency <= 150)
    axes[1].loglog(frequency[shown], power[shown], label=title)
axes[0].set(xlabel="time in the look (s)", ylabel="field, less its mean (pA)", xlim=(0, 1))
axes[1].set(xlabel="frequency (Hz)", ylabel="power (pA²/Hz)")
axes[1].axvspan(30, 80, color="0.9", zorder=0)
axes[1].legend()
# %% [markdown]
# The grey band is gamma. A spectrum has a sloping part, which follows from time constants of synapses, and
# peaks, which are rhythms. The run parts the two by itself: `power` is the whole of a band, `periodic`
# what stands above the slope, `aperiodic_exponent` how steep it is (a positive number falls with
# frequency).

# %%
bands = tree["summary"]["power"].sel(readout=["rest", "peak"]).to_pandas().T
slope = tree["summary"]["aperiodic_exponent"].sel(readout=["rest", "peak"]).to_series()
pd.concat([bands, slope.to_frame("aperiodic exponent").T]).round(3)

# %% [markdown]
# A look of 3 s has no slow delta (a number that is not there is NaN). For tools of your own the files of a
# sweep with `--spikes` are read by libsonata, Elephant and all that reads HDF5 (`docs/results.md`).
