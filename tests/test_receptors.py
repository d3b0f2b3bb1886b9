"""The receptor figure: what it shows is what the rows of a sheet come to by hand."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.studies.registry import find_study
from prelimbic.experiments.sweep.study import Options
from prelimbic.parameters import POPULATIONS, SUBUNITS, sheet
from prelimbic.simulation.observers import receptors

SHEET = "native_point"
ROWS = sheet(SHEET).values()
TISSUE = sheet("compounds").values()
THERE = [k for k in SUBUNITS if k in sheet(SHEET).sections]


def shown(name: str) -> xr.Dataset:
    """What study physiology stores of the receptors of a sheet."""
    run = find_study("physiology").plan(Options(seeds=1, sheets=(name,)))[0]
    found = receptors.examine(run.config, run.config.described())
    axes = {n: v.values for n, v in found.items() if v.dimensions == (n,)}
    axes |= {"population": list(POPULATIONS), "subunit": list(SUBUNITS)}
    data = {n: (v.dimensions, v.values) for n, v in found.items() if v.dimensions != (n,)}
    return xr.Dataset(data, axes | {"affinity": axes["affinity"].astype(str)})


@pytest.fixture(scope="module")
def native() -> xr.Dataset:
    return shown(SHEET)


@pytest.mark.parametrize("k", THERE)
def test_an_assembly_decays_as_much_faster_as_its_q10_says(native, k):
    decay = native["receptor_decay"].sel(subunit=k)
    for celsius in (22.0, 37.0):
        tens = (celsius + 273.15 - ROWS["receptors.recorded_at"]) / 10.0
        expected = ROWS[f"{k}.decay"] / ROWS[f"{k}.q10"] ** tens
        assert float(decay.sel(celsius=celsius)) == pytest.approx(expected)


@pytest.mark.parametrize("k", THERE)
def test_mg_leaves_half_where_its_block_is_half_and_more_where_it_is_warm(native, k):
    free = native["receptor_free"].sel(subunit=k)
    cold, warm = (free.sel(celsius=c).values for c in (22.0, 37.0))
    r = {name: ROWS[f"receptors.{name}"] for name in ("magnesium", "magnesium_slope", "recorded_at")}
    slope = r["magnesium_slope"] * r["recorded_at"] / (37.0 + 273.15)
    half = np.log(r["magnesium"] / ROWS[f"{k}.magnesium_half"]) / slope  # mV
    assert np.interp(0.5, warm, native["membrane"].values) == pytest.approx(half, abs=0.3)
    below = native["membrane"].values < -1.0
    assert (warm[below] > cold[below]).all()


@pytest.mark.parametrize("k", THERE)
def test_ketamine_shuts_half_at_its_ic50_times_the_factor_of_tissue(native, k):
    block, uM = native["receptor_block"].sel(subunit=k), np.log(native["ketamine"].values)
    for affinity, factor in (("recombinant", 1.0), ("tissue", TISSUE["tissue.factor"])):
        half = np.exp(np.interp(0.5, block.sel(affinity=affinity).values, uM))
        assert half == pytest.approx(TISSUE[f"ketamine.ic50_{k}"] * factor, rel=0.01)


def test_the_figure_shows_both_kinds_of_sheet_and_leaves_out_what_a_sheet_says_nothing_of(native, tmp_path):
    old = shown("dendritic")
    for name, found in ((SHEET, native), ("dendritic", old)):
        known = np.isfinite(found["receptor_decay"]).all("celsius").values
        assert dict(zip(SUBUNITS, known, strict=True)) == {k: k in sheet(name).sections for k in SUBUNITS}
    (path,) = drawing("receptors")(old.expand_dims(sheet=["dendritic"], seed=[1]), tmp_path)
    assert path.read_bytes().startswith(b"\x89PNG")
