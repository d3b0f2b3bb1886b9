"""Protocols, doses, baths and inhibitors made of any numbers: taken and then usable, or refused in one
sentence of our own.
"""

import math
from itertools import pairwise

import numpy as np
from hypothesis import assume, example, given
from hypothesis import strategies as st

from prelimbic.parameters import (
    BLOCKERS,
    COMPOUNDS,
    DOSED,
    INHIBITORS,
    SPECIES,
    SheetError,
    compounds,
    sheet,
)
from prelimbic.pharmacology import Bath, Dose, DoseError, Exposure
from prelimbic.pharmacology.block import by_subunit
from prelimbic.simulation.hypotheses import Hypotheses, HypothesisError
from prelimbic.simulation.inhibition import Inhibition, InhibitionError, left, parse_inhibitions
from prelimbic.simulation.overrides import parse_overrides
from prelimbic.simulation.protocol import Protocol, ProtocolError, one_day, weeks
from prelimbic.simulation.protocol import given as with_inhibitors
from prelimbic.simulation.switches import SWITCHES
from prelimbic.simulation.times import GivenError, hours
from tests.fuzz import NO_NUMBERS, NOT_FINITE, WORDS, examples, refused, told_by

DRUGS = compounds()
NEVER = st.sampled_from([math.nan, math.inf, -math.inf])
ANY = (
    st.sampled_from([0.0, 0.5, 1.0, 24.0])
    | st.floats()
    | st.floats(-100.0, 100.0)
    | st.integers(-(10**300), 10**300)
    | NEVER
)
HOUR = st.sampled_from([0.0, 0.25, 1.0, 24.0]) | st.floats(0.0, 100.0)
FAR = NEVER | st.floats(min_value=1.1e6) | st.floats(max_value=-1.1e6)
NEGATIVE = st.floats(max_value=-1e-300)
READOUT = (
    st.sampled_from(
        ["rest", "peak", "0-2 h", "2 h", "24 h", "7 d", "0 h", "0.5 d", "100000 d", "9" * 400 + " d"]
    )
    | WORDS
)
NO_READOUT = (
    st.sampled_from(
        ["7 w", " h", "7", "١ h", "nan h", "5000 d", "1e308 d", "..", "24 h..", "2 h..1 h", "7 d..168 h"]
    )
    | WORDS
)


def unknown(*known: str) -> st.SearchStrategy[str]:
    return WORDS.filter(lambda word: word not in known)


# Doses and baths


@given(
    ANY,
    st.sampled_from(["iv", "ip", "nasal", "oral"]) | WORDS,
    ANY,
    st.none() | ANY,
    st.sampled_from([*DOSED, *BLOCKERS]),
    st.sampled_from(SPECIES),
)
@examples(200)
def test_a_dose_of_any_numbers_gives_finite_concentrations_or_is_refused(
    amount, route, start, duration, compound, animal
):
    at = np.array([0.0, 1.0, 24.0])
    with told_by(DoseError):
        course = Exposure.after((Dose(amount, route, start, duration, compound),), animal)
        for found in (
            course.present(at),
            course.given(at),
            course.arterial(at),
            course.venous(at),
            course.brain_unbound(at),
        ):
            assert np.isfinite(found).all() and (found >= 0.0).all()


NO_DOSE = {
    "dose": st.tuples(FAR | NEGATIVE, st.just("ip")),
    "route": st.tuples(HOUR, unknown("iv", "ip")),
    "start": st.tuples(HOUR, st.just("iv"), FAR),
    "infusion": st.tuples(HOUR, st.just("iv"), HOUR, FAR | st.floats(max_value=1e-7)),
    "i.v.": st.tuples(HOUR, st.just("ip"), HOUR, ANY),
    "compound": st.tuples(HOUR, st.just("iv"), HOUR, st.none(), unknown(*COMPOUNDS)),
}


