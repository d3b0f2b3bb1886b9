"""Circuits drawn from the prior: what a draw keeps, and which circuits count."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from prelimbic.circuits import CalibrationError, Circuit, CircuitError, manipulated
from prelimbic.experiments.studies.registry import find_study
from prelimbic.experiments.sweep.study import Options, Run
from prelimbic.parameters import (
    POPULATIONS,
    PRIOR,
    Sheet,
    at_unitary,
    circuit_numbers,
    drawn,
    ranged,
    recorded,
    recording,
    sheet,
)
from prelimbic.simulation.observers import looks, prior, replay
from prelimbic.simulation.observers.prior import FIXED, SYNCHRONOUS, knobs_of, resting_rates
from prelimbic.simulation.switches import AFFINITIES
from tests.results import undescribed

CENTRE = ranged(sheet(PRIOR))
SEEDS = (1, 2, 3, 4)


def circuit(seed: int, centre: Sheet = CENTRE) -> Sheet:
    return at_unitary(drawn(centre, seed, FIXED), centre)


# Drawing


def test_a_seed_draws_one_circuit_and_another_seed_another():
    found = [circuit(seed).values() for seed in (1, 2, 3, 1)]
    assert found[0] == found[3]
    ranged = knobs_of(CENTRE)
    assert len(ranged) > 50
    for one, other in ((0, 1), (1, 2), (0, 2)):
        # such as a fraction of nothing
        assert sum(found[one][name] == found[other][name] for name in ranged) <= 3


def test_what_is_not_ranged_and_background_rates_are_as_in_the_centre():
    kept = set(CENTRE.values()) - set(knobs_of(CENTRE))
    assert {f"{p}.background_rate" for p in POPULATIONS} <= kept and "receptors.charge_potential" in kept
    for seed in SEEDS:
        values = circuit(seed).values()
        sums = [name for name in kept if ".fraction_" not in name]
        assert {name: values[name] for name in sums} == {name: CENTRE.values()[name] for name in sums}


def test_the_prior_lets_every_weight_charge_and_target_rate_vary_and_no_background_rate():
    free = ("weight", "nmda_charge", "background_nmda_charge", "background_ampa", "target_rate")
    for section, rows in CENTRE.sections.items():
        for name, row in rows.items():
            if name in free:
                assert row.range[0] < row.range[1], f"{section} {name}"
            if name == "background_rate":
                assert row.range is None, section


def test_the_numbers_of_the_receptor_of_2b_and_2d_are_among_what_varies():
    assert {f"2BD.{row}" for row in ("decay", "magnesium_half", "q10", "glutamate_ec50")} <= {
        *knobs_of(CENTRE)
    }
    for population in ("PV", "SST", "VIP"):
        rows = (f"{population}.{row}" for row in ("fraction_2BD", "tonic_2BD", "nmda_charge"))
        assert {*rows} <= {*knobs_of(CENTRE)}


# Weights


def opened(source: Sheet) -> dict[str, float]:
    """Conductance that a rested terminal opens, mean over the types of each projection, nS."""
    pairs = circuit_numbers(source).projections.items()
    return {f"{a}->{b}": p.weight * sum(share * full for share, full, *_ in p.types) for (a, b), p in pairs}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_drawn_weight_is_what_a_rested_terminal_opens_whatever_the_plasticity(seed):
    asked, found, at_centre = drawn(CENTRE, seed, FIXED).values(), opened(circuit(seed)), opened(CENTRE)
    for name, conductance in found.items():
        wanted = asked[f"{name}.weight"] / CENTRE.values()[f"{name}.weight"]
        assert conductance / at_centre[name] == pytest.approx(wanted, rel=1e-9), name
    fitted = circuit(seed).values()
    assert max(abs(np.log(fitted[f"{n}.weight"] / asked[f"{n}.weight"])) for n in found) > 0.1


def test_a_weight_may_lie_as_far_from_its_value_as_its_unitary_potential_was_recorded_to():
    for name, rows in CENTRE.sections.items():
        if "->" in name:
            size, row = recording(name, "psp"), rows["weight"]
            assert [end / row.value for end in row.range] == pytest.approx(
                [e / size.value for e in size.range]
            )


def test_a_weight_that_has_a_range_of_its_own_keeps_it_and_nothing_else_gets_one():
    before = sheet(PRIOR)
    own = replace(before.sections["PV->Pyr"]["weight"], value=1.0, range=(0.5, 3.0))
    given = before.with_sections(before.sections | {"PV->Pyr": before.sections["PV->Pyr"] | {"weight": own}})
    after = ranged(given)
    assert after.sections["PV->Pyr"]["weight"] == own
    others = [n for n, row in after.rows().items() if row != given.rows()[n]]
    assert others and all("->" in name and name.endswith(".weight") for name in others)


# Which circuits count


RANGES = {"Pyr": (1.0, 4.3), "PV": (7.0, 12.0), "SST": (3.0, 7.6), "VIP": (5.0, 16.2)}  # Hz, of the sheet


def test_circuits_may_rest_at_all_rates_that_are_aimed_at_or_else_at_those_of_the_record():
    assert resting_rates(CENTRE) == [*RANGES.values()]
    bare = CENTRE.replaced({f"{p}.target_rate": 5.0 for p in POPULATIONS})  # what is set has no range
    assert resting_rates(bare) == [recorded(p, "rate") for p in POPULATIONS]


def test_a_circuit_that_leaves_the_recorded_rates_or_fires_in_step_is_not_valid():
    middle = np.array([sum(ends) / 2 for ends in RANGES.values()])

    def rests(rate: np.ndarray, correlation: float = 0.01) -> bool:
        seen: Any = SimpleNamespace(rate=rate, pair_correlation=correlation)
        return prior.rests(seen, [*RANGES.values()])

    assert rests(middle)
    for k, limits in enumerate(RANGES.values()):
        for end, out in zip(limits, (0.99, 1.01), strict=True):
            rate = middle.copy()
            rate[k] = end
            assert rests(rate)
            rate[k] = end * out
            assert not rests(rate)
    assert rests(middle, SYNCHRONOUS * 0.99) and not rests(middle, SYNCHRONOUS * 1.01)
    assert not rests(0.0 * middle) and not rests(np.array([np.nan, *middle[1:]]))


def planned(seed: int = 1) -> Run:
    return find_study("circuit_prior").plan(Options(seeds=seed, scale=0.5, sheets=(PRIOR,)))[-1]


BRANCHES = "spines.spines.branch_spread"  # 0, or from 0.01
LACKING = ("delete-GluN2A@PV",)


@pytest.fixture
def short(monkeypatch):
    """Few and short looks, and a calibration that is content with what there is."""
    few: dict[str, Any] = {"AWAKE_UM": (0.0, 3.0), "SLICE_UM": (0.0, 10.0), "DELETED": {"2A_PV": LACKING}}
    for name, value in (few | {"SECONDS": (0.2, 1.0), "WARM_S": 1.0}).items():
        monkeypatch.setattr(looks, name, value)
    monkeypatch.setattr(replay, "AWAKE_UM", few["AWAKE_UM"])
    monkeypatch.setattr(prior, "AWAKE_UM", few["AWAKE_UM"])
    monkeypatch.setattr(prior, "rests", lambda untreated, centre: untreated.rate[0] > 0)
    monkeypatch.setattr(replay, "CELLS", 8)
    every = replay._runs

    def rats(config: Any) -> Any:
        found = dict(every(config))["cascade"]
        yield "cascade", {place: found[place] for place in ("rat/0", "rat/10")}

    monkeypatch.setattr(replay, "_runs", rats)
    monkeypatch.setattr(prior, "calibrate", lambda circuit, *rest, **more: SimpleNamespace(circuit=circuit))
    return monkeypatch


def values(seed: int) -> dict[str, np.ndarray]:
    run = planned(seed)
    made = run.compute(run.config, True, lambda seconds: None)
    assert undescribed(made) == []
    return {name: v.values for name, v in made["summary"].items()}


def test_an_examined_circuit_holds_what_was_drawn_and_what_it_does_under_either_affinity(short):
    first = values(1)
    both, n = len(AFFINITIES), len(POPULATIONS)
    assert first["rate"].shape == first["slice_rate"].shape == (both, 2, n)
    assert first["knockout_rate"].shape == first["ex_vivo_rate"].shape == (both, 2, 2, n)
    assert first["bath_rate"].shape == (both, 4, n)
    assert (first["concentration"].tolist(), first["slice_concentration"].tolist()) == (
        [0.0, 3.0],
        [0.0, 10.0],
    )
    block = dict(zip(first["affinity"].tolist(), first["block"], strict=True))
    assert not block["tissue"][0].any() and (block["tissue"][1] > block["recombinant"][1]).all()
    for name in ("rate", "slice_rate", "knockout_rate", "ex_vivo_rate", "bath_rate"):
        bare = first[name][..., 0, :]  # what holds nothing is looked at once
        assert np.array_equal(bare[0], bare[1]), name
    # a slice has less background
    assert (first["slice_background_epsc_rate"][:, 0] < first["background_epsc_rate"][:, 0]).all()
    asked = drawn(CENTRE, 1, FIXED).values()
    told = dict(zip(first["knob"].tolist(), first["drawn"].tolist(), strict=True))
    assert {k: told[k] for k in knobs_of(CENTRE)} == {k: asked[k] for k in knobs_of(CENTRE)}
    assert {"compounds.ketamine.ic50_2B", "cascade.cascade.bdnf_gain"} <= set(told)
    # the slow layer moves by what the circuit did, and not without a drug
    rest, rat = first["cascade_bdnf"][:, 0], first["cascade_bdnf"][:, 1]
    there = np.isfinite(rest)
    assert rest[there] == pytest.approx(1.0) and (rat[there] >= 1.0 - 1e-9).all()


def test_another_seed_is_another_model(short):
    config = planned(1).config
    one, other = (prior.drawn_beside(replace(config, seed=seed)) for seed in (1, 2))
    assert one.keys() == other.keys() and sum(one[k] == other[k] for k in one) < 3


def test_weights_without_a_range_are_drawn_over_that_of_the_recorded_unitary_potential():
    native = sheet("native_point")
    wide = ranged(native)
    for name in (n for n in native.sections if "->" in n):
        low, high = wide.sections[name]["weight"].range
        weight, unitary = native.sections[name]["weight"].value, recording(name, "psp")
        assert low / weight == pytest.approx(unitary.range[0] / unitary.value)
        assert high / weight == pytest.approx(unitary.range[1] / unitary.value)
    assert ranged(CENTRE).rows() == CENTRE.rows()


def test_a_circuit_that_fell_silent_after_its_calibration_is_kept_as_not_valid(short):
    def silenced(circuit: Circuit, *rest: Any, **more: Any) -> Any:
        return SimpleNamespace(circuit=manipulated(circuit, tuple(f"silence@{p}" for p in POPULATIONS)))

    short.setattr(prior, "calibrate", silenced)
    found = values(1)
    assert found["valid"] == 0.0 and "rate" not in found


def test_a_circuit_that_cannot_rest_at_its_rates_is_kept_as_not_valid_and_is_not_looked_at(short):
    def fails(circuit: Circuit, *rest: Any, **more: Any) -> None:
        assert (more["first"], more["tolerance"]) == (3, prior.TOLERANCE)
        raise CalibrationError("no")

    short.setattr(prior, "calibrate", fails)
    found, told = planned(3), []
    made = found.compute(found.config, True, told.append)
    assert undescribed(made) == []
    summary = made["summary"]
    assert summary["valid"].values == 0.0 and "rate" not in summary and len(summary["drawn"].values) > 50
    assert sum(told) == pytest.approx(prior.WORK_S)


@pytest.mark.slow
def test_a_model_of_numbers_that_no_sheet_may_have_is_kept_as_not_valid_and_is_not_calibrated(short):
    holed = [seed for seed in range(1, 300) if 0 < prior.drawn_beside(planned(seed).config)[BRANCHES] < 0.01]
    short.setattr(prior, "calibrate", lambda *circuit, **more: pytest.fail("calibrated"))
    found = values(holed[0])
    assert found["valid"] == 0.0 and "rate" not in found and len(found["drawn"]) > 50


def test_a_calibration_that_gets_nowhere_is_given_up_half_way_or_before_its_last_steps():
    circuit: Any = SimpleNamespace(
        name="x", populations=[SimpleNamespace(target_rate=hz) for hz in (2.0, 10.0, 5.0, 5.0)]
    )
    at = np.array([2.0, 10.0, 5.0, 5.0])

    def ended(*told: tuple[str, float]) -> bool:
        hear = prior.giving_up(circuit)
        try:
            for stage, factor in told:
                hear(stage, at * np.array([1.0, factor, 1.0, 1.0]))
        except CalibrationError:
            return True
        return False

    coarse = [("coarse", 9.0)] * (prior.GIVEN_UP["coarse"][0] - 1)
    assert not ended(*coarse) and ended(*coarse, ("coarse", 5.0)) and ended(*coarse, ("coarse", 0.0))
    assert not ended(*coarse, ("coarse", 3.0), ("coarse", 9.0))
    assert ended(("probe", 2.1)) and ended(("probe", 0.4)) and not ended(("probe", 1.9))
    # what a probe of one class does to others is no rest that is missed
    assert not ended(("probe", 1.0), ("probe", 9.0), ("newton", 9.0), ("check", 9.0))


def test_without_a_compiler_no_circuit_is_examined():
    run = planned()
    with pytest.raises(CircuitError, match="compiler"):
        run.compute(run.config, False, lambda seconds: None)
