"""Circuits drawn from the prior: what a draw keeps, which circuits count, and what is said of many of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from rich.console import Console

from circuits import BANDS, CalibrationError, Circuit, CircuitError
from circuits.calibrate import target_rates
from circuits.describe import with_background
from experiments import prior
from experiments.prior import AWAKE_UM, FIXED, SLICE_UM, STRAYED, SYNCHRONOUS, knobs_of, rested
from experiments.prior_answers import (
    CLEAR,
    answer,
    ends,
    interval,
    knobs,
    logs,
    separation,
    shows_dose_curve,
    shows_gamma,
    shows_slice,
    surges,
    told_share,
    turns,
    valid_circuits,
)
from experiments.study import Options, Run, find_study
from parameters import POPULATIONS, PRIOR, SUBUNITS, Sheet, drawn, sheet
from tests.conftest import small_circuit

CENTRE = sheet(PRIOR)
SEEDS = (1, 2, 3, 4)


def circuit(seed: int, centre: Sheet = CENTRE) -> Sheet:
    return rested(drawn(centre, seed, FIXED), centre)


# Drawing


def test_a_seed_draws_one_circuit_and_another_seed_another():
    found = [circuit(seed).values() for seed in (1, 2, 3, 1)]
    assert found[0] == found[3]
    ranged = knobs_of(CENTRE)
    assert len(ranged) > 50
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert sum(found[one][name] == found[other][name] for name in ranged) <= 3  # such as a fraction of nothing


def test_what_is_not_ranged_and_background_rates_are_as_in_the_centre():
    kept = set(CENTRE.values()) - set(knobs_of(CENTRE))
    assert {f"{p}.background_rate" for p in POPULATIONS} <= kept and "Pyr.capacitance" in kept
    for seed in SEEDS:
        values = circuit(seed).values()
        sums = [name for name in kept if ".fraction_" not in name]
        assert {name: values[name] for name in sums} == {name: CENTRE.values()[name] for name in sums}


def test_the_prior_lets_every_weight_nmda_ratio_and_target_rate_vary_and_no_background_rate():
    for section, rows in CENTRE.sections.items():
        for name, row in rows.items():
            if name in ("weight", "nmda_to_ampa", "background_nmda_to_ampa", "background_ampa", "target_rate"):
                assert row.range[0] < row.value <= row.range[1], f"{section} {name}"
            if name == "background_rate":
                assert row.range is None, section


# Fitting to what else was drawn


def terminal(numbers: dict[str, float], projection: str, spikes: int = 12000) -> tuple[float, dict[str, float]]:
    """Mean release at a spike of a cell that fires at random at its resting rate, and the mean opening by subunit: spike by spike
    after Tsodyks and Markram, receptors that hold glutamate taking none."""
    full, recovery, facilitation = (numbers[f"{projection}.{row}"] for row in ("release", "recovery", "facilitation"))
    take, decays = numbers["receptors.nmda_saturation"], np.array([numbers[f"{k}.decay"] for k in SUBUNITS])
    gaps = np.random.default_rng(1).exponential(1e3 / numbers[f"{projection.split('->')[0]}.target_rate"], spikes)
    used, left, held, released, opened = 0.0, 1.0, np.zeros(len(SUBUNITS)), [], []
    for gap in gaps:
        used *= np.exp(-gap / facilitation)
        used += full * (1.0 - used)
        left = 1.0 - (1.0 - left) * np.exp(-gap / recovery)
        held = held * np.exp(-gap / decays)
        out = used * left
        opened.append(out * (1.0 - held))
        held, left = held + take * opened[-1], left - out
        released.append(out)
    return float(np.mean(released)), dict(zip(SUBUNITS, np.mean(opened, axis=0).tolist(), strict=True))


def charge(numbers: dict[str, float], population: str) -> float:
    """NMDA charge of a Pyr terminal's release over its peak, ms: what its mean opening comes to until it has decayed."""
    release, opened = terminal(numbers, f"Pyr->{population}")
    return sum(numbers[f"{population}.fraction_{k}"] * _area(opened[k], numbers[f"{k}.decay"]) for k in SUBUNITS) / release


