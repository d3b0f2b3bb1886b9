"""Laws of the protocol of a day, and the wording of the answer."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.protocol import DRUG_H, LATE_H, RELAX_H, Protocol, one_day
from experiments.summary import change

# The protocol of a day

# Exposure.peak_time gives multiples of a tenth of a minute.
PEAKS = st.integers(0, 2400).map(lambda tenth: tenth * (1.0 / 600.0)) | st.sampled_from(
    [0.0, 0.05, 0.1, 0.26, 0.5, 1.97, 2.0, 2.03, 4.0]
)


@given(PEAKS)
@settings(max_examples=200, deadline=None)
def test_a_day_is_looked_at_in_order_at_most_thirty_times_and_at_every_readout(peak):
    times = [look.time for look in one_day(peak).looks()]
    assert all(a < b for a, b in pairwise(times))
    assert len(times) <= 30
    assert {0.0, peak, 2.0, 4.0, 24.0} <= set(times)
    assert set(one_day(peak).moments().values()) <= set(times)
    assert (times[0], times[-1]) == (min(RELAX_H), max(LATE_H))


@given(PEAKS, st.booleans())
@settings(max_examples=100, deadline=None)
def test_the_strides_lead_from_each_look_to_the_next_and_sum_to_the_span(peak, halved):
    looks = list(one_day(peak, halved).looks())
    for look, following in pairwise(looks):
        assert look.time + look.stride == pytest.approx(following.time, abs=1e-12)
    assert looks[-1].stride == 0.0
    assert sum(look.stride for look in looks) == pytest.approx(looks[-1].time - looks[0].time)


@given(PEAKS)
@settings(max_examples=100, deadline=None)
def test_halving_puts_a_look_in_the_middle_of_every_stride(peak):
    whole, halved = one_day(peak).times, one_day(peak, halved=True).times
    assert halved[::2] == whole
    assert len(halved) == 2 * len(whole) - 1
    for middle, (before, after) in zip(halved[1::2], pairwise(whole), strict=True):
        assert middle - before == pytest.approx(after - middle, abs=1e-12)


@given(PEAKS)
@settings(max_examples=100, deadline=None)
def test_no_look_but_the_readouts_stands_close_to_the_peak(peak):
    close = [time for time in one_day(peak).times if 0.0 < abs(time - peak) <= 0.05]
    assert set(close) <= {0.0, 2.0, 4.0}
    assert {time for time in (*DRUG_H, *LATE_H) if abs(time - peak) > 0.05} <= set(one_day(peak).times)


def test_a_run_lasts_as_long_as_its_looks_and_its_rest():
    short, long = one_day(0.26), Protocol(one_day(0.26).times, 0.26, look_scale=2.0)
    looked = sum(look.seconds for look in short.looks())
    assert sum(look.seconds for look in long.looks()) == pytest.approx(2.0 * looked)
    assert long.seconds - short.seconds == pytest.approx(looked)
    assert all(look.seconds > 0.0 for look in short.looks())


# The sentence


def test_a_clear_rise_is_told_with_its_mean_and_spread():
    assert change(np.array([38.0, 40.0, 42.0]), "rates") == "raises rates by 40.0 ± 2.0 %"


def test_a_clear_fall_is_told_without_its_sign():
    assert change(np.array([-38.0, -40.0, -42.0]), "rates") == "lowers rates by 40.0 ± 2.0 %"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([-10.0, 10.0], "+0.0 ± 14.1 %"),
        ([1.0, 9.0], "+5.0 ± 5.7 %"),
        ([-1.0, -9.0, 0.0], "-3.3 ± 4.9 %"),
        ([0.0, 0.0], "+0.0 ± 0.0 %"),
    ],
)
def test_a_change_whose_interval_includes_zero_is_not_called_one(values, told):
    assert change(np.array(values), "rates") == f"does not clearly change rates ({told})"


@pytest.mark.parametrize(("sd", "verb"), [(0.99, "raises"), (1.01, "does not clearly change")])
def test_the_interval_is_that_of_student_at_95_percent(sd, verb):
    # Three values with mean m and SD s: the half width is 4.3027/sqrt(3) = 2.4841 times s.
    assert change(2.4841 + sd * np.array([-1.0, 0.0, 1.0]), "rates").startswith(verb)


def test_the_verdict_turns_with_the_sign():
    values = np.array([3.0, 8.0, 11.0, 4.0])
    up, down = (change(sign * values, "rates") for sign in (1, -1))
    assert up.startswith("raises") and down == up.replace("raises", "lowers")


@pytest.mark.parametrize(("value", "told"), [(12.34, "raises rates by 12.3 %"), (-5.0, "lowers rates by 5.0 %")])
def test_one_value_is_told_without_a_spread(value, told):
    assert change(np.array([value]), "rates") == told


def test_one_value_of_nothing_is_neither_a_rise_nor_a_fall():
    told = change(np.array([0.0]), "rates")
    assert "raises" not in told and "lowers" not in told
