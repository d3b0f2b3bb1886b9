"""Laws of the protocols of a day and of weeks, and the wording of the answer."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prelimbic.experiments.readouts.seeds import change
from prelimbic.experiments.studies.registry import SHIPPED, find_study
from prelimbic.experiments.sweep.study import Options
from prelimbic.simulation.inhibition import Inhibition
from prelimbic.simulation.protocol import (
    DRUG_H,
    LATE_H,
    LONG_S,
    LONG_STRIDE_H,
    RELAX_H,
    SHORT_S,
    Protocol,
    ProtocolError,
    minutes,
    one_day,
    weeks,
)
from prelimbic.simulation.protocol import given as with_inhibitors

# The protocol of a day

# Exposure.peak_time gives multiples of a tenth of a minute; a peak minutes from an hour that is looked at
# anyway gives way.
ALWAYS_H = (0.0, 2.0, 4.0, 24.0)
PEAKS = (
    st.integers(0, 2400).map(lambda tenth: tenth * (1.0 / 600.0))
    | st.sampled_from([0.0, 0.05, 0.1, 0.26, 0.5, 1.95, 2.0])
).filter(lambda peak: all(abs(peak - hour) > 0.04 or peak == hour for hour in ALWAYS_H))


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
    short = one_day(0.26)
    long = replace(short, look_scale=2.0)
    looked = sum(look.seconds for look in short.looks())
    assert sum(look.seconds for look in long.looks()) == pytest.approx(2.0 * looked)
    assert long.seconds - short.seconds == pytest.approx(looked)
    assert all(look.seconds > 0.0 for look in short.looks())


@given(PEAKS, st.booleans())
@settings(max_examples=50, deadline=None)
def test_a_look_that_stands_for_hours_is_a_long_one(peak, reuse):
    protocol = replace(weeks(peak, ("rest", "7 d"), reuse=reuse), spared=())
    for look in protocol.looks():
        short = 0.0 <= look.time < protocol.times[-1] and look.stride < LONG_STRIDE_H
        assert look.seconds == (0.0 if look.time in protocol.reused else SHORT_S if short else LONG_S)
    assert 0.0 < SHORT_S < LONG_S


@given(PEAKS, st.booleans())
@settings(max_examples=50, deadline=None)
def test_planned_looks_last_half_as_long_but_for_short_ones_that_are_read(peak, reuse):
    protocol = weeks(peak, ("rest", "peak", "1 h", "0-2 h", "7 d"), reuse=reuse)
    usual = {look.time: look.seconds for look in replace(protocol, spared=()).looks()}
    read = {minutes(hour) for hour in protocol.moments().values()}
    for look in protocol.looks():
        kept = minutes(look.time) in read and usual[look.time] == SHORT_S
        assert look.seconds == usual[look.time] * (1.0 if kept else 0.5)


def test_a_look_that_is_not_there_is_not_spared():
    with pytest.raises(ProtocolError, match="there is no look at 1 h, which could be spared"):
        Protocol((0.0, 2.0), 0.0, spared=(1.0,))


def test_a_look_that_stands_in_for_others_is_as_long_as_if_their_strides_were_its_own():
    taken, reused = (Protocol((0.0, 1.0, 2.5, 3.0), 0.0, reused=reused) for reused in ((), (1.0,)))
    assert [look.seconds for look in taken.looks()] == [SHORT_S, SHORT_S, SHORT_S, LONG_S]
    assert [look.seconds for look in reused.looks()] == [LONG_S, 0.0, SHORT_S, LONG_S]


# What the slow world cannot follow


@pytest.mark.parametrize(
    ("times", "named"),
    [
        ((0.0, 1.0, 1.0), "1 and 1 h do not stand a minute apart"),
        ((0.0, 1.0, 0.5), "1 and 0.5 h do not stand a minute apart"),
        ((0.0, 1.0, 1.008), "1 and 1.008 h do not stand a minute apart"),
        ((-12.0, 0.0, 0.008), "do not stand a minute apart"),
        ((2.0, 50.01), "from 2 to 50.01 h is longer than 48 h"),
        ((-100.0, 0.0, 1.0), "from -100 to 0 h is longer than 48 h"),
        ((0.0, 2.01), "from 0 to 2.01 h is longer than 2 h"),
        ((0.0, 1.9, 4.0), "from 1.9 to 4 h is longer than 2 h"),
    ],
)
def test_looks_too_close_or_too_far_apart_are_refused(times, named):
    with pytest.raises(ProtocolError) as caught:
        Protocol(times, 0.0)
    assert named in str(caught.value)


@pytest.mark.parametrize(
    "times", [(0.0, 1.0, 1.017), (-48.0, 0.0, 2.0, 50.0), (-0.01, 47.0), (0.0, 1.9, 3.9), (2.0, 50.0), ()]
)
def test_looks_just_close_and_far_enough_apart_are_taken(times):
    assert [look.time for look in Protocol(times, 0.0).looks()] == list(times)


@pytest.mark.parametrize(
    "stress", [(-24.0, 1.0), (-20.0, 0.0), (-48.0, 0.0), (-24.0, 0.0, 1.0, 2.0), (-24.0, 0.0, 2.0, 9.0)]
)
def test_stress_that_begins_or_ends_between_looks_is_refused(stress):
    told = " and ".join(f"{hour:g}" for hour in stress)
    with pytest.raises(ProtocolError, match=f"stress begins .* at looks.* not at {told} h"):
        Protocol((-24.0, 0.0, 2.0), 0.0, stress=stress)


@pytest.mark.parametrize(
    "stress", [(0.0, -24.0), (0.0, 0.0), (), (-24.0,), (-24.0, 0.0, 2.0), (0.0, 2.0, -24.0, 0.0)]
)
def test_stress_that_ends_before_it_begins_or_overlaps_itself_is_refused(stress):
    with pytest.raises(ProtocolError) as caught:
        Protocol((-24.0, 0.0, 2.0), 0.0, stress=stress)
    assert f"`stress` is {stress} but must be a first and a last hour" in str(caught.value)


def test_between_two_spells_of_stress_there_is_none():
    protocol = Protocol((-24.0, 0.0, 2.0, 4.0, 6.0), 0.0, stress=(-24.0, 0.0, 4.0, 6.0))
    assert [protocol.stressed(time) for time in protocol.times] == [True, False, False, True, False]
    assert protocol.spells() == [(-24.0, 0.0), (4.0, 6.0)]


def test_stress_lasts_from_its_beginning_until_its_end_and_covers_whole_strides():
    protocol = weeks(0.26, ("rest", "7 d"), stress=(-72.0, 0.0))
    under = [look for look in protocol.looks() if protocol.stressed(look.time)]
    assert (under[0].time, under[-1].time + under[-1].stride) == (-72.0, 0.0)
    assert sum(look.stride for look in under) == 72.0
    assert not any(one_day(0.26).stressed(time) for time in one_day(0.26).times)


# Weeks

DAYS = st.sampled_from(["24 h", "36 h", "72 h", "3 d", "5 d", "7 d", "14 d", "28 d", "8 d"])
SEVERAL = st.sets(DAYS, min_size=1, max_size=5).map(sorted).map(tuple)


def last_hour(readouts: tuple[str, ...]) -> float:
    return max(float(name.split()[0]) * (24.0 if name.endswith("d") else 1.0) for name in readouts)


@given(PEAKS, SEVERAL, st.booleans(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_weeks_begin_as_a_day_look_at_every_readout_and_end_at_the_last(peak, readouts, halved, reuse):
    protocol = weeks(peak, readouts, halved=halved, reuse=reuse)
    day = [time for time in one_day(peak, halved).times if time <= last_hour(readouts)]
    assert list(protocol.times[: len(day)]) == day
    assert set(protocol.moments().values()) <= set(protocol.times)
    assert protocol.times[-1] == last_hour(readouts)
    assert sum(look.stride for look in protocol.looks()) == pytest.approx(last_hour(readouts) + 48.0)


@pytest.mark.parametrize("days", [2, 5, 14, 28, 90])
def test_strides_lengthen_from_six_hours_to_a_day_and_never_shrink_but_for_rounding_before_the_last_readout(
    days,
):
    times = [time for time in weeks(0.26, (f"{days} d",)).times if time >= 24.0]
    strides = [after - before for before, after in pairwise(times)]
    assert strides[0] == 6.0 and max(strides) <= 24.0
    for before, after in pairwise(strides[:-1]):
        assert before - 1.0 <= after <= 1.25 * before + 1.0
    assert all(time == round(time) for time in times)
    assert len(times) <= 8 + days


@given(PEAKS, SEVERAL)
@settings(max_examples=50, deadline=None)
def test_readouts_on_the_way_add_looks_and_move_none(peak, readouts):
    last = max(readouts, key=lambda name: last_hour((name,)))
    alone, several = weeks(peak, (last,)), weeks(peak, readouts)
    added = set(several.times) - set(alone.times)
    assert set(alone.times) <= set(several.times)
    assert added <= set(several.moments().values())


@given(PEAKS, SEVERAL, st.booleans())
@settings(max_examples=50, deadline=None)
def test_a_look_stands_in_for_the_next_at_most_and_only_before_the_dose_and_after_its_day(
    peak, readouts, halved
):
    protocol, taken = weeks(peak, readouts, halved=halved), weeks(peak, readouts, halved=halved, reuse=False)
    assert taken.times == protocol.times and taken.reused == ()
    assert all(time < 0.0 or time > 24.0 for time in protocol.reused)
    looked = [look.seconds > 0.0 for look in protocol.looks()]
    assert looked[0] and all(before or after for before, after in pairwise(looked))
    quiet = sum(time < 0.0 or time > 24.0 for time in protocol.times)
    assert len(protocol.reused) == looked.count(False) == quiet // 2


@given(PEAKS)
@settings(max_examples=50, deadline=None)
def test_every_stride_is_as_many_whole_minutes_as_the_slow_world_moves(peak):
    times = weeks(peak, ("28 d",)).times
    assert sum(minutes(after) - minutes(before) for before, after in pairwise(times)) == (28 * 24 + 48) * 60
    assert min(minutes(after) - minutes(before) for before, after in pairwise(times)) >= 1


@given(PEAKS, st.sampled_from([-20.0, -1.0, -0.25, 0.0, 0.1, 0.3, 3.0, 30.0, 100.0]))
@settings(max_examples=100, deadline=None)
def test_an_inhibitor_of_the_circuit_is_looked_at_while_it_comes_and_goes_and_others_are_not(peak, start):
    before = weeks(peak, ("rest", "7 d"))
    circuit, other = (
        with_inhibitors(before, (Inhibition(name, start),)) for name in ("ampa_antagonist", "anti_bdnf")
    )
    assert (other.times, other.reused, len(other.inhibitions)) == (before.times, before.reused, 1)
    assert set(before.times) <= set(circuit.times)
    for hours in (0.0, 0.25, 0.5, 1.0, 2.0, 4.0):
        assert any(abs(time - (start + hours)) <= 0.05 for time in circuit.times)
    assert not [time for time in circuit.reused if start <= time <= start + 48.0]
    assert set(circuit.reused) <= set(before.reused)
    assert with_inhibitors(with_inhibitors(before, ()), ()) == before


@pytest.mark.parametrize(
    "name", [name for name in SHIPPED if name not in ("acute", "physiology", "numerics")]
)
def test_runs_of_a_study_are_looked_at_alike_whatever_their_dose_and_seed(name):
    found: dict[tuple, set] = {}
    for run in find_study(name).plan(Options(seeds=2)):
        key = tuple(
            value
            for axis, value in run.place.items()
            if axis not in ("dose", "seed", "drug", "arm", "inhibitor", "group")
        )
        protocol = run.config.protocol
        found.setdefault(key, set()).add(
            (protocol.times, protocol.reused, protocol.peak, protocol.look_scale, protocol.rest)
        )
    assert {len(protocols) for protocols in found.values()} == {1}
    if name == "cascade":
        assert len({times for protocols in found.values() for times, *_ in protocols}) == 1


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


@pytest.mark.parametrize(
    ("value", "told"), [(12.34, "raises rates by 12.3 %"), (-5.0, "lowers rates by 5.0 %")]
)
def test_one_value_is_told_without_a_spread(value, told):
    assert change(np.array([value]), "rates") == told


def test_one_value_of_nothing_is_neither_a_rise_nor_a_fall():
    told = change(np.array([0.0]), "rates")
    assert "raises" not in told and "lowers" not in told