def _area(peak: float, decay: float) -> float:
    times = np.linspace(0.0, 20.0 * decay, 4001)
    return float(np.trapezoid(peak * np.exp(-times / decay), times))


def ratio_kept(centre: Sheet, seed: int, row: str = "nmda_to_ampa") -> list[float]:
    """By population: charge per release of a drawn circuit over that of the centre, against what the drawn ratio asked for."""
    asked, found, before = drawn(centre, seed, FIXED).values(), circuit(seed, centre).values(), centre.values()
    return [
        found[f"{p}.{row}"] * charge(found, p) / (before[f"{p}.{row}"] * charge(before, p))
        / (asked[f"{p}.{row}"] / before[f"{p}.{row}"])
        for p in POPULATIONS
    ]  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_a_drawn_weight_is_conductance_per_spike_at_rest_whatever_the_plasticity(seed):
    asked, found, before = drawn(CENTRE, seed, FIXED).values(), circuit(seed).values(), CENTRE.values()
    moved = []
    for name in [n for n in CENTRE.sections if "->" in n]:
        delivered, at_centre = (v[f"{name}.weight"] * terminal(v, name)[0] for v in (found, before))
        wanted = asked[f"{name}.weight"] / before[f"{name}.weight"]
        assert delivered / at_centre == pytest.approx(wanted, rel=0.04), name
        moved.append(found[f"{name}.weight"] / asked[f"{name}.weight"])
    assert max(np.abs(np.log(moved))) > 0.1  # it took some fitting


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("row", ["nmda_to_ampa", "background_nmda_to_ampa"])
def test_a_drawn_nmda_ratio_is_charge_where_receptors_never_fill_up(seed, row):
    free = CENTRE.replaced({"receptors.nmda_saturation": 0.0})
    assert ratio_kept(free, seed, row) == pytest.approx([1.0] * len(POPULATIONS), rel=0.02)


FULL = {"release": 1.0, "recovery": 1e-3, "facilitation": 1e-3}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_drawn_nmda_ratio_is_charge_per_release_where_terminals_release_all_they_have(seed):
    whole = CENTRE.replaced({f"Pyr->{p}.{row}": value for p in POPULATIONS for row, value in FULL.items()})
    assert ratio_kept(whole, seed) == pytest.approx([1.0] * len(POPULATIONS), rel=0.05)
    assert max(abs(np.log(_drawn_over_fitted(whole, seed)))) > 0.1


def _drawn_over_fitted(centre: Sheet, seed: int) -> np.ndarray:
    asked, found = drawn(centre, seed, FIXED).values(), circuit(seed, centre).values()
    return np.array([asked[f"{p}.nmda_to_ampa"] / found[f"{p}.nmda_to_ampa"] for p in POPULATIONS])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.xfail(strict=True, reason="filling is reckoned for full releases, though terminals release 0.1 to 0.4 of them")
def test_a_drawn_nmda_ratio_is_charge_per_release_in_the_circuit_as_it_is(seed):
    assert ratio_kept(CENTRE, seed) == pytest.approx([1.0] * len(POPULATIONS), rel=0.05)


# Which circuits count


def activity(circuit: Circuit, off: tuple[float, ...] = (0.0,) * 4, correlation: float = 0.01) -> Any:
    return SimpleNamespace(rate=target_rates(circuit) * (1.0 + np.array(off)), pair_correlation=correlation)


