"""Laws of the slow loop as a whole: what growth does to itself, and a state that is put down and taken up
again.
"""

from __future__ import annotations

import numpy as np
import pytest

from prelimbic.circuits import drawn_network
from prelimbic.parameters import CascadeNumbers, SpineNumbers, sheet
from prelimbic.plasticity import Cascade, CascadeError, SpineError, Spines, resting_factors
from prelimbic.plasticity.loop import course, loop_gain
from prelimbic.plasticity.saved import restored, saved
from prelimbic.simulation.config import Config
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.protocol import Protocol

CASCADE = sheet("cascade").fill("cascade", CascadeNumbers)
SPINES = sheet("spines").fill("spines", SpineNumbers)
SITES, STEPS = 107, 12 * 28  # of two hours, four weeks
MEASURED = (0.15, 0.45)  # elasticity of the drive, asked of the spiking circuit by a slow test


def pulse(height: float = 1.25, steps: int = STEPS) -> np.ndarray:
    """Two hours of drive, then none until the end of so many steps."""
    drive = np.ones(steps)
    drive[0] = height
    return drive


@pytest.mark.parametrize("contacts", [60.0, 80.0])
@pytest.mark.parametrize("elasticity", MEASURED)
def test_growth_sustains_itself_at_no_measured_elasticity(contacts, elasticity):
    assert 0.0 <= loop_gain(CASCADE, SPINES, contacts, SITES, pulse(), elasticity) < 0.3


@pytest.mark.parametrize("contacts", [60.0, 80.0])
def test_the_loop_gain_stays_below_one_far_beyond_what_was_measured(contacts):
    gains = [loop_gain(CASCADE, SPINES, contacts, SITES, pulse(), e) for e in (0.5, 0.8, 1.2)]
    assert max(gains) < 0.8
    assert gains == sorted(gains)


@pytest.mark.parametrize("start", [0.5, 0.8, 1.2, 1.5])
@pytest.mark.parametrize("elasticity", MEASURED)
def test_a_cell_that_starts_far_away_comes_back_to_the_same_contacts(start, elasticity):
    later = course(CASCADE, SPINES, 60.0, SITES, np.ones(2 * STEPS), elasticity, start)
    assert abs(later.contacts[0] / 60.0 - start) < 0.01
    assert later.contacts[-1] == pytest.approx(60.0, rel=0.02)


def test_what_a_strong_drive_grew_goes_again():
    after = course(CASCADE, SPINES, 60.0, SITES, pulse(2.0, 2 * STEPS), 0.3).contacts
    assert after.max() > 75.0
    assert after[-1] < 60.0 + 0.1 * (after.max() - 60.0)
    assert (np.diff(after[np.argmax(after) :]) <= 1e-9).all()


def test_an_untreated_cell_does_not_move():
    assert np.allclose(course(CASCADE, SPINES, 60.0, SITES, np.ones(STEPS), 0.4).contacts, 60.0, rtol=1e-9)


def states() -> tuple[Cascade, Spines]:
    return Cascade.at_rest(CASCADE, 40), Spines.at_rest(
        SPINES, 60.0, SITES, 40, np.random.SeedSequence(3), healthy=80.0
    )


def test_a_state_put_down_in_the_middle_of_a_stride_goes_on_to_the_same_bytes():
    rng = np.random.default_rng(0)
    drive, nmda, factors = (
        rng.uniform(0.9, 1.3, 40),
        rng.uniform(0.5, 1.0, 40),
        rng.uniform(0.5, 1.0, (300, 8)),
    )
    cascade, spines = states()
    spines = spines.advance(np.full(40, 1.2), 3.0)
    straight = cascade.begun().advance(drive, nmda, factors)
    half = cascade.begun().advance(drive, nmda, factors[:123])
    taken_up, agents = restored(
        {name: array.copy() for name, array in saved(half, spines).items()}, *states()
    )
    taken_up = taken_up.advance(drive, nmda, factors[123:])
    assert taken_up.states.tobytes() == straight.states.tobytes() and taken_up.ticks == straight.ticks
    ends = [
        s.advance(c.signal, 5.0).advance(c.signal, 7.0) for c, s in ((straight, spines), (taken_up, agents))
    ]
    assert ends[0].states.tobytes() == ends[1].states.tobytes()
    assert (ends[0].states != spines.states).any()


def test_a_state_of_another_run_is_refused():
    cascade, spines = states()
    arrays = saved(cascade, spines)
    with pytest.raises(CascadeError, match="does not fit"):
        restored(arrays | {"cascade": arrays["cascade"][:, :3]}, cascade, spines)
    with pytest.raises(SpineError, match="do not fit"):
        restored(arrays | {"spines": arrays["spines"].astype(np.int64)}, cascade, spines)


def test_without_drug_factors_nothing_but_the_drive_moves_the_cascade():
    cascade, _ = states()
    moved = cascade.advance(np.full(40, 0.9), np.ones(40), resting_factors(600))
    assert np.allclose(moved.of("bdnf"), 1.0, atol=1e-12) and (moved.of("drive") < 0.95).all()


@pytest.mark.slow
@pytest.mark.parametrize("baseline", ["spine_loss", "healthy"])
def test_the_elasticity_of_the_drive_is_what_the_loop_gain_was_asked_for(baseline):
    config = Config(
        "asked", "dendritic", "rat", (), 1.0, 1, Protocol((), 0.0), hypotheses=Hypotheses(baseline=baseline)
    )
    circuit, found = config.described(), []
    contacts, weight = (
        int(circuit.projection("Pyr", "Pyr").in_degree),
        circuit.projection("Pyr", "Pyr").weight,
    )
    for seed in (1, 2, 3, 4):
        network, seen = drawn_network(circuit, seed), []
        for filled in (contacts, round(1.25 * contacts)):
            weights = np.zeros((circuit.counts[0], circuit.sites))
            weights[:, :filled] = weight
            weights = np.random.default_rng(1).permuted(weights, axis=1)
            activity = network.observe(weights, np.zeros((4, 6)), 20.0, settle=2.0)
            seen.append((activity, weights))
        network.close()
        at_rest = seen[0][0].release_on_pyr
        drive = [(a.recurrent_ampa / network.recurrent_ampa(w, at_rest)).mean() for a, w in seen]
        found.append(np.log(drive[1] / drive[0]) / np.log(round(1.25 * contacts) / contacts))
    assert MEASURED[0] < np.mean(found) < MEASURED[1]
