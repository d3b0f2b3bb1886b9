"""Laws of looks: whatever is given, by any schedule, is followed by looks soon after it comes and goes, or
it is refused.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from prelimbic.parameters import SPECIES, sheet
from prelimbic.pharmacology import Bath, Dose, Exposure
from prelimbic.plasticity import READOUTS as READOUTS_OF_CASCADE
from prelimbic.simulation.config import Config
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.inhibition import Inhibition
from prelimbic.simulation.looks import begun, check_begin, check_looks, check_readouts, ends, moments, starts
from prelimbic.simulation.planner import looks_for
from prelimbic.simulation.protocol import DAY, Protocol, ProtocolError, minutes, one_day, weeks
from prelimbic.simulation.run import simulate
from tests.conftest import brief
from tests.fuzz import WAYS

READOUTS = ("rest", "peak", "0-2 h", "24 h", "72 h", "7 d")
PEAK = Exposure.after((Dose(1.0, "ip"),), "rat").peak_time()  # h


def exposure(name: str, *doses: Dose, absorption: float | None = None) -> Exposure:
    changed = {} if absorption is None else {f"{name}/ip.swallowed_absorption": absorption}
    return Exposure.after(doses, name, {"routes": sheet("routes").replaced(changed)})


@st.composite
def schedules(draw: st.DrawFn) -> Exposure:
    """One to four doses of any length, route and compound, in whole minutes from four days before hour 0 to
    six days after it.
    """
    animal = draw(st.sampled_from(SPECIES))
    doses = []
    for _ in range(draw(st.integers(1, 4))):
        drug, route = draw(st.sampled_from([way[1:] for way in WAYS if way[0] == animal]))
        start = draw(st.integers(-96 * 60, 144 * 60)) / 60.0
        length = (
            draw(st.none() | st.sampled_from([1 / 60, 40 / 60, 1.0, 10.0, 96.0])) if route == "iv" else None
        )
        doses.append(Dose(draw(st.sampled_from([0.5, 3.0, 10.0])), route, start, length, drug))
    return exposure(animal, *doses)


def taken(protocol: Protocol) -> list[float]:
    return [look.time for look in protocol.looks() if look.seconds > 0]


# The planner


@pytest.mark.parametrize("absorption", [1.0, 9.0, 15.0])
@pytest.mark.parametrize("animal", ["rat", "mouse"])
def test_for_one_dose_at_hour_0_the_looks_are_those_of_a_day_and_of_weeks(animal, absorption):
    course = exposure(animal, Dose(1.0, "ip"), absorption=absorption)
    assert looks_for(course, reuse=False) == one_day(course.peak_time())
    assert looks_for(course, READOUTS) == weeks(course.peak_time(), READOUTS)


def test_so_are_those_of_an_infusion_in_man_and_of_stress_before_a_dose():
    infusion = exposure("human", Dose(0.5, "iv", 0.0, 40 / 60))
    assert looks_for(infusion, READOUTS) == weeks(40 / 60, READOUTS)
    stress = (-21 * 24.0, 0.0)
    begun = (stress[0] + 4.0, stress[0] + 12.0)  # looks are taken soon after stress begins
    asked = weeks(PEAK, READOUTS, also=(stress[0] - 24.0, *begun), stress=stress)
    quiet = tuple(time for time in asked.reused if not stress[0] <= time <= stress[0] + 24.0)
    found = looks_for(exposure("rat", Dose(10.0, "ip")), READOUTS, stress=stress)
    assert found == replace(asked, reused=quiet)


@given(schedules(), st.booleans())
@settings(max_examples=12, deadline=None)
def test_any_schedule_is_looked_at_from_before_it_begins_until_the_last_readout(course, reuse):
    protocol = looks_for(course, ("rest", "peak", "0-2 h", "10 d"), reuse=reuse)
    times, looks = protocol.times, taken(protocol)
    assert times[0] < min(dose.start for dose in course.doses) - 24.0 and times[-1] == 240.0
    assert max(after - before for before, after in pairwise(times)) <= 25.3
    for event in (*starts(course.doses), *ends(course.doses)):
        if event.hour < times[-1]:
            assert any(minutes(time) == minutes(event.hour) for time in looks)
            dense = [time for time in looks if event.hour <= time <= event.hour + 2.0]
            assert (
                max(after - before for before, after in pairwise([event.hour, *dense])) <= 0.56
            )  # what stands in the way moves a look by 3 minutes
    for dose in course.doses:  # none is reused while anything is given, and for a day after it
        assert not any(dose.start <= time <= dose.end + 24.0 for time in protocol.reused)
    check_looks(protocol, course.doses)
    check_begin(protocol, course.doses)


@given(schedules())
@settings(max_examples=12, deadline=None)
def test_rest_is_a_look_without_drug_and_the_peak_is_looked_at(course):
    protocol = looks_for(course, ("rest", "peak", "0-2 h", "10 d"))
    named = moments(protocol, course.doses)
    assert {minutes(hour) for hour in named.values()} <= {minutes(time) for time in protocol.times}
    assert not course.brain_unbound(np.array([named["rest"]])).any()
    assert named["rest"] <= min(dose.start for dose in course.doses) < named["rest"] + 13.0


@given(st.integers(0, 200).map(lambda hour: hour * 6.0))
@example(6.0)
@example(12.0)
@example(126.0)  # its peak lies half way between two minutes
@settings(max_examples=4, deadline=None)
def test_a_schedule_that_is_shifted_is_looked_at_shifted(shift):
    doses = (Dose(10.0, "ip"), Dose(5.0, "ip", 6.5))
    here = looks_for(exposure("rat", *doses), ("rest", "peak", "48 h"))
    there = looks_for(
        exposure("rat", *(replace(d, start=d.start + shift) for d in doses)),
        ("rest", "peak", f"{48 + shift:g} h"),
    )
    shifted, looked = [time + shift for time in here.times], [*there.times]
    minute = 1.001 / 60.0  # half a minute is rounded up or down
    for time in shifted:
        assert any(abs(time - look) < minute for look in looked), time
    for look in looked:  # hours 0 and 2 are looked at wherever a run has them
        assert any(abs(time - look) < minute for time in (*shifted, 0.0, 2.0)), look
    assert there.peak == pytest.approx(here.peak + shift, abs=1e-9)


def test_baths_antagonists_and_inhibitors_are_looked_at_too():
    none, antagonist = exposure("rat"), Inhibition("ampa_antagonist", 30.0)
    bath = looks_for(none, READOUTS, bath=Bath((("ketamine", 3.0),), 10.0, 20.0))
    assert {10.0, 20.0} <= set(taken(bath)) and moments(bath, (), Bath((("ketamine", 3.0),), 10.0, 20.0))[
        "rest"
    ] == 9.75
    given_late = looks_for(
        exposure("rat", Dose(10.0, "ip")),
        READOUTS,
        inhibitions=(antagonist, Inhibition("rapamycin_po", -100.0)),
    )
    assert given_late.times[0] == -100.0 and {30.0, 30.5, 30.75, 31.0} <= set(taken(given_late))
    assert looks_for(none, READOUTS).moments()["rest"] == 0.0


# What a protocol would miss


REFUSED = {
    "a dose 72 h later": ((10.0, "ip"), (10.0, "ip", 72.0)),
    "a dose a quarter of an hour before a late look": ((10.0, "ip"), (10.0, "ip", 71.75)),
    "a dose in a stride of a day": ((10.0, "ip"), (10.0, "ip", 100.0)),
    "a dose after the last look": ((10.0, "ip"), (10.0, "ip", 200.0)),
    "a dose at the last look": ((10.0, "ip"), (10.0, "ip", 168.0)),
    "a bolus between late looks": ((10.0, "iv", 36.1),),
    "an infusion that ends between late looks": ((10.0, "iv", 0.0, 50.0),),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_protocol_that_would_miss_a_dose_is_refused_in_one_sentence_by_the_check_and_by_the_loop(case):
    config = brief(doses=tuple(Dose(*words) for words in REFUSED[case]), protocol=weeks(PEAK, READOUTS))
    late = config.doses[-1]
    for refuse in (config.check, lambda: simulate(config, True, lambda s: None)):
        with pytest.raises(ProtocolError) as caught:
            refuse()
        said = str(caught.value)
        assert (
            f"{late.amount:g} mg/kg ketamine at {late.end:g} h" in said
            and ("take a look there too" in said or "ask for a later readout, such as" in said)
            and "\n" not in said
        )


def test_without_the_second_dose_or_with_looks_planned_for_it_the_same_is_taken():
    doses = (Dose(10.0, "ip"), Dose(10.0, "ip", 72.0))
    brief(doses=doses[:1], protocol=weeks(PEAK, READOUTS)).check()
    brief(doses=doses, protocol=looks_for(exposure("rat", *doses), READOUTS)).check()


EARLY = Protocol((-12.0, -11.75, -11.0, -10.0, 0.0, 2.0), 0.0)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"doses": (Dose(1.0, "ip", -20.0),)}, "at -20 h would be missed"),
        ({"doses": (Dose(1.0, "ip", -12.2),), "protocol": EARLY}, "begins untreated"),
        ({"doses": (Dose(1.0, "iv", -12.0),), "protocol": EARLY}, "begins untreated"),
        ({"doses": (), "bath": Bath((("ketamine", 1.0),), -math.inf, 2.0)}, "begins untreated"),
        ({"doses": (), "bath": Bath((("ketamine", 1.0),), -12.0, 2.0)}, "begins untreated"),
        ({"doses": (), "bath": Bath((("ketamine", 1.0),), 5.0, 24.0)}, "the bath at 5 h would be missed"),
        ({"doses": (), "bath": Bath((("ketamine", 1.0),), 0.0, 5.0)}, "the end of the bath at 5 h"),
        ({"doses": (), "bath": Bath((("ketamine", 1.0),), 0.0, 0.005)}, "at least a minute"),
    ],
)
def test_what_is_there_before_the_first_look_or_between_looks_is_refused_by_the_loop(changes, named):
    with pytest.raises(ProtocolError, match=named):
        simulate(brief(**changes), True, lambda s: None)


@pytest.mark.parametrize(
    ("item", "named"),
    [
        (
            Inhibition("rapamycin_icv", -13.0),
            "rapamycin_icv is given at -13 h and the first look is at -12 h",
        ),
        (Inhibition("rapamycin_icv", 24.0), "rapamycin_icv is given at 24 h, but the last look is at 24 h"),
        (Inhibition("ampa_antagonist", 10.0), "ampa_antagonist at 10 h would be missed"),
    ],
)
def test_so_are_inhibitors(item, named):
    config = brief(protocol=replace(brief().protocol, inhibitions=(item,)))
    with pytest.raises(ProtocolError, match=re.escape(named)):
        simulate(config, True, lambda s: None)


def test_a_look_that_stands_in_for_one_after_a_dose_does_not_see_it():
    times, doses = (-12.0, 0.0, 0.25, 1.0, 2.0, 24.0), (Dose(10.0, "ip"),)
    check_looks(Protocol(times, 0.25), doses)
    check_looks(Protocol(times, 0.25, reused=(-12.0, 24.0)), doses)
    for reused in ((0.25,), (1.0, 2.0), (0.25, 1.0, 2.0)):
        with pytest.raises(ProtocolError):
            check_looks(Protocol(times, 0.25, reused=reused), doses)


@given(schedules(), st.lists(st.integers(-100, 200), min_size=1, max_size=12, unique=True).map(sorted))
@settings(max_examples=40, deadline=None)
def test_a_protocol_of_any_looks_sees_every_dose_or_is_refused(course, hours):
    assume(all(after - before <= 48 for before, after in pairwise(hours)))
    try:
        protocol = Protocol(tuple(map(float, hours)), 0.0)
        check_looks(protocol, course.doses)
    except ProtocolError:
        return
    for dose in course.doses:
        assert any(dose.start <= time <= dose.start + 0.56 for time in protocol.times)


def test_a_vehicle_is_not_missed():
    times = (-48.0, 0.0, 2.0, 24.0)
    check_looks(Protocol(times, 2.0), (Dose(0.0, "ip"),))
    with pytest.raises(ProtocolError, match="missed"):
        check_looks(Protocol(times, 2.0), (Dose(0.1, "ip"),))


# Readouts


def test_rest_is_before_a_bolus_and_at_the_hour_of_what_comes_slowly():
    times = (-12.0, -0.25, 0.0, 0.26, 2.0, 4.0, 24.0)
    for dose, hour in (
        (Dose(10.0, "ip"), 0.0),
        (Dose(10.0, "iv", 0.0, 0.5), 0.0),
        (Dose(10.0, "iv"), -0.25),
        (Dose(0.0, "iv"), -0.25),
        (Dose(10.0, "ip", 0.1), 0.0),
        (Dose(10.0, "iv", -0.1), -0.25),
    ):
        assert moments(Protocol(times, 0.26), (dose,))["rest"] == hour
    assert moments(Protocol(times, 0.26), ())["rest"] == 0.0
    assert moments(Protocol(times, 0.26), (), Bath((("ketamine", 1.0),), 0.0))["rest"] == 0.0


def test_the_first_two_hours_are_those_after_what_is_given_at_hour_0_or_first():
    later, earlier, now = Dose(1.0, "ip", 5.0), Dose(1.0, "ip", -24.0), Dose(1.0, "ip")
    assert [begun(d) for d in ((), (now,), (earlier, now), (later,), (later, earlier))] == [
        0.0,
        0.0,
        0.0,
        5.0,
        -24.0,
    ]
    assert begun((), Bath((("ketamine", 1.0),), 3.0)) == 3.0


def test_a_readout_without_a_look_is_refused():
    with pytest.raises(ProtocolError, match="the readout 7 d needs a look at 168 h"):
        check_readouts(Protocol((0.0, 0.26, 2.0), 0.26, readouts=("rest", "7 d")), ())
    with pytest.raises(ProtocolError, match="the readout 0-2 h needs a look at 7 h"):
        check_readouts(Protocol((5.0, 6.0), 5.0, readouts=("0-2 h",)), (Dose(1.0, "ip", 5.0),))


# The loop

# eEF2K at rest follows the block itself: no noise of spikes stands between two protocols of the same doses.
TWICE = (Dose(10.0, "ip"), Dose(10.0, "ip", 24.0))
QUIET = Hypotheses(surge="off", eef2k="on", baseline="healthy")


def bdnf(doses: tuple[Dose, ...], protocol: Protocol) -> tuple[np.ndarray, np.ndarray]:
    """Hours and mean BDNF, at looks and between them."""
    config = Config(
        "looks", "sst", "rat", doses, 0.5, 1, replace(protocol, look_scale=0.02, rest=2.0), hypotheses=QUIET
    )
    fine = [sample for s in simulate(config, True, lambda s: None).seen for sample in s.slow.sampled]
    return np.array([hour for hour, _ in fine]), np.array(
        [means[READOUTS_OF_CASCADE.index("bdnf")] for _, means in fine]
    )


def test_a_schedule_gives_what_dense_looks_give_and_a_later_dose_changes_nothing_before_it():
    planned = looks_for(exposure("rat", *TWICE), ("rest", "peak", "30 h"))
    day = (*(k / 20 for k in range(10)), *(k / 10 for k in range(5, 25)), 3.0, 4.0, 6.0)
    dense = Protocol(
        (-12.0, *day, 12.0, 18.0, *(24.0 + hour for hour in day)), PEAK, readouts=planned.readouts
    )
    hours, once = bdnf(TWICE[:1], planned)
    _, twice = bdnf(TWICE, planned)
    then, closely = bdnf(TWICE, dense)
    assert np.array_equal(once[hours <= 24.0], twice[hours <= 24.0])
    assert np.abs(twice - once)[hours > 24.0].max() > 0.2
    for low, high in ((0.0, 24.0), (24.0, 30.0)):
        tops = [course[(at >= low) & (at <= high)].max() for at, course in ((hours, twice), (then, closely))]
        assert tops[0] - 1.0 == pytest.approx(tops[1] - 1.0, rel=0.05)


def test_the_default_day_is_planned_for_a_bolus_whose_rest_is_untreated():
    protocol = looks_for(exposure("rat", Dose(10.0, "iv")), DAY)
    outcome = simulate(
        brief(doses=(Dose(10.0, "iv"),), protocol=replace(protocol, look_scale=0.01, rest=1.0)),
        True,
        lambda s: None,
    )
    block = {s.look.time: s.block.max() for s in outcome.seen}
    assert block[moments(protocol, (Dose(10.0, "iv"),))["rest"]] == 0.0 < block[0.0]
