"""Readouts of acute claims, asked of studies made by hand: a claim holds where its finding is, and not where
a part is wrong.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from prelimbic.experiments.claims.board import ALL_CLAIMS
from prelimbic.experiments.claims.claim import deciding, ratio_of_means
from prelimbic.experiments.readouts.cells import FREE_UM
from prelimbic.experiments.readouts.knockouts import WHOLE
from prelimbic.experiments.studies.knockouts import DELETED
from prelimbic.parameters import POPULATIONS

SEEDS = 10
BY_ID = {c.id: c for c in ALL_CLAIMS}


def verdict(claim: str, dataset: xr.Dataset) -> str:
    return deciding(BY_ID[claim].readout(SimpleNamespace(dataset=dataset))).verdict  # type: ignore[arg-type]


def noisy(values: Any, seed: int = 1) -> np.ndarray:
    """Every seed has the values, a per cent up or down."""
    values = np.asarray(values, dtype=float)
    return values * (1.0 + 0.01 * np.random.default_rng(seed).normal(size=(SEEDS, *values.shape)))


# Ratios


def test_a_ratio_of_means_is_the_ratio_and_has_no_spread_where_one_is_a_multiple_of_the_other():
    under = np.random.default_rng(1).normal(20.0, 5.0, 10)
    assert ratio_of_means(3.0 * under, under) == pytest.approx([3.0] * 10)
    over = np.random.default_rng(2).normal(10.0, 1.0, 10)
    assert ratio_of_means(over, under).mean() == pytest.approx(over.mean() / under.mean(), rel=0.02)
    assert ratio_of_means(5.0 * over, under) == pytest.approx(5.0 * ratio_of_means(over, under))


def test_the_spread_of_a_ratio_of_means_is_what_it_scatters_by_over_repetitions_denominator_included():
    rng = np.random.default_rng(3)
    over, under = rng.normal(10.0, 2.0, (3000, 10)), rng.normal(20.0, 5.0, (3000, 10))
    errors = [ratio_of_means(a, b).std(ddof=1) / np.sqrt(10) for a, b in zip(over, under, strict=True)]
    assert np.median(errors) == pytest.approx((over.mean(axis=1) / under.mean(axis=1)).std(), rel=0.1)


# Cells under MK-801


def cells(down: float, up: float, pv_at: float, pyr_at: float) -> xr.Dataset:
    """Shares of PV cells that fall and of Pyr cells that rise, and the minutes of half of their change."""
    minutes = np.arange(1.0, 61.0)
    share_down, share_up = np.zeros((2, 4))
    share_down[1], share_up[0] = down, up
    z = np.stack(
        [
            1.0 / (1.0 + np.exp((pyr_at - minutes) / 2)),
            -1.0 / (1.0 + np.exp((pv_at - minutes) / 2)),
            0 * minutes,
            0 * minutes,
        ],
        axis=-1,
    )
    made = {
        "share_down": (("seed", "population"), noisy(share_down)),
        "share_up": (("seed", "population"), noisy(share_up)),
        "mean_z": (("seed", "minute", "population"), noisy(z)),
    }
    return xr.Dataset(made, {"minute": minutes, "population": list(POPULATIONS)}).expand_dims(free=[FREE_UM])


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ((0.7, 0.7, 15, 40), "holds"),
        ((0.3, 0.7, 15, 40), "fails"),
        ((0.7, 0.3, 15, 40), "fails"),
        ((0.7, 0.7, 40, 15), "fails"),
        ((1.0, 1.0, 15, 40), "holds"),
    ],
)
def test_most_pv_cells_fall_first_and_then_most_pyramidal_cells_rise(made, expected):
    assert verdict("V8", cells(*made)) == expected


# Events in a slice


def events(excitation: tuple, inhibition: tuple, amplitude: tuple = (20, 22, 15)) -> xr.Dataset:
    rows = {"sepsc_rate": excitation, "sipsc_rate": inhibition, "sepsc_amplitude": amplitude}
    made = {name: (("seed", "concentration"), noisy(row, k)) for k, (name, row) in enumerate(rows.items())}
    return xr.Dataset(made, {"concentration": [0.0, 1.0, 10.0]})


@pytest.mark.parametrize(
    ("excitation", "inhibition", "expected"),
    [
        ((10, 12, 5), (8, 6, 4), "holds"),
        ((10, 8, 5), (8, 6, 4), "fails"),
        ((10, 12, 15), (8, 6, 4), "fails"),
        ((10, 12, 5), (8, 9, 4), "fails"),
        ((10, 12, 5), (8, 6, 9), "fails"),
        ((10, 12, 5), (0, 0, 0), "not testable"),
    ],
)
def test_rates_of_events_in_a_slice_hold_when_all_four_signs_are_right(excitation, inhibition, expected):
    assert verdict("V10", events(excitation, inhibition)) == expected
    assert verdict("V10a", events(excitation, inhibition)) == "holds"
    assert verdict("V10a", events(excitation, inhibition, (20, 18, 30))) == "fails"


# Courses after a dose

DOSES = (0.0, 2.5, 5.0, 10.0, 20.0, 30.0, 50.0, 100.0, 200.0)


def course(percent: dict[float, float], **at_peak: dict[float, float]) -> xr.Dataset:
    """Glutamate that is so much higher throughout, and what is so much higher at the peak and at rest
    otherwise, by dose.
    """
    level = noisy([[1.0 + percent.get(d, 0.0) / 100.0] * 3 for d in DOSES])
    level[:, 0] = 1.0
    unbound = np.outer(DOSES, [0.01, 0.11, 0.05])
    made = {"glutamate_release": (("seed", "given", "hour"), 7.0 * level),
            "unbound": (("seed", "given", "hour"), np.stack([unbound] * SEEDS))}  # fmt: skip
    for name, rise in at_peak.items():
        values = np.ones((SEEDS, len(DOSES), 3))
        values[:, :, 1] = noisy([1.0 + rise.get(d, 0.0) / 100.0 for d in DOSES])
        values[:, 0] = 1.0
        made[name] = (("seed", "given", "hour"), values)
    return xr.Dataset(made, {"given": list(DOSES), "hour": [1 / 60, 0.26, 1.67]})


AS_FOUND = {10.0: 20.0, 20.0: 30.0, 30.0: 25.0, 50.0: 3.0, 200.0: -50.0}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ("holds", "holds", "holds")),
        ({10.0: -5.0}, ("fails", "holds", "holds")),
        ({30.0: -5.0}, ("holds", "fails", "holds")),
        ({50.0: 30.0}, ("holds", "holds", "fails")),
        ({200.0: 10.0}, ("holds", "holds", "fails")),
    ],
)
def test_each_limb_of_the_dose_curve_is_a_claim_of_its_own(change, expected):
    dataset = course(AS_FOUND | change)
    assert tuple(verdict(claim, dataset) for claim in ("V11", "V11c", "V11f")) == expected


@pytest.mark.parametrize(
    ("sst", "calcium", "expected"),
    [(-30.0, 20.0, "holds"), (30.0, 20.0, "fails"), (-30.0, -20.0, "fails"), (0.0, 20.0, "inconclusive")],
)
def test_somatostatin_cells_fall_and_dendritic_calcium_rises_at_the_peak(sst, calcium, expected):
    found = course(AS_FOUND, rate={10.0: sst}, apical_calcium={10.0: calcium})
    found["rate"] = found["rate"].expand_dims(population=["SST"])
    assert verdict("V13", found) == expected


@pytest.mark.parametrize(
    ("gamma", "expected"),
    [
        ((10, 30, 60), "holds"),
        ((-10, 30, 60), "fails"),
        ((10, 60, 30), "fails"),
        ((30, 10, 60), "fails"),
        ((0, 0, 0), "inconclusive"),
    ],
)
def test_gamma_rises_at_every_dose_and_from_each_to_the_next(gamma, expected):
    found = course(AS_FOUND, power=dict(zip((2.5, 5.0, 10.0), gamma, strict=True)))
    assert verdict("V16", found.assign(power=found["power"].expand_dims(band=["gamma"]))) == expected


# Trains


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ((-8, -4, 19, 23, 21, 17, 34), "holds"),
        ((30, 20, 19, 23, 21, 17, 34), "fails"),
        ((-8, -4, 0, 1, 0, 2, 0), "fails"),
        ((-8, -4, 80, 90, 80, 90, 80), "fails"),
    ],
)
def test_calcium_of_short_trains_stays_and_that_of_longer_ones_rises_by_about_a_fifth(change, expected):
    base = np.array([1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0])
    values = np.stack([np.tile(base, (SEEDS, 1)), noisy(base * (1.0 + np.array(change) / 100.0))], axis=1)
    made = {"evoked_calcium": (("seed", "given", "pulses"), values)}
    dataset = xr.Dataset(made, {"given": [0.0, 10.0], "pulses": [1.0, 2, 4, 8, 16, 32, 64]})
    assert verdict("V13p", dataset) == expected


# Knock-outs


def knocked(left: dict[str, float], there: int = SEEDS) -> xr.Dataset:
    """What 10 mg/kg does to glutamate, of the 20 % that it does in the whole circuit; developmental circuits
    of so many seeds.
    """
    names = list(DELETED)
    rise = np.array([[0.0, 20.0 * (1.0 if n == WHOLE else left.get(n, 1.0))] for n in names])
    values = np.stack([noisy(1.0 + rise / 100.0, seed) for seed in (1, 2)], axis=1)[..., None]
    values[:, :, :, 0] = 1.0
    values[there:, 1, [k for k, n in enumerate(names) if n != WHOLE]] = np.nan
    coordinates = {"background": ["inherited", "developmental"], "deleted": names, "given": [0.0, 10.0]}
    return xr.Dataset(
        {"glutamate_release": (("seed", "background", "deleted", "given", "hour"), values)}, coordinates
    )


GABA = {"2B_SST": 0.0, "2B_PV": 0.0, "2B_GABA": 0.0}


@pytest.mark.parametrize(
    ("left", "there", "expected"),
    [
        (GABA, 10, "holds"),
        (GABA, 6, "holds"),
        (GABA | {"2B_SST": 0.8}, 10, "fails"),
        (GABA | {"2B_Pyr": 0.1}, 10, "fails"),
        (GABA | {"2B_GABA": -0.8}, 10, "fails"),
        (GABA, 0, "not testable"),
    ],
)
def test_without_2b_in_gabaergic_cells_nothing_is_left_and_without_it_in_pyramidal_cells_most_is(
    left, there, expected
):
    assert verdict("V14", knocked(left, there)) == expected
