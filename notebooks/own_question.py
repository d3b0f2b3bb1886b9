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
# # Does one dose start protein synthesis within an hour in mice, and does it need mTORC1?
#
# A question of one's own, from a dose to a figure. Everything here is small, half the cells and two seeds,
# so that it computes in seconds; the last cell says what to change. Words are in `docs/glossary.md`, the
# grammar is in `docs/ask.md`.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

import prelimbic as pl

folder = Path(os.environ.get("PRELIMBIC_RESULTS", "../results/own_question"))

# %% [markdown]
# ## Exposure first
#
# How much drug is there, and how many NMDA receptors does it shut? No circuit is needed for that.

# %%
hours = [0.02 * k for k in range(76)]
figure, axes = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
for amount in (3, 10):
    drug = pl.exposure("mouse", f"{amount} mg/kg ip at 0h", hours)
    drug["brain_unbound"].sel(compound="ketamine").plot(ax=axes[0], label=f"{amount} mg/kg")
    drug["block"].sel(population="Pyr").plot(ax=axes[1])
axes[0].legend()
# %% [markdown]
# ## What is done, and what is read
#
# A scenario is checked where it is written: try a route that a mouse does not have. Looks at the circuit
# are planned by themselves, dense after the dose.

# %%
mouse = pl.Scenario(species="mouse", give="10 mg/kg ip at 0h", read=["peak", "1h"], scale=0.5)

# %% [markdown]
# ## Sweep
#
# Three doses, 0 being the vehicle, and two seeds. Runs are kept in the folder and never computed twice:
# run the cell again, or with more seeds, and see.

# %%
sweep = pl.sweep(mouse, vary={"dose": [0, 3, 10]}, seeds=2, out=folder / "doses", progress=False)
sweep.sizes


# %% [markdown]
# The dataset has the axes that were asked for, then readouts and places. Every effect is the difference
# from vehicle of the same seed, and what is told of it is mean ± SD over seeds.


# %%
def effect(sweep, name, vehicle, readout="1 h", **place):
    """Change (%) against vehicle of the same seed, as mean ± SD over seeds."""
    found = sweep[name].sel(readout=readout, **place)
    percent = 100 * (found / found.sel(vehicle) - 1)
    mean, sd = percent.mean("seed"), percent.std("seed", ddof=1)
    texts = [f"{m:+.1f} ± {s:.1f}" for m, s in zip(mean.values, sd.values, strict=True)]
    return pd.Series(texts, index=mean[mean.dims[0]].values)


table = {name: effect(sweep, name, {"dose": 0}) for name in ("bdnf", "mtorc1", "protein")}
table["Pyr rate at the peak"] = effect(sweep, "rate", {"dose": 0}, "peak", population="Pyr")
pd.DataFrame(table).rename_axis("mg/kg")

# %%
pl.plot(sweep)

# %% [markdown]
# ## A second arm
#
# Rapamycin into the ventricle half an hour before. Each arm has its own vehicle, the same without ketamine.

# %%
blocked = pl.Scenario(
    species="mouse",
    give="10 mg/kg ip at 0h",
    inhibit="rapamycin_icv at -30min",
    read=["peak", "1h"],
    scale=0.5,
)
arms = {"ketamine": mouse, "rapamycin, ketamine": blocked}
both = pl.sweep(arms, seeds=2, out=folder / "arms", progress=False)
rows = {}
for arm in arms:
    vehicle = {"arm": f"{arm}, vehicle"}
    rows[arm] = {name: effect(both, name, vehicle)[arm] for name in ("bdnf", "protein")}
pd.DataFrame(rows)

# %% [markdown]
# BDNF rises in both, protein only where mTORC1 is free. (The first column is not quite that of the first
# sweep: looks are planned for all arms, here for rapamycin too.)
#
# Two seeds of half a circuit are a sketch. For an answer leave `scale` out, take ten seeds, and read
# spines a day later: `read=["peak", "24h"]` is about 7 s of one core a run. The same from the command
# line: `prelimbic ask --species mouse --give "10 mg/kg ip at 0h" --vary dose=3,10 --read peak,24h --seeds
# 10`.
