"""The one grammar of times: what is meant, what is refused, and that words are read as what they say."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.times import (
    MOST_TIMES,
    GivenError,
    clauses,
    hour_of,
    hours,
    in_words,
    read_at,
    readout,
    schedule,
    schedule_in_words,
    spell,
    spells_in_words,
)
from tests.fuzz import WORDS, examples, told_by

# hours as people write them, in whole seconds, and any others
HOUR = (
    st.integers(-(10**8), 10**8).map(lambda seconds: seconds / 3600)
    | st.integers(-200, 200).map(lambda half: 12.0 * half)
    | st.floats(-1e5, 1e5)
)
EDGES = ["0", "-0", "1", "-1", "7", "24", "1e308", "1e309", "9" * 400, "1e-400", ".5", "5.", "1..2", "nan"]
EDGES += ["inf", "٣", "½", "1_0", "0x10", "1,5", "+-1", "--1", "", " "]
UNITS = ["s", "min", "h", "d", "", " h", "H", "hr", "days", "mg"]
TIMES = st.builds("{}{}".format, st.sampled_from(EDGES), st.sampled_from(UNITS))
SAID = [
    "at",
    "every",
    "from",
    "to",
    "before",
    "over",
    "as",
    "x",
    "x 3",
    "x 0",
    ",",
    "..",
    "@",
    "peak",
    "rest",
]
# texts of words and times that the grammar knows, in any order, and texts that it does not know at all
HOSTILE = st.lists(st.sampled_from(SAID) | TIMES, max_size=7).map(" ".join) | WORDS


def starts(text: str) -> tuple[float, ...]:
    head, said = clauses(text, ("at", "every", "from"))
    assert head == []
    return schedule(said, text)


def is_told(caught: pytest.ExceptionInfo[GivenError], *named: str) -> None:
    said = str(caught.value)
    assert type(caught.value) is GivenError and said.isprintable()
    assert all(name in said for name in named), said


# A time


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("40min", 40 / 60),
        ("-0.5h", -0.5),
        ("3d", 72.0),
        ("21 d", 504.0),
        ("90s", 0.025),
        (" +1e1\th ", 10.0),
        (".5d", 12.0),
        ("5.min", 5 / 60),
        ("1e-400h", 0.0),
    ],
)
def test_a_time_has_a_unit(text, hour):
    assert hours(text, "it") == hour == hour_of(text, "it") == hour_of(hour, "it")


def test_there_is_one_hour_0():
    assert math.copysign(1.0, hours("-0h", "it")) == 1.0 and readout("-0h") == readout("0.0 h") == "0 h"


@pytest.mark.parametrize(
    "text", ["", "h", "1", "1 2h", "nanh", "infh", "٣h", "½h", "1_0h", "1,5h", "1e5e5h", "1H"]
)
def test_what_is_no_time_is_refused_with_the_units_there_are(text):
    with pytest.raises(GivenError) as caught:
        hours(text, "its end")
    is_told(caught, "its end", repr(text), "s, min, h or d")


def test_a_number_alone_is_told_what_it_may_mean():
    with pytest.raises(GivenError, match=r"write -1\.5min or -1\.5h"):
        hours("-1.5", "it")


@pytest.mark.parametrize("text", ["1e308d", "-1e308d", "1e309s", "9" * 400 + "h"])
def test_a_time_that_never_comes_is_refused(text):
    with pytest.raises(GivenError) as caught:
        hours(text, "its end")
    is_told(caught, "its end", "too large")


@pytest.mark.parametrize("value", [None, True, [1.0], b"1h"])
def test_an_hour_is_a_text_or_a_number(value):
    with pytest.raises(GivenError) as caught:
        hour_of(value, "its end")
    is_told(caught, "its end")


@given(HOUR)
@examples(200)
def test_an_hour_in_words_is_read_as_the_same_number(hour):
    assert hours(in_words(hour), "it") == hour


@pytest.mark.parametrize(
    "text", ["40min", "-30min", "24h", "3d", "21d", "90s", "0h", "1.5h", "1h", "84h", "-2d"]
)
def test_an_hour_in_words_is_as_short_as_people_write_it(text):
    assert len(in_words(hours(text, "it"))) <= max(len(text), 4)


# A schedule

MEANT = {
    "": (0.0,),
    "at 0h, 24h, 48h": (0.0, 24.0, 48.0),
    "at 3d , -30min": (72.0, -0.5),
    "every 84h x 8": tuple(84.0 * k for k in range(8)),
    "every 84 h X8 from 1d": tuple(24.0 + 84.0 * k for k in range(8)),
    "from -1h every 20min × 2": (-1.0, -1.0 + 1 / 3),
    "every 1d*1": (0.0,),
    f"every 1h x {MOST_TIMES}": tuple(map(float, range(MOST_TIMES))),
}
REFUSED = {
    "at": "nothing behind at",
    "at ,": "is ''",
    "at 0h,": "is ''",
    "at 24": "24min or 24h",
    "at 0h, 0min": "names a time twice",
    "at 0h at 1h": "says at twice",
    "at 0h every 1h x 2": "at and every",
    "at 0h from 1h": "from without every",
    "from 1h": "write at instead",
    "from \U00016aee": "write at instead",
    "every": "nothing behind every",
    "every 24h": "84h x 8",
    "every x 3": "84h x 8",
    "every 24h x": "84h x 8",
    "every 24h x three": "84h x 8",
    "every 24h x 2.5": "84h x 8",
    "every 24h x -3": "84h x 8",
    "every 24h x ٣": "84h x 8",
    "every 24h x 3 x 4": "interval of",
    "every 0h x 3": "longer than 0, not 0h",
    "every -1h x 3": "longer than 0, not -1h",
    "every nanh x 3": "interval of",
    "every 1e308d x 3": "too large",
    "every 24h x 0": f"1 to {MOST_TIMES} times, not 0",
    "every 24h x 10000": f"1 to {MOST_TIMES} times, not 10000",
    f"every 24h x {'9' * 5000}": f"1 to {MOST_TIMES} times",
    "every 1e-300h x 3 from 1h": "names a time twice",
    "every 24h x 3 from": "nothing behind from",
    "every 24h x 3 from soon": "begin of",
}


@pytest.mark.parametrize(("text", "meant"), MEANT.items())
def test_a_schedule_is_the_hours_that_it_says(text, meant):
    assert starts(text) == meant


@pytest.mark.parametrize(("text", "why"), REFUSED.items(), ids=[text[:30] for text in REFUSED])
def test_a_schedule_that_is_none_is_refused_with_what_is_wrong(text, why):
    with pytest.raises(GivenError) as caught:
        starts(text)
    is_told(caught, why, repr(text))


@given(st.lists(HOUR, min_size=1, max_size=6, unique=True).map(tuple))
@examples(200)
def test_hours_in_words_are_read_as_the_same_hours(given_at):
    assert starts(schedule_in_words(given_at)) == given_at


@given(
    st.integers(1, 10**6).map(lambda seconds: seconds / 3600) | st.floats(1e-3, 1e3),
    st.integers(1, MOST_TIMES),
    st.sampled_from([0.0, -0.5, 24.0]) | HOUR,
)
@examples(200)
def test_even_hours_in_words_are_read_as_the_same_hours_and_are_short(interval, times, begin):
    given_at = tuple(begin + interval * k for k in range(times))
    words = schedule_in_words(given_at)
    assert starts(words) == given_at
    if times > 3 and begin == 0.0:  # else the interval is known only from hours that are rounded
        assert words == f" every {in_words(interval)} x {times}" or round(interval, 9) != interval


# A spell


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("21d before 0h", (-504.0, 0.0)),
        ("-21d to 0h", (-504.0, 0.0)),
        (" 90min   before  -0.5h", (-2.0, -0.5)),
        ("1h to 2h", (1.0, 2.0)),
        ("-2h\tto -1h", (-2.0, -1.0)),
    ],
)
def test_a_spell_is_the_hours_that_it_says(text, meant):
    assert spell(text, "`stress`") == meant


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "takes a spell"),
        ("21d", "takes a spell"),
        ("before 0h", "takes a spell"),
        ("21d before", "takes a spell"),
        ("21dbefore0h", "takes a spell"),
        ("21d after 0h", "takes a spell"),
        ("21 before 0h", "length of `stress`"),
        ("21d before noon", "end of `stress`"),
        ("-1d to 0h, 1d to 2d", "end of `stress`"),
        ("-1d to 0h to 1h", "`stress` is"),
        ("nanh to 0h", "begin of `stress`"),
        ("0h to infh", "end of `stress`"),
        ("1e308d before 0h", "too large"),
        ("0h before 0h", "longer than 0"),
        ("-1h before 0h", "longer than 0"),
        ("1h to 1h", "longer than 0"),
        ("1h to 60min", "longer than 0"),
        ("2h to 1h", "longer than 0"),
        ("1e-30h before 24h", "longer than 0"),
    ],
)
def test_a_spell_that_is_none_is_refused_with_what_is_wrong(text, why):
    with pytest.raises(GivenError) as caught:
        spell(text, "`stress`")
    is_told(caught, why, "`stress`")


@given(st.lists(HOUR, min_size=2, max_size=8, unique=True).map(sorted))
@examples(100)
def test_spells_in_words_are_read_as_the_same_spells(ends):
    ends = tuple(ends[: len(ends) // 2 * 2])
    assert tuple(hour for text in spells_in_words(ends) for hour in spell(text, "it")) == ends


# A readout


@pytest.mark.parametrize(
    ("text", "name", "ends"),
    [
        ("24h", "24 h", (24.0, 24.0)),
        ("7d", "7 d", (168.0, 168.0)),
        (" 07.0  d\n", "7 d", (168.0, 168.0)),
        ("-1h", "-1 h", (-1.0, -1.0)),
        ("1e3 h", "1000 h", (1000.0, 1000.0)),
        ("90min", "90 min", (1.5, 1.5)),
        ("24h..72h", "24 h..72 h", (24.0, 72.0)),
        ("-2h .. 3d", "-2 h..3 d", (-2.0, 72.0)),
    ],
)
def test_a_readout_has_one_name_and_its_hours(text, name, ends):
    assert readout(text) == name and read_at(name) == ends == read_at(text)
    protocol = Protocol((), 0.0, readouts=(text,))
    assert protocol.readouts == (name,)
    assert {**protocol.moments(), **protocol.windows()} == {name: ends if ".." in name else ends[0]}


@pytest.mark.parametrize("text", ["rest", "peak", "0-2 h", "0-2h", " 0-2  h ", "peak\n"])
def test_a_readout_that_is_no_time_has_a_name(text):
    assert readout(text) in ("rest", "peak", "0-2 h")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "24",
        "peek",
        "Peak",
        "7 w",
        "7d 8d",
        "٧d",
        "nanh",
        "0-3 h",
        "..",
        "24h..",
        "..24h",
        "1h..2h..3h",
        "0h...2h",
        "1h to 2h",
        "1e308d",
        "0h..1e308d",
        "9" * 400 + "h",
        "24h,7d",
    ],
)
def test_what_is_no_readout_is_refused(text):
    with pytest.raises(GivenError) as caught:
        readout(text)
    is_told(caught, "readout")


@pytest.mark.parametrize("name", ["24 h..24 h", "72h..24h", "1d..24h", "0h..-1h"])
def test_a_window_ends_after_it_begins(name):
    with pytest.raises(GivenError) as caught:
        read_at(name)
    is_told(caught, name, "must end after it begins")


@given(HOSTILE | st.builds("{}..{}".format, TIMES, TIMES))
@examples(300)
def test_any_text_is_refused_or_a_readout_with_one_name(text):
    with told_by(GivenError):
        name = readout(text)
        assert readout(name) == name
        if name not in ("rest", "peak", "0-2 h"):
            assert math.isfinite(sum(read_at(name)))


# Any text


@given(HOSTILE)
@examples(400)
def test_any_text_is_refused_in_one_sentence_or_a_schedule_or_a_spell(text):
    with told_by(GivenError):
        _, said = clauses(text, ("at", "every", "from"))
        found = schedule(said, text)
        assert 1 <= len(set(found)) == len(found) and all(map(math.isfinite, found))
        assert starts(schedule_in_words(found)) == found
    with told_by(GivenError):
        first, last = spell(text, "`stress`")
        assert -math.inf < first < last < math.inf