def test_a_circuit_that_strays_from_its_rates_or_fires_in_step_is_not_valid():
    small, far, near = small_circuit("point"), STRAYED + 0.02, STRAYED - 0.02
    assert prior._rests(small, activity(small))
    for k in range(len(POPULATIONS)):
        for sign in (-1.0, 1.0):
            assert prior._rests(small, activity(small, tuple(sign * near * (k == p) for p in range(4))))
            assert not prior._rests(small, activity(small, tuple(sign * far * (k == p) for p in range(4))))
    assert not prior._rests(small, activity(small, correlation=SYNCHRONOUS * 1.01))
    assert prior._rests(small, activity(small, correlation=SYNCHRONOUS * 0.99))
    assert not prior._rests(small, activity(small, (-1.0,) * 4))
    assert not prior._rests(small, activity(small, (float("nan"), 0.0, 0.0, 0.0)))


def planned(seed: int = 1) -> Run:
    return find_study("circuit_prior").plan(Options(seeds=seed, scale=0.5, sheets=(PRIOR,)))[-1]


@pytest.fixture
def short(monkeypatch):
    """Few and short looks, and a calibration that is content with what there is."""
    for name, value in {"AWAKE_UM": (0.0, 50.0), "SLICE_UM": (0.0, 10.0), "SECONDS": (0.2, 1.0), "WARM_S": 1.0}.items():
        monkeypatch.setattr(prior, name, value)
    monkeypatch.setattr(prior, "calibrate", lambda circuit, *rest, **more: SimpleNamespace(circuit=circuit))
    return monkeypatch


def values(seed: int) -> dict[str, np.ndarray]:
    run = planned(seed)
    return {name: v.values for name, v in run.compute(run.config, True, lambda seconds: None)["summary"].items()}


def test_an_examined_circuit_holds_what_was_drawn_and_what_it_does_awake_and_as_a_slice(short):
    first, again, other = values(1), values(1), values(2)
    assert first.keys() == other.keys()
    for name in ("drawn", "rate", "slice_sepsc_rate", "valid"):
        assert np.array_equal(first[name], again[name])
    assert not np.array_equal(first["drawn"], other["drawn"]) and not np.array_equal(first["rate"], other["rate"])
    assert first["rate"].shape == first["slice_rate"].shape == (2, len(POPULATIONS))
    assert (first["concentration"].tolist(), first["slice_concentration"].tolist()) == ([0.0, 50.0], [0.0, 10.0])
    for block in (first["block"], first["slice_block"]):
        assert not block[0].any() and (block[1] > 0).all()
    assert (first["nmda_share"][1] < first["nmda_share"][0]).all()
    assert first["slice_background_epsc_rate"][0] < first["background_epsc_rate"][0]  # a slice has less background
    assert len(first["drawn"]) == len(first["knob"]) == len(knobs_of(CENTRE))


def test_a_circuit_that_fell_silent_after_its_calibration_is_kept_as_not_valid(short):
    def silenced(circuit: Circuit, *rest: Any, **more: Any) -> Any:
        return SimpleNamespace(circuit=with_background(circuit, [1.0] * 4))

    short.setattr(prior, "calibrate", silenced)
    found = values(1)
    assert found["valid"] == 0.0 and not found["rate"][0].any()


def test_a_circuit_that_cannot_rest_at_its_rates_is_kept_as_not_valid_and_is_not_looked_at(short):
    def fails(circuit: Circuit, *rest: Any, **more: Any) -> None:
        assert (more["first"], more["tolerance"]) == (3, prior.TOLERANCE)
        raise CalibrationError("no")

    short.setattr(prior, "calibrate", fails)
    found, told = planned(3), []
    summary = found.compute(found.config, True, told.append)["summary"]
    assert summary["valid"].values == 0.0 and "rate" not in summary and len(summary["drawn"].values) > 50
    assert sum(told) == pytest.approx(prior.WORK_S)


def test_without_a_compiler_no_circuit_is_examined():
    run = planned()
    with pytest.raises(CircuitError, match="compiler"):
        run.compute(run.config, False, lambda seconds: None)


# What is said of many

N_UM, N_SLICE = len(AWAKE_UM), len(SLICE_UM)
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
        {"seed": np.arange(1, len(rows) + 1), "concentration": list(AWAKE_UM), "population": list(POPULATIONS)},
    )


