"""The study of numerics: what a variant changes, and what its statistics say of numbers whose truth is
known.
"""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from prelimbic.circuits.wiring import delay_classes, with_delay_classes
from prelimbic.experiments.figures.numerics import draw
from prelimbic.experiments.readouts.numerics import look_error, shared_noise
from prelimbic.experiments.studies.numerics import answer
from prelimbic.parameters import POPULATIONS
from prelimbic.simulation.observers.numerics import (
    CONDITIONS,
    STANDARD,
    VARIANTS,
    WINDOWS,
    measure,
    possible,
    varied,
)
from tests.conftest import brief, small_circuit, wired


def windows(shared: float, seeds: int = 40, shift: float = 0.0) -> xr.Dataset:
    """Rates of 10 Hz with an SD of 1 Hz a window, of which the share `shared` of the variance is common to
    both conditions; one variant, `64 bits`, is the standard moved by `shift` %.
    """
    rng = np.random.default_rng(1)
    common, own = rng.standard_normal((seeds, 1, WINDOWS, 4)), rng.standard_normal((seeds, 2, WINDOWS, 4))
    rate = 10.0 + np.sqrt(shared) * common + np.sqrt(1.0 - shared) * own
    both = np.stack([rate, rate * (1.0 + shift / 100) + 0.01 * rng.standard_normal(rate.shape)])[None]
    axes = ("sheet", "variant", "seed", "condition", "window", "population")
    data = {
        "rate": (axes, both),
        "recurrent_ampa": (axes[:-1], both[..., 0]),
        "spines_change": (axes[:3], both[:, :, :, 0, 0, 0]),
    }
    names = {
        "sheet": ["a"],
        "variant": [STANDARD, "64 bits"],
        "seed": range(seeds),
        "condition": list(CONDITIONS),
    }
    return xr.Dataset(data, names | {"population": list(POPULATIONS)})


@pytest.mark.parametrize("shared", [0.0, 0.5, 0.9])
def test_shared_noise_leaves_what_is_not_shared_of_the_variance(shared):
    cell = windows(shared).sel(sheet="a")
    for count in (1, 4):
        assert shared_noise(cell, count, "SST") == pytest.approx(1.0 - shared, abs=0.12)


def test_the_error_of_a_look_falls_with_the_root_of_its_length():
    cell = windows(0.0, seeds=400).sel(sheet="a")
    assert look_error(cell, 1)["PV"].mean() == pytest.approx(10.0, rel=0.05)
    assert look_error(cell, 4)["PV"].mean() == pytest.approx(5.0, rel=0.05)


def test_the_sentence_tells_a_shift_from_noise():
    assert "64 bits moves no class clearly (none by more than" in answer(windows(0.0)).found
    told = answer(windows(0.0, shift=3.0)).found
    assert all(f"{p} by +3.0 %" in told for p in POPULATIONS)


def test_the_figure_is_drawn_for_one_seed_and_for_several(tmp_path):
    for seeds in (1, 3):
        assert [path.name for path in draw(windows(0.5, seeds), tmp_path)] == ["numerics.png"]


def test_a_variant_changes_one_thing():
    config = brief()
    assert varied(config, STANDARD) == config
    assert varied(config, "step 0.02 ms").numerics.step == 0.02
    assert varied(config, "size x 4").scale == 4 * config.scale
    assert varied(config, "looks x 0.5").protocol.look_scale == 0.5 * config.protocol.look_scale
    assert len({varied(config, name).run_id() for name in VARIANTS}) == len(VARIANTS)
    assert "size x 0.5" not in possible(0.5) and set(possible(1.0)) == set(VARIANTS)


def test_a_run_has_windows_under_the_same_noise_and_a_day_of_growth():
    found = measure(brief(), True, lambda seconds: None)["summary"]
    rate = found["rate"].values
    assert rate.shape == (2, WINDOWS, 4)
    pyr = rate[:, :, 0]
    assert pyr[1].mean() > pyr[0].mean()  # sheet sst at 3 uM
    assert 0 < found["spines_change"].values < 40


def test_classes_keep_the_mean_delay_of_a_projection_and_no_delay_moves_far():
    circuit = small_circuit("dendritic")
    wiring, _ = wired(circuit)
    classed = with_delay_classes(wiring, 5)
    contacts = wiring.sources["plastic"].size
    assert len(np.unique(classed.delays["plastic"])) == 5
    assert classed.delays["plastic"].mean() == pytest.approx(wiring.delays["plastic"].mean())
    span = np.ptp(wiring.delays["plastic"])
    assert (
        np.abs(classed.delays["plastic"] - wiring.delays["plastic"]).max() < 0.6 * span / 5
        and contacts > 1000
    )
    assert (delay_classes(np.array([3.0, 1.0, 2.0]), 5) == [3.0, 1.0, 2.0]).all()  # more classes than delays
