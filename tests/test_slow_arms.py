"""Laws of the arms that stand on one paper each: a second phase of mTORC1, and formation that is quick where
stress took a spine.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from prelimbic.plasticity import LOST, Arms, Cascade, CascadeError
from tests.test_cascade import CASCADE, factors
from tests.test_spines import HEALTHY, table

# A second phase


SECOND = Arms(second_gain=10.0, second_delay=24.0, second_stages=16.0)
HOUR = 60


def phases(until: int, arms: Arms = SECOND, inhibited: tuple[int, int] = (0, 0), **left: float) -> Cascade:
    """One cell, driven for an hour, `until` hours after; inhibitors leave so much between two hours."""
    cascade = Cascade.at_rest(CASCADE, 1, arms)
    for hour in range(until):
        under = left if inhibited[0] <= hour < inhibited[1] else {}
        drive = np.array([1.25 if hour == 0 else 1.0])
        cascade = cascade.advance(drive, np.ones(1), factors(HOUR, **under))
    return cascade


def test_mtorc1_is_on_off_and_on_again_a_day_later_with_bdnf_at_rest():
    rises = {h: float(phases(h).of("mtorc1")[0]) - 1.0 for h in (1, 12, 22)}
    assert rises[1] > 0.3 and rises[22] > 5.0 * abs(rises[12]) and abs(rises[12]) < 0.03
    assert phases(22).of("bdnf") == pytest.approx(1.0, abs=1e-6)
    assert phases(22, Arms()).of("mtorc1") == pytest.approx(1.0, abs=1e-3)
    assert phases(72).of("protein") > 1.1 * phases(72, Arms()).of("protein")


def test_the_second_phase_is_stopped_by_what_shuts_mtorc1_in_either_phase():
    once = phases(48, Arms()).of("protein")
    assert phases(48, inhibited=(10, 48), mtorc1=0.5).of("protein") == pytest.approx(once, abs=0.02)
    assert phases(48, inhibited=(0, 6), mtorc1=0.3).of("protein") == pytest.approx(1.0, abs=0.05)


def test_stages_of_a_second_phase_below_two_minutes_are_refused():
    with pytest.raises(CascadeError, match=r"hypotheses\] second_delay over second_stages is 0\.01 h"):
        Cascade.at_rest(CASCADE, 1, SECOND._replace(second_delay=0.16))


# Lost sites


def test_what_is_added_on_lost_sites_fills_these_at_its_own_rate_and_no_other():
    begun, added = table(2000, healthy=HEALTHY), np.full(2000, 0.1)
    plain = begun.advance(np.ones(2000), 3.0)
    quick = begun.advance(np.ones(2000), 3.0, on_lost=added)
    lost = (begun.states & LOST) > 0
    assert np.array_equal(quick.states[~lost], plain.states[~lost])
    back = [each.regained.sum() / lost.sum() for each in (plain, quick)]
    r = begun.rates
    flow = np.array(
        [[-r.formation - 0.1, r.formation + 0.1, 0.0], [r.nascent_loss, 0.0, r.maturation], [0.0] * 3]
    )
    flow[1, 1], flow[2, 0], flow[2, 2] = -r.nascent_loss - r.maturation, r.mature_loss, -r.mature_loss
    assert back[1] == pytest.approx(1.0 - expm(3.0 * flow)[0, 0], abs=0.01) and back[0] < 0.1 < back[1]
    whole = table(500)
    same = [whole.advance(np.ones(500), 3.0, on_lost=each).states for each in (None, np.full(500, 0.1))]
    assert np.array_equal(*same)