def by_concentration(name: str, rows: list[list[float]]) -> xr.Dataset:
    return circuits([CURVES["flat"]] * len(rows), **{name: (("seed", "concentration"), np.array(rows, dtype=float))})


def test_a_surge_is_a_rise_by_a_fifth_at_one_to_three_micromolar_and_an_inverted_u_one_that_ends_no_higher_than_at_rest():
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
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718), (20, 20, 0.8389, 1.0)],
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
        assert [abs(k.rho) for k in (first, *others)] == sorted((abs(k.rho) for k in (first, *others)), reverse=True)
        false += sum(k.clear for k in others)
    assert false <= 2  # one in twenty tries, of all numbers together


def test_a_readout_that_nothing_drives_has_no_clear_number():
    rng = np.random.default_rng(3)
    found = circuits([CURVES["flat"]] * 100, drawn=(("seed", "knob"), rng.random((100, 30)))).assign_coords(knob=np.arange(30))
    assert not any(k.clear for k in knobs(found, rng.random(100)))


def test_the_logarithm_of_silence_is_that_of_a_hundredth():
    assert logs(np.array([0.0, 0.001, 1.0])) == pytest.approx([np.log(0.01), np.log(0.01), 0.0])


# sEPSC rate, their amplitude, sIPSC rate at 0, 1 and 10 uM; as claim V10 says, and with one thing wrong each.
V10 = {
    "as found": ((10, 12, 5), (20, 22, 15), (8, 6, 4), True),
    "sEPSC rate unchanged at 1 uM": ((10, 10.1, 5), (20, 22, 15), (8, 6, 4), False),
    "sEPSC rate down at 1 uM": ((10, 8, 5), (20, 22, 15), (8, 6, 4), False),
    "sEPSC amplitude down at 1 uM": ((10, 12, 5), (20, 19, 15), (8, 6, 4), False),
    "sIPSC rate up at 1 uM": ((10, 12, 5), (20, 22, 15), (8, 9, 4), False),
    "sIPSC rate up at 10 uM": ((10, 12, 5), (20, 22, 15), (8, 6, 9), False),
    "sEPSC rate up at 10 uM": ((10, 12, 11), (20, 22, 15), (8, 6, 4), False),
    "amplitude of no consequence at 10 uM": ((10, 12, 5), (20, 22, 50), (8, 6, 4), True),
    "a silent slice": ((0, 0, 0), (np.nan, np.nan, np.nan), (0, 0, 0), False),
}


@pytest.mark.parametrize(("rate", "amplitude", "inhibition", "shown"), V10.values(), ids=V10)
def test_a_slice_shows_the_finding_when_every_sign_is_right(rate, amplitude, inhibition, shown):
    names = {"slice_sepsc_rate": rate, "slice_sepsc_amplitude": amplitude, "slice_sipsc_rate": inhibition}
    made = {name: (("seed", "slice_concentration"), np.array([v, V10["as found"][0]], dtype=float)) for name, v in names.items()}
    assert shows_slice(circuits([CURVES["flat"]] * 2, **made)).tolist()[0] == shown


# Glutamate at AWAKE_UM, %; as claim V11 says, and with one thing wrong each.
V11 = {
    "as found": ((0, 10, 20, 30, 40, 30, 0, -40, -60, -80, -90), True),
    "no rise": ((0, 0, 0, 0, 0, 0, 0, -40, -60, -80, -90), False),
    "no rise at low doses": ((0, -20, -20, -20, 60, 80, 20, -40, -60, -80, -90), False),
    "still up at 50 mg/kg": ((0, 10, 20, 30, 40, 40, 40, 30, -60, -80, -90), False),
    "down at 50 mg/kg": ((0, 10, 30, 60, 40, -40, -70, -90, -95, -98, -99), False),
    "no fall at 200 mg/kg": ((0, 10, 20, 20, 20, 10, 0, 0, 0, 0, 0), False),
}


