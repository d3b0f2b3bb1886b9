"""Laws of the whole model: nothing given, nothing changed; the same seed, the same bytes; the loop's time
scales.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student

from prelimbic.circuits import NetworkError
from prelimbic.pharmacology import Dose
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.record import arrange
from prelimbic.simulation.run import Outcome, simulate
from tests.conftest import brief


def run(config) -> Outcome:
    return simulate(config, True, lambda seconds: None)


def slope_interval(values: list[float]) -> tuple[float, float]:
    half = student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return np.mean(values) - half, np.mean(values) + half


@pytest.fixture(scope="module")
def vehicle_and_drug() -> tuple[Outcome, Outcome]:
    return run(brief(0.0)), run(brief(30.0))


def test_vehicle_shuts_no_receptor_and_moves_no_state_of_the_cascade(vehicle_and_drug):
    vehicle, _ = vehicle_and_drug
    assert all((s.block == 0).all() and (s.unbound == 0).all() for s in vehicle.seen)
    long_looks = [replace(brief(0.0).protocol, look_scale=1.0)]
    outcome = run(replace(brief(0.0), protocol=long_looks[0]))
    assert max(s.cascade.of("bdnf").mean() for s in outcome.seen) < 1.01


def test_before_the_dose_drug_and_vehicle_are_the_same_run_and_after_it_not(vehicle_and_drug):
    vehicle, drug = vehicle_and_drug
    for a, b in zip(vehicle.seen, drug.seen, strict=True):
        same = np.array_equal(a.activity.spike_count, b.activity.spike_count)
        assert same == (a.look.time <= 0)
        if a.look.time <= 0:
            assert np.array_equal(a.spines.states, b.spines.states)


def test_the_drug_shuts_receptors_while_it_is_there_and_only_then(vehicle_and_drug):
    _, drug = vehicle_and_drug
    block = {s.look.time: s.block for s in drug.seen}
    assert (block[-12.0] == 0).all()
    assert block[0.26][:, 0].min() > block[2.0][:, 0].min() > block[4.0][:, 0].min() > 0
    assert (block[24.0] < 0.05 * block[0.26]).all()


def test_spine_loss_takes_a_quarter_of_the_contacts_and_leaves_the_healthy_background():
    depressed, healthy = (
        run(replace(brief(0.0), hypotheses=Hypotheses(baseline=b))) for b in ("spine_loss", "healthy")
    )
    contacts = [o.seen[0].spines.mature.mean() for o in (depressed, healthy)]
    assert contacts[0] / contacts[1] == pytest.approx(0.75, abs=0.01)
    events = [o.seen[0].activity.excitatory_events_background.mean() for o in (depressed, healthy)]
    assert events[0] == events[1]
    assert depressed.seen[0].activity.recurrent_ampa.mean() < healthy.seen[0].activity.recurrent_ampa.mean()


def test_the_circuit_is_wired_with_the_mature_spines_of_the_moment(vehicle_and_drug):
    for outcome in vehicle_and_drug:
        for snapshot in outcome.seen:
            firing = snapshot.activity.recurrent_ampa > 0
            contacts = (
                snapshot.activity.recurrent_ampa[firing]
                / snapshot.activity.recurrent_ampa_per_contact[firing]
            )
            assert np.allclose(contacts, snapshot.spines.mature[firing])


def test_a_circuit_without_activity_has_no_reference_and_is_refused():
    silent = replace(
        brief(), overrides=tuple((f"circuit.{p}.background_rate", 0.0) for p in ("Pyr", "PV", "SST", "VIP"))
    )
    with pytest.raises(NetworkError, match="no reference"):
        run(silent)


def test_readouts_are_the_looks_that_the_protocol_names(vehicle_and_drug):
    _, drug = vehicle_and_drug
    summary = arrange(brief(30.0), drug)["summary"]
    readouts = list(summary["readout"].values)
    for name, hour in brief().protocol.moments().items():
        look = next(s for s in drug.seen if s.look.time == hour)
        assert np.array_equal(summary["rate"].values[readouts.index(name)], look.activity.rate)
    early = [s.activity.rate[0] for s in drug.seen if 0 <= s.look.time <= 2]
    assert min(early) <= summary["rate"].values[readouts.index("0-2 h"), 0] <= max(early)


def test_blocks_of_two_routes_with_the_same_exposure_act_alike():
    # An infusion of a minute is a bolus to the circuit: nothing but the concentration reaches it.
    bolus = run(replace(brief(), doses=(Dose(3.0, "iv"),)))
    infusion = run(replace(brief(), doses=(Dose(3.0, "iv", duration=1e-5),)))
    after = [k for k, s in enumerate(bolus.seen) if s.look.time > 0]
    assert np.allclose(
        [bolus.seen[k].block for k in after], [infusion.seen[k].block for k in after], atol=1e-4
    )


@pytest.mark.slow
def test_over_14_days_vehicle_drifts_by_no_more_than_a_percent_and_without_direction():
    times = (-48.0, -36.0, -24.0, -12.0, 0.0, 2.0, *(12.0 * k for k in range(1, 29)))
    slopes = []
    for seed in (1, 2, 3, 4, 5):
        outcome = run(replace(brief(0.0, seed), scale=1.0, protocol=Protocol(times, 0.26)))
        hours = np.array([s.look.time for s in outcome.seen])
        density = np.array([s.spines.density.mean() for s in outcome.seen])[hours >= 0]
        slopes.append(np.polyfit(hours[hours >= 0], density, 1)[0] * 336.0 / density[0])
        assert abs(density[-1] / density[0] - 1.0) <= 0.01
    low, high = slope_interval(slopes)
    assert low <= 0.0 <= high