@given(st.data(), st.sampled_from(sorted(NO_DOSE)))
@examples(150)
def test_a_dose_that_cannot_be_given_is_refused_by_what_is_wrong(data, wrong):
    refused(DoseError, Dose, *data.draw(NO_DOSE[wrong]), named=(wrong,))


@given(st.lists(st.tuples(st.sampled_from(BLOCKERS) | WORDS, ANY), max_size=4), ANY, ANY)
@example([("ketamine", 10**20)], 0.0, 1.0)
@examples(150)
def test_a_bath_of_anything_holds_finite_concentrations_or_is_refused(drugs, start, end):
    with told_by(DoseError):
        bath = Bath(tuple(drugs), start, end)
        found = bath.brain_unbound(np.array([-1.0, 0.0, 1e4]))
        assert np.isfinite(found).all()
        shut = by_subunit(found, [DRUGS[name] for name in bath.names])
        assert ((shut >= 0.0) & (shut <= 1.0)).all()


# Inhibitors


@given(ANY, ANY, st.sampled_from(INHIBITORS), st.booleans())
@examples(150)
def test_an_inhibitor_of_any_amount_at_any_hour_leaves_a_share_or_is_refused(start, amount, name, systemic):
    with told_by(InhibitionError):
        item = Inhibition(name, start, amount)
        for found in left(
            (item, item), sheet("inhibitors"), np.array([-1e5, start, start + 1.0, 1e5]), systemic
        ).values():
            assert ((found > 0.0) & (found <= 1.0)).all()


NO_INHIBITION = (
    unknown(*INHIBITORS)
    | st.builds("{}={}".format, st.sampled_from(INHIBITORS), NO_NUMBERS | NOT_FINITE | NEGATIVE.map(repr))
    | st.builds("{}@{}".format, st.sampled_from(INHIBITORS), NO_NUMBERS.filter(lambda text: text != "1h"))
    | st.builds("{}=1@{}h".format, st.sampled_from(INHIBITORS), NO_NUMBERS | NOT_FINITE | FAR.map(repr))
    | st.builds("{0}={1}@{1}h".format, WORDS, st.integers(0, 9))
)


@given(NO_INHIBITION)
@examples(150)
def test_a_text_that_gives_no_inhibitor_is_refused(text):
    refused(InhibitionError, parse_inhibitions, text)


# Protocols

TIMES = st.lists(ANY, max_size=4) | st.lists(
    st.sampled_from([-48.0, -24.0, 0.0, 0.01, 0.5, 2.0, 2.01, 4.0, 24.0, 72.0]), max_size=6
)


def usable(protocol: Protocol) -> None:
    looks = list(protocol.looks())
    assert [look.time for look in looks] == list(protocol.times)
    assert all(0.0 < look.stride <= 48.0 for look in looks[:-1])
    assert all(look.seconds > 0.0 for look in looks[:1])
    assert math.isfinite(protocol.seconds) and protocol.seconds >= 0.0
    assert all(math.isfinite(hour) for hour in protocol.moments().values())
    assert all(after > before for before, after in pairwise(protocol.times))


@given(
    TIMES,
    ANY,
    ANY,
    ANY,
    st.lists(READOUT, max_size=3),
    st.lists(ANY, max_size=2),
    st.none() | st.tuples(ANY, ANY),
)
@examples(200)
def test_a_protocol_of_any_numbers_can_be_followed_or_is_refused(
    times, peak, look_scale, rest, readouts, reused, stress
):
    with told_by(ProtocolError):
        usable(Protocol(tuple(times), peak, look_scale, rest, tuple(readouts), tuple(reused), stress))


@given(
    ANY | HOUR,
    st.lists(READOUT, max_size=3),
    st.lists(ANY | HOUR, max_size=3),
    st.none() | st.tuples(ANY, HOUR),
    st.booleans(),
)
@examples(200)
def test_weeks_of_any_numbers_can_be_followed_or_are_refused(peak, readouts, also, stress, halved):
    with told_by(ProtocolError):
        usable(one_day(peak, halved))
    with told_by(ProtocolError):
        usable(weeks(peak, tuple(readouts), also=tuple(also), stress=stress, halved=halved))


