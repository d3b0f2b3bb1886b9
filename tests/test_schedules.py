"""Laws of schedules: of looks that are planned for any of them, and of what is there when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

import prelimbic as pl
from prelimbic.parameters import INHIBITORS, SPECIES
from prelimbic.pharmacology import Bath, Dose, Exposure
from prelimbic.simulation.given import doses
from prelimbic.simulation.inhibition import Inhibition
from prelimbic.simulation.looks import begun, check_begin, check_looks, check_readouts
from prelimbic.simulation.planner import FIRST_HOURS, GENTLE_H, Done, looks_for_all
from prelimbic.simulation.protocol import (
    ANCHORS_H,
    DRUG_H,
    LATE_H,
    NEARBY_H,
    RELAX_H,
    Protocol,
    ProtocolError,
    minutes,
)
from tests.fuzz import WAYS, examples

MINUTE = 1 / 60
WINDOW = "0-2 h"
# hours in whole minutes, many of them alike
HOUR = st.sampled_from([0.0, 24.0, 48.0]) | st.integers(-48 * 60, 96 * 60).map(lambda minute: minute / 60)
LENGTH = st.sampled_from([MINUTE, 40 / 60, 1.0, 1.5, 12.0, 96.0])
READ = st.lists(
    st.sampled_from(["rest", "peak", WINDOW, "24 h", "24 h..72 h", "-1 h..5 h", "90 min", "5 d"]),
    unique=True,
).map(tuple)


def exposure(animal: str, *given_: Dose) -> Exposure:
    return Exposure.after(given_, animal)


@st.composite
def dosings(draw: st.DrawFn, animal: str, most: int = 3) -> tuple[Dose, ...]:
    found = []
    for _ in range(draw(st.integers(0, most))):
        drug, route = draw(st.sampled_from([way[1:] for way in WAYS if way[0] == animal]))
        length = draw(st.none() | LENGTH) if route == "iv" else None
        amount = draw(st.sampled_from([0.0, 0.5, 10.0]))
        found.append(Dose(amount, route, draw(HOUR), length, drug))
    return tuple(found)


@st.composite
def baths(draw: st.DrawFn) -> Bath:
    start = draw(HOUR)
    return Bath((("ketamine", 1.0),), start, start + draw(LENGTH | st.just(np.inf)))


@st.composite
def stresses(draw: st.DrawFn) -> tuple[float, ...]:
    ends = sorted({draw(HOUR) for _ in range(draw(st.sampled_from([2, 4])))})
    return tuple(ends[: len(ends) // 2 * 2]) or (-48.0, 0.0)


@st.composite
def arms(draw: st.DrawFn, most: int = 3) -> list[Done]:
    """Up to three runs of one animal in which any things are done."""
    animal = draw(st.sampled_from(SPECIES))
    return [
        Done(
            exposure(animal, *draw(dosings(animal))),
            tuple(draw(st.lists(st.builds(Inhibition, st.sampled_from(INHIBITORS), HOUR), max_size=2))),
            draw(st.none() | baths()),
            draw(st.none() | stresses()),
        )
        for _ in range(draw(st.integers(1, most)))
    ]


def planned(asked: list[Done], read: tuple[str, ...], reuse: bool = True) -> list[Protocol]:
    """The looks; none where they are refused, in one sentence."""
    try:
        return looks_for_all(asked, read, reuse=reuse)
    except ProtocolError as error:
        assert type(error) is ProtocolError and str(error).isprintable()
        event("refused")
        return []


def taken(protocol: Protocol) -> list[float]:
    return [look.time for look in protocol.looks() if look.seconds > 0]


@dataclass(frozen=True)
class Happens:
    """Hours, by how looks must follow: all that moves the circuit at once, and what moves it slowly."""

    dense: list[float]
    gentle: list[float]

    @classmethod
    def of(cls, asked: Sequence[Done]) -> Happens:
        """What comes or goes in any of the runs, from what was asked alone."""
        dense, gentle = [], []
        for arm in asked:
            for dose in arm.exposure.doses:
                dense += [dose.start, dose.end]
            if arm.bath is not None:
                dense += [hour for hour in (arm.bath.start, arm.bath.end) if np.isfinite(hour)]
            gentle += arm.stress or ()
            for item in arm.inhibitions:
                (dense if item.name == "ampa_antagonist" else gentle).append(item.start)
        return cls(dense, gentle)

    def within_a_day(self, time: float) -> bool:
        return any(hour <= time <= hour + 24.0 for hour in (*self.dense, *self.gentle))


# Looks


@given(arms(), READ, st.booleans())
@examples(40)
def test_runs_that_are_compared_are_looked_at_alike_and_all_that_is_done_is_seen(asked, read, reuse):
    protocols = planned(asked, read, reuse)
    assert len({(p.times, p.reused, p.seconds, p.readouts) for p in protocols}) <= 1
    for arm, protocol in zip(asked, protocols, strict=False):
        own = arm.exposure.doses, arm.bath
        check_looks(protocol, *own)
        check_begin(protocol, *own)
        check_readouts(protocol, *own)
        assert (protocol.stress, protocol.inhibitions) == (arm.stress, arm.inhibitions)
        looked = {minutes(time) for time in protocol.times}
        ends = [end for window in protocol.windows(begun(*own)).values() for end in window]
        hours = [
            protocol.peak,
            *(hour for name, hour in protocol.moments().items() if name != "rest"),
            *ends,
        ]
        assert {minutes(hour) for hour in hours} <= looked
        assert {*(arm.stress or ())} <= {*protocol.times}
        assert reuse or not protocol.reused


@given(arms(), READ)
@examples(40)
def test_no_look_stands_in_for_another_while_anything_acts_or_across_what_comes_or_goes(asked, read):
    happens = Happens.of(asked)
    for protocol in planned(asked, read)[:1]:
        given_over = [(d.start, d.end) for arm in asked for d in arm.exposure.doses]
        given_over += [(arm.bath.start, arm.bath.end) for arm in asked if arm.bath is not None]
        for before, time in zip(protocol.times, protocol.times[1:], strict=False):
            if time in protocol.reused:
                assert before not in protocol.reused and not happens.within_a_day(time)
                assert not any(first <= time <= last for first, last in given_over)
                assert not any(before < hour <= time for hour in happens.dense + happens.gentle)


@given(arms(), READ)
@examples(40)
def test_looks_are_dense_after_all_that_comes_or_goes(asked, read):
    """The hours of the plan after each, to the three minutes by which a look makes way for another."""
    happens = Happens.of(asked)
    for protocol in planned(asked, read)[:1]:
        looks, last = np.array(taken(protocol)), protocol.times[-1]
        brief = {d.end for arm in asked for d in arm.exposure.doses if d.end - d.start <= 1.0}
        for hours, after in ((happens.dense, (*DRUG_H, *LATE_H)), (happens.gentle, GENTLE_H)):
            for wanted in (hour + later for hour in hours if hour not in brief for later in after):
                if protocol.times[0] <= wanted <= last:
                    assert np.abs(looks - wanted).min() <= NEARBY_H + MINUTE, wanted
        for wanted in (
            *brief,
            *(hour + anchor for hour in {*happens.dense} - brief for anchor in ANCHORS_H),
        ):
            if wanted <= last:
                assert minutes(wanted) in {minutes(time) for time in looks}
        assert np.diff(protocol.times).max() <= 25.3


@given(arms(2), st.integers(1, 60).map(lambda hour: 2.0 * hour))
@examples(25)
def test_what_is_done_later_is_looked_at_later(asked, shift):
    """By an even number of hours, since strides end at whole hours, halves rounded to even ones, and to the
    three minutes by which a look makes way for another.  Hours 0 and 2 are looked at wherever a run has
    them.
    """
    assume(all(Happens.of([arm]).dense for arm in asked))  # a run without counts from hour 0
    happens = Happens.of(asked)
    first = min(happens.dense + happens.gentle)
    early = shifted(asked, 48.0 - first)
    here, there = (
        planned(done, (f"{last + 48.0 - first!r} h", "peak"), False)[:1]
        for done, last in ((early, 144.0), (shifted(early, shift), 144.0 + shift))
    )
    assert len(here) == len(there)
    for one, other in zip(here, there, strict=True):
        moved, looked = (np.array(times) for times in ([time + shift for time in one.times], other.times))
        zeros = [hour + zero for hour in FIRST_HOURS for zero in (0.0, shift)]
        for some, others in ((moved, looked), (looked, moved)):
            for time in some:
                assert np.abs(np.array([*others, *zeros]) - time).min() <= NEARBY_H + MINUTE
        if len(happens.dense) == 1:
            assert minutes(other.peak) == minutes(one.peak + shift)


def shifted(asked: list[Done], by: float) -> list[Done]:
    return [
        Done(
            replace(arm.exposure, doses=tuple(replace(d, start=d.start + by) for d in arm.exposure.doses)),
            tuple(replace(item, start=item.start + by) for item in arm.inhibitions),
            arm.bath and replace(arm.bath, start=arm.bath.start + by, end=arm.bath.end + by),
            arm.stress and tuple(hour + by for hour in arm.stress),
        )
        for arm in asked
    ]


@given(arms(), READ)
@examples(25)
def test_the_order_of_the_arms_does_not_matter_and_an_arm_in_which_nothing_is_done_has_no_say(asked, read):
    happens = Happens.of(asked)
    found = planned(asked, read)
    assert planned(asked[::-1], read)[::-1] == found
    if happens.dense and 0.0 in happens.dense:  # the peak of nothing is hour 0
        untreated = Done(replace(asked[0].exposure, doses=()))
        assert [p.times for p in planned([*asked, untreated], read)][:1] == [p.times for p in found][:1]


@pytest.mark.parametrize(
    ("done", "read", "why"),
    [
        ({"doses": "10 mg/kg ip at 0h, 24h"}, ("24 h",), "ask for a later readout, such as 48 h"),
        ({"doses": "10 mg/kg ip"}, ("-3 d",), "lies before the run, which begins at -48 h"),
        ({"doses": "10 mg/kg ip"}, ("-3 d..24 h",), "lies before the run"),
        ({"doses": "10 mg/kg ip"}, ("24 h..24 h",), "must end after it begins"),
        ({"doses": "10 mg/kg ip"}, ("5000 d",), "within 100000 h"),
        ({"stress": (-1e300, 0.0)}, ("24 h",), "within 100000 h"),
        ({"stress": (0.0, np.inf)}, ("24 h",), "within 100000 h"),
        ({"stress": (np.nan, 0.0)}, ("24 h",), "within 100000 h"),
        ({"stress": (0.0, -24.0)}, ("24 h",), "`stress` is (0.0, -24.0)"),
        ({"stress": (0.0, 24.0, 12.0, 36.0)}, ("48 h",), "do not overlap"),
        ({"bath": Bath((("ketamine", 1.0),), 0.0, 1e300)}, ("24 h",), "within 100000 h"),
        ({"bath": Bath((("ketamine", 1.0),))}, ("24 h",), "begins untreated"),
        ({"inhibitions": (Inhibition("anti_bdnf", 30.0),)}, ("24 h",), "such as 54 h"),
    ],
)
def test_a_schedule_that_cannot_be_followed_is_refused_at_once(done, read, why):
    course = exposure("mouse", *doses(done.pop("doses", "vehicle ip")))
    with pytest.raises(ProtocolError) as caught:
        looks_for_all([Done(course, **done), Done(exposure("mouse"))], read)
    assert why in str(caught.value) and str(caught.value).isprintable()


@pytest.mark.parametrize("start", [-96.0, 0.0, 72.0, 200.0])
def test_beside_a_dose_at_any_hour_an_arm_in_which_nothing_is_given_is_looked_at_too(start):
    dosed, stressed = (
        Done(exposure("mouse", Dose(10.0, "ip", start))),
        Done(exposure("mouse"), stress=(-24.0, 0.0)),
    )
    one, other = looks_for_all([dosed, stressed], ("rest", "peak", WINDOW, "9 d"))
    assert one.times == other.times and other.peak == 0.0


def test_two_days_are_untreated_and_a_stress_before_them_is_looked_at_every_day():
    (protocol,) = looks_for_all(
        [Done(exposure("mouse", Dose(10.0, "ip")), stress=(-240.0, -120.0))], ("24 h",)
    )
    assert {*(-24.0 * day for day in range(5, 12)), *RELAX_H} <= {*protocol.times}
    assert protocol.times[0] == -264.0


# What is there


@given(st.sampled_from(SPECIES).flatmap(lambda a: st.tuples(st.just(a), dosings(a))))
@examples(15)
def test_two_half_doses_at_one_time_are_one_dose(case):
    animal, whole = case
    halves = [replace(dose, amount=dose.amount / 2) for dose in whole]
    one, two = (there(animal, *given_) for given_ in (whole, (*halves, *halves)))
    assert two == pytest.approx(one, rel=1e-12, abs=1e-12 * one.max(initial=0.0))


@given(st.sampled_from(SPECIES).flatmap(lambda a: st.tuples(st.just(a), dosings(a), dosings(a, 1))))
@examples(15)
def test_a_dose_in_a_far_future_changes_nothing_before_it(case):
    animal, now, later = case
    after = [replace(dose, start=dose.start + 500.0) for dose in later]
    before = there(animal, *now)  # another way in is one more state of the same body
    assert there(animal, *now, *after) == pytest.approx(
        before, rel=1e-9, abs=1e-12 * before.max(initial=0.0)
    )


@pytest.mark.parametrize(("name", "drug", "route"), [way for way in WAYS if way[2] != "iv"])
def test_at_the_hour_of_a_dose_that_is_absorbed_nothing_of_it_has_reached_the_brain(name, drug, route):
    after = exposure(name, Dose(10.0, route, 3.0, None, drug)).brain_unbound(np.array([2.0, 3.0, 4.0]))
    assert not after[:2].any() and after[2].any()


@given(st.sampled_from(SPECIES).flatmap(lambda a: st.tuples(st.just(a), dosings(a))))
@examples(10)
def test_of_a_vehicle_by_any_schedule_nothing_is_there(case):
    animal, whole = case
    assert not there(animal, *(replace(dose, amount=0.0) for dose in whole)).any()


def there(animal: str, *given_: Dose) -> np.ndarray:
    """Unbound concentrations in brain, from two days before to 400 h after."""
    return exposure(animal, *given_).brain_unbound(np.linspace(-50.0, 400.0, 31))


@given(
    st.integers(1, 10**6).map(lambda k: k / 1000),
    st.sampled_from(SPECIES),
    st.integers(1, 400).map(float),
    st.sampled_from(["mg", "ug", "umol", "mg as hydrochloride", "mg/h", "umol/min"]),
)
@examples(100)
def test_so_much_in_an_animal_of_a_weight_is_so_much_a_kg(amount, animal, part, unit):
    low, high = {"human": (1.0, 400.0), "rat": (0.005, 1.5), "mouse": (0.001, 0.1)}[animal]
    weight = low + (high - low) * part / 400.0
    mass, _, rest = unit.partition("/")
    mass, salt = mass.split(" ")[0], " as hydrochloride" if "as" in mass else ""
    a_kg = f"{amount} {mass}/kg{rest and '/' + rest}{salt} iv over 1h"
    whole = f"{amount * weight!r} {mass}{rest and '/' + rest}{salt} iv over 1h"
    (one,), (other,) = doses(whole, weight), doses(a_kg)
    assert other == replace(one, amount=other.amount)
    assert one.amount == pytest.approx(other.amount, rel=2e-12)


def test_a_dose_in_mg_of_an_animal_is_the_same_run_as_a_dose_in_mg_a_kg():
    man = {"species": "human", "sheet": "sst", "read": "rest, 4h"}
    ids = {
        pl.Scenario(give=give, weight=weight, **man).config(3).run_id()
        for give, weight in (
            ("0.5 mg/kg iv over 40min", None),
            ("0.5 mg/kg iv over 40min at -0h", 70),
            ("35 mg iv over 2400s", "70 kg"),
            ("52.5 mg/h iv over 40min at 0h", 70.0),
            ("500 ug/kg iv over 40min", "70000 g"),
            (pl.Dose(0.5, "iv", 0.0, 40 / 60), 70.0),
        )
    }
    assert len(ids) == 1
    assert pl.Scenario(give="0.5 mg/kg iv over 40min", weight=82.5, **man).config(3).run_id() not in ids


@pytest.mark.parametrize("length", ["1s", "20s", "1min", "5min", "15min"])
def test_a_short_infusion_is_seen_as_soon_as_a_bolus_is(length):
    course = exposure("rat", *doses(f"10 mg/kg iv over {length}"))
    (looks,) = looks_for_all([Done(course)], ("4 h",))
    end = course.doses[0].end
    after = [hour - end for hour in looks.times if hour > end]
    assert after[0] <= 5.1 / 60 and sum(hour < 0.5 for hour in after) >= 4
