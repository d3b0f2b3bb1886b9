"""Circuits drawn from the prior: what a draw keeps, and which circuits count."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from prelimbic.circuits import CalibrationError, Circuit, CircuitError
from prelimbic.circuits.describe import with_background
from prelimbic.experiments.studies.registry import find_study
from prelimbic.experiments.sweep.study import Options, Run
from prelimbic.parameters import POPULATIONS, PRIOR, SUBUNITS, Sheet, drawn, recording, sheet
from prelimbic.parameters.prior import with_weights_ranged
from prelimbic.simulation.observers import looks, prior, replay
from prelimbic.simulation.observers.looks import AFFINITIES
from prelimbic.simulation.observers.prior import FIXED, SYNCHRONOUS, knobs_of, rested
from tests.results import undescribed

CENTRE = sheet(PRIOR)
SEEDS = (1, 2, 3, 4)
KINDS = tuple(k for k in SUBUNITS if k in CENTRE.sections)


def circuit(seed: int, centre: Sheet = CENTRE) -> Sheet:
    return rested(drawn(centre, seed, FIXED), centre)


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
    assert {f"{p}.background_rate" for p in POPULATIONS} <= kept and "Pyr.capacitance" in kept
    for seed in SEEDS:
        values = circuit(seed).values()
        sums = [name for name in kept if ".fraction_" not in name]
        assert {name: values[name] for name in sums} == {name: CENTRE.values()[name] for name in sums}


def test_the_prior_lets_every_weight_nmda_ratio_and_target_rate_vary_and_no_background_rate():
    for section, rows in CENTRE.sections.items():
        for name, row in rows.items():
            if name in (
                "weight",
                "nmda_to_ampa",
                "background_nmda_to_ampa",
                "background_ampa",
                "target_rate",
            ):
                assert row.range[0] < row.value <= row.range[1], f"{section} {name}"
            if name == "background_rate":
                assert row.range is None, section


# Fitting to what else was drawn


def terminal(
    numbers: dict[str, float], projection: str, spikes: int = 12000
) -> tuple[float, dict[str, float]]:
    """Mean release at a spike of a cell that fires at random at its resting rate, and the mean opening by
    subunit: spike by spike after Tsodyks and Markram, receptors that hold glutamate taking none.
    """
    full, recovery, facilitation = (
        numbers[f"{projection}.{row}"] for row in ("release", "recovery", "facilitation")
    )
    take, decays = numbers["receptors.nmda_saturation"], np.array([numbers[f"{k}.decay"] for k in KINDS])
    gaps = np.random.default_rng(1).exponential(
        1e3 / numbers[f"{projection.split('->')[0]}.target_rate"], spikes
    )
    used, left, held, released, opened = 0.0, 1.0, np.zeros(len(KINDS)), [], []
    for gap in gaps:
        used *= np.exp(-gap / facilitation)
        used += full * (1.0 - used)
        left = 1.0 - (1.0 - left) * np.exp(-gap / recovery)
        held = held * np.exp(-gap / decays)
        out = used * left
        opened.append(out * (1.0 - held))
        held, left = held + take * opened[-1], left - out
        released.append(out)
    return float(np.mean(released)), dict(zip(KINDS, np.mean(opened, axis=0).tolist(), strict=True))


def charge(numbers: dict[str, float], population: str) -> float:
    """NMDA charge of a Pyr terminal's release over its peak, ms: what its mean opening comes to until it has
    decayed.
    """
    release, opened = terminal(numbers, f"Pyr->{population}")
    return (
        sum(numbers[f"{population}.fraction_{k}"] * _area(opened[k], numbers[f"{k}.decay"]) for k in KINDS)
        / release
    )


def background_charge(numbers: dict[str, float], population: str) -> float:
    """The same of a background fibre, which releases all it has whenever it fires at random."""
    fibre = {"fibre->X.release": 1.0, "fibre->X.recovery": 1e-3, "fibre->X.facilitation": 1e-3,
             "fibre.target_rate": numbers["receptors.background_fibre_rate"]}  # fmt: skip
    _, opened = terminal(numbers | fibre, "fibre->X")
    return sum(
        numbers[f"{population}.fraction_{k}"] * _area(opened[k], numbers[f"{k}.decay"]) for k in KINDS
    )


CHARGE = {"nmda_to_ampa": charge, "background_nmda_to_ampa": background_charge}


def _area(peak: float, decay: float) -> float:
    times = np.linspace(0.0, 20.0 * decay, 4001)
    return float(np.trapezoid(peak * np.exp(-times / decay), times))


def ratio_kept(centre: Sheet, seed: int, row: str = "nmda_to_ampa") -> list[float]:
    """By population: charge per release of a drawn circuit over that of the centre, against what the drawn
    ratio asked for.
    """
    asked, found, before = (
        drawn(centre, seed, FIXED).values(),
        circuit(seed, centre).values(),
        centre.values(),
    )
    return [
        found[f"{p}.{row}"]
        * CHARGE[row](found, p)
        / (before[f"{p}.{row}"] * CHARGE[row](before, p))
        / (asked[f"{p}.{row}"] / before[f"{p}.{row}"])
        for p in POPULATIONS
    ]


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
@pytest.mark.parametrize("row", CHARGE)
def test_a_drawn_nmda_ratio_is_charge_where_receptors_never_fill_up(seed, row):
    free = CENTRE.replaced({"receptors.nmda_saturation": 0.0})
    assert ratio_kept(free, seed, row) == pytest.approx([1.0] * len(POPULATIONS), rel=0.02)


FULL = {"release": 1.0, "recovery": 1e-3, "facilitation": 1e-3}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_drawn_nmda_ratio_is_charge_per_release_where_terminals_release_all_they_have(seed):
    whole = CENTRE.replaced({f"Pyr->{p}.{row}": value for p in POPULATIONS for row, value in FULL.items()})
    assert ratio_kept(whole, seed) == pytest.approx([1.0] * len(POPULATIONS), rel=0.05)
    assert max(abs(np.log(_drawn_over_fitted(whole, seed)))) > 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_a_drawn_nmda_ratio_of_the_background_is_charge_per_release_of_its_fibres(seed):
    assert ratio_kept(CENTRE, seed, "background_nmda_to_ampa") == pytest.approx(
        [1.0] * len(POPULATIONS), rel=0.05
    )


def _drawn_over_fitted(centre: Sheet, seed: int) -> np.ndarray:
    asked, found = drawn(centre, seed, FIXED).values(), circuit(seed, centre).values()
    return np.array([asked[f"{p}.nmda_to_ampa"] / found[f"{p}.nmda_to_ampa"] for p in POPULATIONS])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_drawn_nmda_ratio_is_charge_per_release_in_the_circuit_as_it_is(seed):
    assert ratio_kept(CENTRE, seed) == pytest.approx([1.0] * len(POPULATIONS), rel=0.05)


# Which circuits count


RANGES = {"Pyr": (1.0, 3.0), "PV": (8.0, 20.0), "SST": (3.0, 8.0), "VIP": (3.0, 10.0)}  # Hz, of targets


def test_a_circuit_that_leaves_the_recorded_rates_or_fires_in_step_is_not_valid():
    middle = np.array([sum(ends) / 2 for ends in RANGES.values()])

    def rests(rate: np.ndarray, correlation: float = 0.01) -> bool:
        seen: Any = SimpleNamespace(rate=rate, pair_correlation=correlation)
        return prior._rests(seen, CENTRE)

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


LACKING = ("delete-GluN2A@PV",)


@pytest.fixture
def short(monkeypatch):
    """Few and short looks, and a calibration that is content with what there is."""
    few: dict[str, Any] = {"AWAKE_UM": (0.0, 3.0), "SLICE_UM": (0.0, 10.0), "DELETED": {"2A_PV": LACKING}}
    for name, value in (few | {"SECONDS": (0.2, 1.0), "WARM_S": 1.0}).items():
        monkeypatch.setattr(looks, name, value)
    monkeypatch.setattr(replay, "AWAKE_UM", few["AWAKE_UM"])
    monkeypatch.setattr(prior, "AWAKE_UM", few["AWAKE_UM"])
    monkeypatch.setattr(prior, "_rests", lambda untreated, centre: untreated.rate[0] > 0)
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
    ranged = with_weights_ranged(native)
    for name in (n for n in native.sections if "->" in n):
        low, high = ranged.sections[name]["weight"].range
        weight, unitary = native.sections[name]["weight"].value, recording(name, "psp")
        assert low / weight == pytest.approx(unitary.range[0] / unitary.value)
        assert high / weight == pytest.approx(unitary.range[1] / unitary.value)
    assert with_weights_ranged(CENTRE).rows() == CENTRE.rows()


def test_a_circuit_that_fell_silent_after_its_calibration_is_kept_as_not_valid(short):
    def silenced(circuit: Circuit, *rest: Any, **more: Any) -> Any:
        return SimpleNamespace(circuit=with_background(circuit, [1.0] * 4))

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
