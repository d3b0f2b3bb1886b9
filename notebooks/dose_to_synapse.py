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
# # From a dose to synapses: which link of the chain does one dose reach?
#
# 10 mg/kg in a rat, one run on each of two circuits, beside its vehicle. A dose becomes unbound drug, the
# drug shuts NMDA receptors, cells fire more or less, AMPA drive moves BDNF and mTORC1, and spines form or
# do not. We follow it down, link by link. Half the cells and one seed: a sketch of some ten seconds. Words
# are in `docs/glossary.md`.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import prelimbic as pl

GIVEN = "10 mg/kg ip at 0h"

# %% [markdown]
# ## 1. From the dose to the receptors
#
# No circuit is needed for this. `brain_unbound` is what reaches receptors, `block` the share of NMDA
# conductance shut.

# %%
drug = pl.exposure("rat", GIVEN, at=np.arange(0, 4.01, 0.05))
figure, axes = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
for compound in ("ketamine", "norketamine", "hydroxynorketamine"):
    axes[0].plot(drug["time"], drug["brain_unbound"].sel(compound=compound), label=compound)
for population in drug["population"].values:
    axes[1].plot(drug["time"], drug["block"].sel(population=population), label=population)
for axis, label in zip(axes, ("unbound in brain (µmol/L)", "share of NMDA conductance shut"), strict=True):
    axis.set(xlabel="time after the dose (h)", ylabel=label)
    axis.legend(fontsize=8)

# %% [markdown]
# All classes of cells lose about the same share of their NMDA conductance. Whether pyramidal cells then
# fire more depends on who relies on it more.
#
# ## 2. Two circuits, each with its vehicle
#
# `native`, the default, has receptors and cells as recorded. `dendritic` is older, was chosen knowing the
# answer, and is asked with the affinity that it was made with.

# %%
ASKED = {"native": {}, "dendritic": {"sheet": "dendritic", "affinity": "recombinant"}}


def run(circuit: str, given: str):
    """One run of half the cells, seed 1: a tree of datasets, one group a kind of result."""
    scenario = pl.Scenario(
        species="rat", give=given, read=["peak", "1h", "24h"], scale=0.5, **ASKED[circuit]
    )
    return pl.simulate(scenario, seed=1)


trees = {
    (circuit, what): run(circuit, given)
    for circuit in ASKED
    for what, given in (("ketamine", GIVEN), ("vehicle", "vehicle ip at 0h"))
}
list(trees["native", "ketamine"].children)

# %% [markdown]
# ## 3. Link by link
#
# Each number is the change against the vehicle run of the same seed, which had the same wiring and the
# same noise.

# %%
LINKS = [
    ("PV firing", "rate", "peak", "PV"),
    ("SST firing", "rate", "peak", "SST"),
    ("Pyr firing", "rate", "peak", "Pyr"),
    ("recurrent AMPA", "recurrent_ampa", "peak", None),
    ("BDNF", "bdnf", "1 h", None),
    ("mTORC1", "mtorc1", "1 h", None),
    ("synaptic protein", "protein", "24 h", None),
    ("spines", "spines", "24 h", None),
]


def change(circuit: str, name: str, readout: str, population: str | None) -> float:
    """Change in percent against vehicle."""
    place = {"readout": readout} | ({"population": population} if population else {})
    given, vehicle = (
        float(trees[circuit, what]["summary"][name].sel(place)) for what in ("ketamine", "vehicle")
    )
    return 100.0 * (given / vehicle - 1.0)


table = pd.DataFrame(
    {circuit: [change(circuit, *link[1:]) for link in LINKS] for circuit in ASKED},
    index=[f"{link[0]}, {link[2]}" for link in LINKS],
).round(1)
table.rename_axis("change against vehicle (%)")

# %% [markdown]
# On `native` the chain ends at the third link: interneurons fall silent, and so do pyramidal cells. On
# `dendritic` pyramidal cells fire more, and all that follows moves.
#
# ## 4. The same over time

# %%
COURSES = {
    "Pyr firing": ("rate", "Hz"),
    "AMPA drive": ("relative_ampa", "relative to rest"),
    "BDNF": ("bdnf", "relative to rest"),
    "mTORC1": ("mtorc1", "relative to rest"),
    "protein": ("protein", "relative to rest"),
    "spines": ("spines", "a Pyr cell"),
}
COLOURS = {"native": "#0072B2", "dendritic": "#D55E00"}
figure, axes = plt.subplots(2, 3, figsize=(11, 5.5), layout="constrained")
for axis, (title, (name, unit)) in zip(axes.ravel(), COURSES.items(), strict=True):
    for (circuit, what), tree in trees.items():
        traces = tree["traces"].to_dataset().sel(time=slice(-2, None))
        course = traces[name].sel(population="Pyr") if name == "rate" else traces[name]
        style = {"color": COLOURS[circuit]} | ({} if what == "ketamine" else {"ls": ":", "lw": 1})
        axis.plot(traces["time"], course, label=f"{circuit}, {what}", **style)
    axis.set(title=title, xlabel="time after the dose (h)", ylabel=unit)
axes[0, 0].legend(fontsize=7)

# %% [markdown]
# ## 5. A cell is not the mean
#
# Every pyramidal cell has a cascade of its own, and every spine is an agent.

# %%
figure, axes = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
for circuit, colour in COLOURS.items():
    tree = trees[circuit, "ketamine"]
    highest = tree["slow"]["bdnf"].max("time")
    axes[0].hist(highest, bins=30, histtype="step", color=colour, label=circuit)
    states = tree["spines"]["state"].isel(time=-1).astype(int)  # 1 nascent, 2 mature
    held = ((states & 3) > 0).sum("site")
    axes[1].hist(held, bins=np.arange(50, 96) - 0.5, histtype="step", color=colour, label=circuit)
axes[0].set(xlabel="highest BDNF of a cell (relative to rest)", ylabel="cells")
axes[1].set(xlabel="spines of a cell at 24 h", ylabel="cells")
axes[0].legend()

# %% [markdown]
# One seed of half a circuit is a sketch. `pl.sweep` runs many seeds beside vehicle and keeps them
# (`own_question.ipynb`); `docs/physiology.md` says which numbers decide between the two circuits.
