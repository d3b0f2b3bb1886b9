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
# # How much of a trial's difference is the drug, and how much is knowing?
#
# One trial of 0.5 mg/kg, open, blind and masked, from one set of numbers. Everything here is small,
# 24 patients and four replications, so that it computes within a minute; the last cell says what to
# change. What each term is, and what no trial here can say, stands in `docs/trials.md`.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import xarray as xr

import prelimbic as pl

folder = Path(os.environ.get("PRELIMBIC_RESULTS", "../results/trial_notebook"))
grows = {"sheet": "dendritic", "affinity": "recombinant"}  # the older circuit, in which spines grow

# %% [markdown]
# ## What ships
#
# A design is a file to copy and change, or a dictionary with the same keys.

# %%
pl.trials()[["title", "design", "blinding", "subjects"]]

# %% [markdown]
# ## One design, three ways to blind it
#
# Open, everybody knows. Blind, what is felt in the infusion tells patients and raters some of it.
# Masked, as under anaesthesia, nothing is felt.

# %%
design = {
    "design": "parallel",
    "subjects": 24,
    "control": "midazolam",
    "assess": ["2h", "24h", "7d"],
    "primary": "24h",
    "arm": [
        {"name": "ketamine", "give": "ketamine 0.5 mg/kg iv over 40min at 0h"},
        {"name": "midazolam", "give": "vehicle iv over 40min at 0h", "placebo": "midazolam"},
    ],
}
found = {
    blinding: pl.trial(
        design | {"blinding": blinding}, seeds=4, out=folder / blinding, progress=False, **grows
    )
    for blinding in ("open", "blind", "masked")
}
print(found["blind"].found)

# %% [markdown]
# ## What the statistician sees
#
# Every replication has one estimate with its interval. Trials of 24 scatter by several points, so one
# of them says little.

# %%
estimates = pd.concat({name: each.comparisons for name, each in found.items()}, names=["blinding"])
estimates[["replication", "estimate", "low", "high", "df", "p"]].round(2)


# %% [markdown]
# ## What was put in
#
# The simulator knows what it put in: points taken away by the drug, by placebo and by expectancy,
# here ketamine less midazolam.


# %%
def put_in(visits: xr.Dataset) -> pd.Series:
    taken = visits["taken"].sel(visit=24.0)
    means = [
        taken.where(visits["given"] == arm).mean(("sheet", "seed", "subject", "period")) for arm in (0, 1)
    ]
    return (means[1] - means[0]).to_series()


parts = pd.DataFrame({name: put_in(each.visits) for name, each in found.items()}).T
parts.round(1)

# %%
axis = parts[["drug", "expectancy"]].plot.bar(stacked=True, color=["#0072B2", "#CC79A7"], figsize=(5, 3))
axis.set_ylabel("MADRS points at 24 h,\nketamine less midazolam")
axis.axhline(0, color="#7F7F7F", linewidth=0.8)
plt.tight_layout()


# %% [markdown]
# ## Who guessed
#
# Patients guess the drug as often as they believe in it; raters learn half of what was felt.


# %%
def guesses(visits: xr.Dataset) -> dict[str, float]:
    drug = visits["given"] == 1
    return {
        f"{who}, {arm}": float(visits[name].where(drug if arm == "ketamine" else ~drug).mean())
        for who, name in (("patients", "guess"), ("raters", "rater_guess"))
        for arm in ("ketamine", "midazolam")
    }


pd.DataFrame({name: guesses(each.visits) for name, each in found.items()}).T.round(2)

# %% [markdown]
# ## Where nothing grows
#
# In the default circuit spines do not grow, so the drug takes nothing away: the blind trial then
# finds what unblinding alone makes.

# %%
native = pl.trial(design, seeds=4, out=folder / "native", progress=False)
print(native.found.splitlines()[-3:])
put_in(native.visits).round(1)

# %% [markdown]
# ## Go on
#
# `power=[20, 40, 80]` replicates each size, `without="expectancy"` leaves a term out, `"set":
# {"placebo.points": 8}` moves a number, and `seeds=100` on a cluster is `prelimbic trial mine.toml
# --seeds 100 --cluster slurm`.
