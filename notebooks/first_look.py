# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A first look: what does a sweep over doses hold?
#
# Run `prelimbic run dose_response` first. `PRELIMBIC_RESULTS` points to another folder.

# %%
import os

import matplotlib.pyplot as plt
import xarray as xr

import prelimbic as pl

folder = os.environ.get("PRELIMBIC_RESULTS", "../results/dose_response")
sweep = pl.load(folder)
sweep.sizes

# %% [markdown]
# Firing at peak concentration, against the vehicle run of the same seed.

# %%
rate = sweep["rate"].sel(readout="peak")
change = 100 * (rate / rate.sel(dose=0) - 1)
change.mean("seed").isel(sheet=0).to_pandas().round(1)

# %% [markdown]
# The chain over time: from NMDA block to spines, one colour a dose.

# %%
names = [
    "rate_course",
    "relative_ampa_course",
    "bdnf_course",
    "mtorc1_course",
    "protein_course",
    "spines_course",
]
after = sweep.isel(sheet=0).where(sweep["time"] >= 0, drop=True)
figure, axes = plt.subplots(2, 3, figsize=(12, 6), layout="constrained")
for axis, name in zip(axes.ravel(), names, strict=True):
    course = after[name].sel(population="Pyr") if name == "rate_course" else after[name]
    for k, dose in enumerate(sweep["dose"].values):
        line = course.sel(dose=dose)
        colour = plt.cm.viridis(k / len(sweep["dose"]))
        axis.plot(after["time"], line.mean("seed"), color=colour, label=f"{dose:g} mg/kg")
        axis.fill_between(
            after["time"], line.min("seed"), line.max("seed"), color=colour, alpha=0.2, linewidth=0
        )
    axis.set_xlabel("time (h)")
    axis.set_ylabel(f"{name.removesuffix('_course').replace('_', ' ')} ({course.attrs['units']})")
axes[0, 0].legend(fontsize=8)

# %% [markdown]
# One run file, opened without this package's code: every cell and every spine.

# %%
from pathlib import Path

chosen = str(sweep["run_id"].isel(sheet=0).sel(dose=10, seed=1).item())
path = next(Path(folder).glob(f"*_{chosen}.h5"))
run = xr.open_datatree(path, engine="h5netcdf")
run["slow"]["bdnf"].max("time").plot.hist(bins=40)

# %%
states = run["spines"]["state"].astype(int)  # + 4 where stress took a spine
counts = {
    name: float((states & 3 == value).sum("site").mean()) for name, value in (("nascent", 1), ("mature", 2))
}
lost, filled = states & 4 > 0, states & 3 > 0
counts | {"share of lost sites that hold a spine again": float((lost & filled).sum() / lost.sum())}

# %% [markdown]
# Your own question. `pl.simulate(run, seed=1)` takes a minute and gives the groups of a run file in memory;
# drug alone takes none.

# %%
run = pl.Scenario(species="rat", give="ketamine 10 mg/kg ip at 0h, 24h", read=("rest", "24 h", "48 h"))
drug = pl.exposure(run.species, run.give, [0.25, 1, 2, 4, 24.25, 26])
drug["block"].to_pandas().round(3)
