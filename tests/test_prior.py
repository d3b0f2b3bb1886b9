"""What is said of many circuits: how many show what, which number moves it, and when a circuit shows a
claim.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from prelimbic.circuits import BANDS
from prelimbic.experiments.claims.board import ALL_CLAIMS
from prelimbic.experiments.claims.claim import shows_it
from prelimbic.experiments.readouts.drawn import DRAWN
from prelimbic.experiments.readouts.prior import (
    ends,
    felt,
    interval,
    knobs,
    logs,
    separation,
    surges,
    told_share,
    turns,
    valid_circuits,
)
from prelimbic.experiments.studies.circuit_prior import answer
from prelimbic.parameters import POPULATIONS
from prelimbic.simulation.observers.looks import AWAKE_UM, SLICE_UM

N_UM = len(AWAKE_UM)
BY_ID = {c.id: c for c in ALL_CLAIMS}
CURVES = {
    "flat": [1.0] * N_UM,
    "inverted U": [1, 1.1, 1.2, 1.3, 1.4, 1.3, 1.2, 1.0, 0.8, 0.5, 0.2],
    "surge alone": [1, 1.1, 1.2, 1.3, 1.4, 1.4, 1.4, 1.4, 1.4, 1.4, 1.4],
    "late": [1, 1, 1, 1, 1, 1.5, 1.5, 1.5, 1.2, 0.8, 0.2],  # nothing at 1 to 3 uM
    "falls": [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0],
}


def circuits(pyr: list[list[float]], **more: xr.DataArray) -> xr.Dataset:
    """Circuits of whom Pyr cells fire so, over rest; one a row."""
    rows = np.array(pyr, dtype=float)
    rate = np.stack([2.5 * rows, *(np.full_like(rows, hz) for hz in (12.0, 6.0, 7.0))], axis=-1)
    return xr.Dataset(
        {"rate": (("seed", "concentration", "population"), rate)} | more,
        {
            "seed": np.arange(1, len(rows) + 1),
            "concentration": list(AWAKE_UM),
            "population": list(POPULATIONS),
        },
    )


def by_concentration(name: str, rows: list[list[float]]) -> xr.Dataset:
    return circuits(
        [CURVES["flat"]] * len(rows), **{name: (("seed", "concentration"), np.array(rows, dtype=float))}
    )


def test_a_surge_is_a_rise_by_a_fifth_at_1_to_3_micromolar_and_an_inverted_u_one_that_ends_no_higher():
    found = circuits(list(CURVES.values()))
    assert surges(found) == pytest.approx([1.0, 1.4, 1.4, 1.0, 0.8])
    assert ends(found) == pytest.approx([1.0, 0.2, 1.4, 0.2, 0.0])
    assert turns(found).tolist() == [False, True, False, False, False]
    least = circuits([[1, 1, 1.2, *end] for end in ([1.1] * 8, [1.11] * 8)])
    assert turns(least).tolist() == [True, False]


def test_what_separates_circuits_is_the_nmda_share_of_pv_and_sst_less_that_of_pyramidal_cells_at_rest():
    share = np.full((2, N_UM, 4), 0.9)
    share[:, 0] = [[0.2, 0.3, 0.5, 0.9], [0.5, 0.1, 0.3, 0.0]]
    found = circuits([CURVES["flat"]] * 2, nmda_share=(("seed", "concentration", "population"), share))
    assert separation(found) == pytest.approx([0.2, -0.3])


# Newcombe 1998, Statistics in Medicine 17: 857, table of the score method without continuity correction.
@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (20, 20, 0.8389, 1.0),
    ],
)
def test_the_interval_of_a_share_is_wilsons(count, of, low, high):
    assert interval(count / of, of) == pytest.approx((low, high), abs=6e-5)
    assert told_share(np.arange(of) < count).startswith(f"{100 * count / of:.0f} % ({100 * low:.0f} to")


def test_the_one_number_that_drives_a_readout_is_found_first_and_no_other_is_called_clear():
    names = [f"k{i}" for i in range(60)]
    false = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        values = rng.lognormal(size=(200, 60))
        found = circuits([CURVES["flat"]] * 200, drawn=(("seed", "knob"), values)).assign_coords(knob=names)
        driven = np.exp(-2.0 * values[:, 17]) + 0.2 * rng.normal(size=200)
        first, *others = knobs(found, driven)
        assert (first.name, first.clear) == ("k17", True) and first.rho < -0.5
        assert [abs(k.rho) for k in (first, *others)] == sorted(
            (abs(k.rho) for k in (first, *others)), reverse=True
        )
        false += sum(k.clear for k in others)
    assert false <= 2  # one in twenty tries, of all numbers together


def test_a_readout_that_nothing_drives_has_no_clear_number():
    rng = np.random.default_rng(3)
    found = circuits([CURVES["flat"]] * 100, drawn=(("seed", "knob"), rng.random((100, 30)))).assign_coords(
        knob=np.arange(30)
    )
    assert not any(k.clear for k in knobs(found, rng.random(100)))


def test_the_logarithm_of_silence_is_that_of_a_hundredth():
    assert logs(np.array([0.0, 0.001, 1.0])) == pytest.approx([np.log(0.01), np.log(0.01), 0.0])


# Drawn models as studies have their runs


def shown(claim: str, study: str, models: xr.Dataset) -> list[float]:
    """Of each model whether it shows a claim."""
    bench: Any = SimpleNamespace(dataset=DRAWN[study](models).assign_attrs(drawn=1))
    return shows_it(BY_ID[claim], bench).tolist()


# sEPSC and sIPSC rate at 0, 1 and 10 uM; as claim V10 says, and with one thing wrong each.
V10 = {
    "as found": ((10, 12, 5), (8, 6, 4), 1),
    "sEPSC rate unchanged at 1 uM": ((10, 10.1, 5), (8, 6, 4), 0),
    "sEPSC rate down at 1 uM": ((10, 8, 5), (8, 6, 4), 0),
    "sIPSC rate up at 1 uM": ((10, 12, 5), (8, 9, 4), 0),
    "sIPSC rate unchanged at 1 uM": ((10, 12, 5), (8, 7.9, 4), 0),
    "sIPSC rate up at 10 uM": ((10, 12, 5), (8, 6, 9), 0),
    "sEPSC rate up at 10 uM": ((10, 12, 11), (8, 6, 4), 0),
    "silenced by the drug": ((10, 0, 0), (8, 0, 0), 0),
    "a silent slice": ((0, 0, 0), (0, 0, 0), np.nan),
    "no inhibition to lose": ((10, 12, 5), (0, 0, 0), np.nan),
}


def slices(**rows: Any) -> xr.Dataset:
    """A circuit of such events in a slice at 0, 1 and 10 uM, and one that shows claim V10."""
    as_found = V10["as found"][0]
    made = {
        f"slice_{name}": (("seed", "slice_concentration"), np.array([v, as_found], dtype=float))
        for name, v in rows.items()
    }
    return circuits([CURVES["flat"]] * 2, **made).assign_coords(slice_concentration=list(SLICE_UM))


@pytest.mark.parametrize(("excitation", "inhibition", "expected"), V10.values(), ids=V10)
def test_a_sliceshows_it_the_finding_when_every_sign_is_right_and_a_silent_one_says_nothing(
    excitation, inhibition, expected
):
    found = slices(sepsc_rate=excitation, sipsc_rate=inhibition)
    np.testing.assert_array_equal(shown("V10", "slice", found)[0], expected)


@pytest.mark.parametrize(
    ("amplitude", "expected"),
    [((20, 22, 15), 1), ((20, 19, 30), 0), ((20, 20, 20), 0), ((np.nan,) * 3, np.nan)],
)
def test_a_sliceshows_it_larger_events_when_they_are_larger_at_one_micromolar(amplitude, expected):
    np.testing.assert_array_equal(shown("V10a", "slice", slices(sepsc_amplitude=amplitude))[0], expected)


# Glutamate at AWAKE_UM, %, and whether it rises after 10 and 20 mg/kg, rises after 30, and is back at 50 and
# down at 200.
V11 = {
    "as found": ((0, 10, 20, 30, 40, 30, 0, -40, -60, -80, -90), (True, True, True)),
    "no rise": ((0, 0, 0, 0, 0, 0, 0, -40, -60, -80, -90), (False, False, True)),
    "no rise at low doses": ((0, -20, -20, -20, 60, 80, 20, -40, -60, -80, -90), (False, True, False)),
    "still up at 50 mg/kg": ((0, 10, 20, 30, 40, 40, 40, 30, -60, -80, -90), (True, True, False)),
    "down from 30 mg/kg on": ((0, 10, 30, 40, 0, -40, -70, -90, -95, -98, -99), (True, False, False)),
    "no fall at 200 mg/kg": ((0, 10, 20, 20, 20, 10, 0, 0, 0, 0, 0), (True, True, False)),
    "never moves": ((0,) * N_UM, (False, False, False)),
}


@pytest.mark.parametrize(("percent", "expected"), V11.values(), ids=V11)
def test_a_circuitshows_it_a_limb_of_the_dose_curve_when_glutamate_is_where_it_was_at_each_of_its_doses(
    percent, expected
):
    curves = [7.0 * (1.0 + np.array(row) / 100.0) for row in (percent, V11["as found"][0])]
    found = by_concentration("glutamate_release", curves)
    limbs = [shown(claim, "surge", found) for claim in ("V11", "V11c", "V11f")]
    assert limbs == [[flag, True] for flag in expected]


# Gamma at AWAKE_UM over rest.  2.5, 5 and 10 mg/kg peak at 0.55, 1.1 and 2.2 uM in rat.
V16 = {
    "rises with the dose": (np.linspace(1.0, 3.0, N_UM), True),
    "rises, then falls beyond 10 mg/kg": ([1, 1.2, 1.4, 1.8, 1.6, 1, 1, 1, 1, 1, 1], True),
    "rises, but for the noise of one look": ([1, 1.2, 1.19, 1.8, 1.9, 2, 2, 2, 2, 2, 2], True),
    "rises, and is back at 10 mg/kg": ([1, 1.2, 1.1, 0.9, 0.9, 1, 1, 1, 1, 1, 1], False),
    "falls with the dose": ([1, 0.9, 0.8, 0.7, 0.6, 2, 2, 2, 2, 2, 2], False),
    "falls, and rises where no such dose comes": ([1, 0.9, 0.9, 0.9, 0.9, 3, 3, 3, 3, 3, 3], False),
    "never moves": ([1.0] * N_UM, False),
}


@pytest.mark.parametrize(("over_rest", "expected"), V16.values(), ids=V16)
def test_a_circuitshows_it_the_finding_about_gamma_when_it_rises_over_the_doses_by_one_slope(
    over_rest, expected
):
    power = np.ones((2, N_UM, len(BANDS)))
    power[0, :, list(BANDS).index("gamma")] = 4.0 * np.array(over_rest)
    power[1, :, list(BANDS).index("hfo")] = np.linspace(1.0, 3.0, N_UM)  # another band is of no account
    made = circuits([CURVES["flat"]] * 2, power=(("seed", "concentration", "band"), power)).assign_coords(
        band=list(BANDS)
    )
    assert shown("V16", "surge", made) == [expected, False]


def by_place(study: str, places: list[str], name: str, rows: list[list[float]]) -> xr.Dataset:
    """A readout of the slow layer of one model, by place and readout."""
    dims = ("seed", f"{study}_place", f"{study}_readout")
    made = {f"{study}_{name}": (dims, np.array([rows]))}
    return xr.Dataset(made, {"seed": [1], f"{study}_place": places, f"{study}_readout": ["rest", "24 h"]})


def test_the_slow_layer_of_a_model_is_read_as_its_studies_are():
    groups = ["control", "stress", "stress, ketamine"]
    rows = [[80.0, 80.0], [60.0, 60.0], [60.0, 75.0]]
    made = by_place("stress", groups, "spines", rows)
    assert (shown("V23", "stress", made), shown("V23r", "stress", made)) == ([1.0], [1.0])
    human = by_place("human_dose", ["0", "0.5"], "spines", [[80.0, 80.0], [80.0, 84.0]])
    assert shown("V32", "human_dose", human) == [1.0]
    course = DRAWN["cascade"](
        by_place(
            "cascade", ["rat/0", "rat/10", "mouse/0", "mouse/10"], "spines", [[1, 1], [1, 2], [1, 3], [1, 4]]
        )
    )
    found = course["spines"].sel(readout="24 h", seed=1)
    assert [
        float(found.sel(species=a, dose=d)) for a, d in (("rat", 0.0), ("rat", 10.0), ("mouse", 10.0))
    ] == [
        1.0,
        2.0,
        4.0,
    ]


def test_numbers_that_no_bath_of_ketamine_feels_part_no_circuits():
    found = ["Pyr.leak", "compounds.ketamine.ic50_2B", "compounds.tissue.factor"]
    unfelt = ["compounds.memantine.molar_mass", "cascade.cascade.gain", "spines.spines.formation_gain"]
    cell = xr.Dataset({"drawn": ("knob", np.arange(6.0))}, {"knob": [*unfelt, *found]})
    assert felt(cell)["knob"].values.tolist() == found and felt(cell)["drawn"].values.tolist() == [
        3.0,
        4.0,
        5.0,
    ]


def test_the_answer_counts_the_circuits_that_rest_and_shares_among_these():
    order = ["inverted U"] * 3 + ["surge alone"] * 3 + ["flat"] * 6
    found = circuits([CURVES[name] for name in [*order, "inverted U", "inverted U"]])
    rng, n = np.random.default_rng(1), len(order) + 2
    flat = np.ones((n, N_UM, 4)) * 0.5 + 0.01 * rng.random((n, N_UM, 4))
    found = found.assign(
        valid=("seed", np.array([1.0] * len(order) + [0.0] * 2)),
        drawn=(("seed", "knob"), rng.random((n, 10))),
        nmda_share=(("seed", "concentration", "population"), flat),
    ).assign_coords(knob=np.arange(10))
    assert valid_circuits(found).sizes["seed"] == len(order)
    told = answer(found.expand_dims(sheet=["mine"], affinity=["recombinant"]))
    assert (
        told.found.startswith("Sheet mine: 12 of 14 circuits rest")
        and "50 % (25 to 75) show the surge and 25 % (9 to 53)" in told.found
    )
    shares, separations, moving, parted = told.tables
    assert shares.loc["surge"].tolist() == ["50 % (25 to 75)", 12]
    assert separations["circuits", ""].sum() == parted["circuits", ""].sum() == 12 and len(moving) == 16
    few = found.assign(valid=("seed", np.eye(n)[0]))
    assert (
        answer(few.expand_dims(sheet=["mine"], affinity=["recombinant"])).found
        == "Sheet mine: 1 of 14 circuits rest at recorded rates."
    )