ITEM = st.builds(Inhibition, st.sampled_from(INHIBITORS), st.floats(-1e4, 1e4), st.floats(0.0, 1000.0))


@given(
    st.sampled_from([Protocol((), 0.0), one_day(0.26), weeks(0.26, ("rest", "7 d"))]),
    st.lists(ITEM, max_size=4),
)
@examples(100)
def test_inhibitors_given_at_any_hour_leave_a_protocol_that_can_be_followed(protocol, items):
    changed = with_inhibitors(protocol, tuple(items))
    usable(changed)
    assert set(protocol.times) <= set(changed.times) and len(changed.inhibitions) == len(items)


DAY = (0.0, 1.0, 2.0, 24.0)
NO_PROTOCOL = {
    "peak": (NEVER, lambda peak: Protocol(DAY, peak)),
    "time": (NEVER, lambda time: Protocol((*DAY, time), 0.0)),
    "order": (
        st.permutations(DAY).filter(lambda times: times != list(DAY)),
        lambda times: Protocol(tuple(times), 0.0),
    ),
    "look_scale": (FAR | st.floats(max_value=0.0), lambda scale: Protocol(DAY, 0.0, scale)),
    "rest": (FAR | NEGATIVE, lambda rest: Protocol(DAY, 0.0, 1.0, rest)),
    "readout": (NO_READOUT, lambda name: Protocol(DAY, 0.0, readouts=("rest", name))),
    "reused": (ANY.filter(lambda time: time not in DAY), lambda time: Protocol(DAY, 0.0, reused=(time,))),
    "stress": (
        ANY.filter(lambda time: time not in DAY),
        lambda time: Protocol(DAY, 0.0, stress=(0.0, time)),
    ),
    "stress backwards": (st.sampled_from(DAY), lambda time: Protocol(DAY, 0.0, stress=(time, 0.0))),
    "peak of a day": (FAR, one_day),
    "peak of weeks": (FAR, lambda peak: weeks(peak, ("7 d",))),
    "readout of weeks": (NO_READOUT, lambda name: weeks(0.26, (name,))),
    "hour also": (NEVER, lambda hour: weeks(0.26, ("7 d",), also=(hour,))),
    "stress of weeks": (FAR, lambda hour: weeks(0.26, ("7 d",), stress=(hour, 0.0))),
}


@given(st.data(), st.sampled_from(sorted(NO_PROTOCOL)))
@examples(250)
def test_a_protocol_that_cannot_be_followed_is_refused(data, wrong):
    values, make = NO_PROTOCOL[wrong]
    refused(ProtocolError, make, data.draw(values))


# Words of the command line


@given(
    NO_NUMBERS.filter(lambda text: text != "1h")
    | NO_NUMBERS.map("{}min".format)
    | st.floats().map("{!r}".format)
)
@examples(100)
def test_a_text_that_is_no_time_is_refused_with_the_units_there_are(text):
    refused(GivenError, hours, text, "--at", named=("--at", "s, min, h or d"))


@given(unknown("=").filter(lambda text: "=" not in text) | st.builds("{}={}".format, WORDS, NO_NUMBERS))
@examples(100)
def test_a_text_that_overrides_nothing_is_refused_with_the_form_it_should_have(text):
    refused(SheetError, parse_overrides, [text], named=("`overrides`", "SHEET.SECTION.NUMBER=VALUE"))


@given(st.sampled_from(sorted(SWITCHES)), WORDS)
@examples(100)
def test_a_hypothesis_that_is_none_is_refused_with_those_there_are(switch, option):
    assume(option not in SWITCHES[switch])
    refused(
        HypothesisError, lambda: Hypotheses(**{switch: option}), named=(f"`{switch}`", *SWITCHES[switch])
    )
