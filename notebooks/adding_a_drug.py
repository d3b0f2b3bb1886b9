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
# # Adding a drug: would a blocker that prefers GluN2B silence the circuit as ketamine does?
#
# A blocker is a handful of numbers: how tightly it holds receptors of each assembly, and how steeply. We
# make one up, look at what it shuts, put it into a bath over the circuit, and at the end write the section
# of a sheet that makes it a drug with a name.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import prelimbic as pl

pl.numbers("memantine", sheet="compounds")[["row", "value", "unit", "low", "high", "status", "source"]]

# %% [markdown]
# ## 1. Try numbers first
#
# Before anything is written into a sheet, put the new numbers in the place of a drug that is there. The
# new drug holds 2B ten times as tightly as the others. All IC50 are made up, in uM, at 1 mM Mg.

# %%
SLOT = "memantine"
COLOURS = {"Pyr": "#D55E00", "PV": "#0072B2", "SST": "#009E73", "VIP": "#CC79A7"}
OURS = {"2A": 20.0, "2AB": 6.3, "2B": 2.0, "2BD": 6.3, "2C": 20.0, "2D": 20.0}
overrides = {f"compounds.{SLOT}.ic50_{subunit}": value for subunit, value in OURS.items()}
overrides[f"compounds.{SLOT}.hill"] = 1.0

# %% [markdown]
# ## 2. What does it shut?
#
# Block of each class of cells at equilibrium, in a bath, beside ketamine.

# %%
concentrations = np.array([0.1, 0.3, 1, 3, 10, 30])


def block(drug: str, uM: float, numbers: dict[str, float]) -> pd.Series:
    """Share of NMDA conductance shut, by population."""
    bathed = pl.Scenario(species="rat", bath=f"{drug} {uM} uM from 0h to 2h", overrides=numbers, read="1h")
    return pl.exposure(bathed, at=[1.0])["block"].isel(time=0).to_series()


ours = pd.DataFrame({uM: block(SLOT, uM, overrides) for uM in concentrations}).T
ketamine = pd.DataFrame({uM: block("ketamine", uM, {}) for uM in concentrations}).T
figure, axes = plt.subplots(1, 2, figsize=(9, 3), sharey=True, layout="constrained")
for axis, (title, table) in zip(axes, {"ours": ours, "ketamine": ketamine}.items(), strict=True):
    for population in table.columns:
        axis.semilogx(
            table.index, table[population], "o-", ms=3, color=COLOURS[population], label=population
        )
    axis.set(title=title, xlabel="unbound (µmol/L)")
axes[0].set_ylabel("share of NMDA conductance shut")
axes[0].legend(fontsize=8)

# %% [markdown]
# A drug that prefers 2B parts the classes: cells that hold more of it lose more.
#
# ## 3. What does the circuit do?
#
# One run of an hour, half the cells, one seed, at the concentrations where either drug shuts half in Pyr
# cells. `baseline_rate` is that of the untreated circuit, 20 s before anything is given.


# %%
def half(table: pd.DataFrame) -> float:
    """Concentration at which half of the Pyr cells' conductance is shut, uM."""
    return float(np.exp(np.interp(0.5, table["Pyr"].values, np.log(table.index.values.astype(float)))))


rates = {}
for name, drug, table, numbers in (("ours", SLOT, ours, overrides), ("ketamine", "ketamine", ketamine, {})):
    bath = f"{drug} {half(table):.3g} uM from 0h to 2h"
    run = pl.Scenario(species="rat", bath=bath, overrides=numbers, read="1h", scale=0.5)
    summary = pl.simulate(run, seed=1)["summary"].to_dataset()
    change = summary["rate"].sel(readout="1 h") / summary["baseline_rate"] - 1
    rates[f"{name}: {bath}"] = 100 * change.to_series()
pd.DataFrame(rates).T.round(0).rename_axis("change of firing after an hour (%)")

# %% [markdown]
# ## 4. Keep it
#
# A drug with a name is a section of `parameters/sheets/compounds.toml`. Each row has a value, a unit, a
# status, a source, a note and a range. Numbers that nobody measured are `assumed`, and the note says where
# they come from. Paste what is printed before `[channel]`, and `--bath "ourdrug 3 uM from 0h to 2h"` knows
# it.

# %%
like = pl.numbers(sheet="compounds").set_index(["section", "row"]).loc[SLOT]
print("[ourdrug]")
for row in like.itertuples():
    value = overrides.get(f"compounds.{SLOT}.{row.Index}", row.value)
    low, high = min(row.low, value / 3), max(row.high, value * 3)
    if row.Index in ("electrical_distance", "magnesium_competition"):
        high = min(high, 1.0)
    fields = f'unit = "{row.unit}", status = "assumed", source = "judgement", note = "made up"'
    print(f"{row.Index} = {{ value = {float(value)!r}, {fields}, range = [{low:.3g}, {high:.3g}] }}")

# %% [markdown]
# To give it by a route, it also needs what each animal does with it: sections of `species.toml` and
# `routes.toml`, which `docs/extend.md` has as examples. Then `give="ourdrug 5 mg/kg ip at 0h"` is
# understood everywhere.