@pytest.mark.parametrize(("percent", "shown"), V11.values(), ids=V11)
def test_a_circuit_shows_the_dose_curve_when_glutamate_rises_is_back_and_falls(percent, shown):
    curves = [7.0 * (1.0 + np.array(row) / 100.0) for row in (percent, V11["as found"][0])]
    assert shows_dose_curve(by_concentration("glutamate_release", curves)).tolist() == [shown, True]


# Gamma at AWAKE_UM over rest.  2.5, 5 and 10 mg/kg peak at 0.55, 1.1 and 2.2 uM in rat.
V16 = {
    "rises with the dose": (np.linspace(1.0, 3.0, N_UM), True),
    "rises, then falls beyond 10 mg/kg": ([1, 1.2, 1.4, 1.8, 1.6, 1, 1, 1, 1, 1, 1], True),
    "no more at 5 than at 2.5 mg/kg": ([1, 1.5, 1.5, 1.5, 2.0, 2, 2, 2, 2, 2, 2], False),
    "falls from 5 to 10 mg/kg": ([1, 1.2, 1.6, 1.2, 1.1, 1, 1, 1, 1, 1, 1], False),
    "falls at 2.5 mg/kg": ([1, 0.9, 1.4, 1.8, 1.9, 2, 2, 2, 2, 2, 2], False),
    "hardly rises at 2.5 mg/kg": ([1, 1.0 + CLEAR / 300, 1.02, 1.8, 1.9, 2, 2, 2, 2, 2, 2], False),
    "never moves": ([1.0] * N_UM, False),
}


@pytest.mark.parametrize(("over_rest", "shown"), V16.values(), ids=V16)
def test_a_circuit_shows_the_finding_about_gamma_when_every_dose_has_more_than_the_one_below(over_rest, shown):
    power = np.ones((2, N_UM, len(BANDS)))
    power[0, :, list(BANDS).index("gamma")] = 4.0 * np.array(over_rest)
    power[1, :, list(BANDS).index("hfo")] = np.linspace(1.0, 3.0, N_UM)  # another band is of no account
    made = circuits([CURVES["flat"]] * 2, power=(("seed", "concentration", "band"), power)).assign_coords(band=list(BANDS))
    assert shows_gamma(made).tolist() == [shown, False]


def test_the_answer_counts_the_circuits_that_rest_and_shares_among_these():
    order = ["inverted U"] * 3 + ["surge alone"] * 3 + ["flat"] * 6
    found = circuits([CURVES[name] for name in [*order, "inverted U", "inverted U"]])
    rng, n = np.random.default_rng(1), len(order) + 2
    flat = np.ones((n, N_UM, 4)) * 0.5 + 0.01 * rng.random((n, N_UM, 4))
    slices = {f"slice_{name}": (("seed", "slice_concentration"), np.ones((n, N_SLICE)))
              for name in ("sepsc_rate", "sepsc_amplitude", "sipsc_rate")}  # fmt: skip
    found = found.assign(
        valid=("seed", np.array([1.0] * len(order) + [0.0] * 2)), drawn=(("seed", "knob"), rng.random((n, 10))),
        nmda_share=(("seed", "concentration", "population"), flat),
        glutamate_release=(("seed", "concentration"), np.ones((n, N_UM))),
        power=(("seed", "concentration", "band"), np.ones((n, N_UM, len(BANDS)))), **slices,
    ).assign_coords(knob=np.arange(10), band=list(BANDS))  # fmt: skip
    assert valid_circuits(found).sizes["seed"] == len(order)
    shown, said = answer(found.expand_dims(sheet=["mine"]))
    assert said.startswith("Sheet mine: 12 of 14 circuits rest") and "50 % (25 to 75) show the surge and 25 % (9 to 53)" in said
    screen = Console(width=150)
    with screen.capture() as captured:
        screen.print(shown)
    assert "claim V10" in captured.get() and "claim V16" in captured.get()
    few = found.assign(valid=("seed", np.eye(n)[0]))
    assert answer(few.expand_dims(sheet=["mine"]))[1] == "Sheet mine: 1 of 14 circuits rest at their target rates."
