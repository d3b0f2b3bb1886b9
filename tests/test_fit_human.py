"""The human numbers that are called fitted are those that the fit gives."""

import runpy
from pathlib import Path

import pytest


@pytest.mark.slow
def test_fitting_again_gives_the_numbers_of_the_sheet():
    fit = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks" / "fit_human.py"))
    off = {name: again / sheet - 1.0 for name, (again, sheet) in fit["refit"]().items() if sheet}
    assert {name: value for name, value in off.items() if abs(value) > 0.01} == {}
