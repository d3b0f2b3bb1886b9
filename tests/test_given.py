"""What is given, in words: taken as it is meant, or refused with what it should be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prelimbic.parameters import DOSED, IN_A_BATH, SALTS, compounds, salts
from prelimbic.parameters.errors import UsageError
from prelimbic.pharmacology import ALSO_CALLED, ROUTES, Bath, Dose, DoseError
from prelimbic.simulation.given import (
    BASE,
    MG,
    MMOL,
    MOST_TIMES,
    PER,
    VEHICLE,
    Given,
    GivenError,
    as_given,
    bath_in_words,
    doses,
    parse_bath,
    parse_body,
    read_given,
)
from tests.fuzz import WORDS, examples, told_by

WAYS = sorted({route for routes in ROUTES.values() for route in routes})
KETAMINE = compounds()["ketamine"].molar_mass
HCL = salts()["hydrochloride"].molar_mass
MEANT = {
    "ketamine 10 mg/kg ip at 0h, 24h": (Dose(10.0, "ip"), Dose(10.0, "ip", 24.0)),
    "0.5 mg/kg iv over 40min": (Dose(0.5, "iv", 0.0, 40 / 60),),
    "10mg/kg ip": (Dose(10.0, "ip"),),
    "vehicle ip at 2 h": (Dose(0.0, "ip", 2.0),),
    "vehicle 10 mg/kg ip": (Dose(0.0, "ip"),),
    "vehicle 3 mg as hydrochloride iv over 1h": (Dose(0.0, "iv", 0.0, 1.0),),
    "norketamine 1e1 mg/kg iv over 90s at -0.5h,3d": (
        Dose(10.0, "iv", -0.5, 0.025, "norketamine"),
        Dose(10.0, "iv", 72.0, 0.025, "norketamine"),
    ),
    "ketamine 10 mg/kg ip every 24h x 3 from -1d": tuple(Dose(10.0, "ip", h) for h in (-24.0, 0.0, 24.0)),
    "0.5 mg/kg iv every 3.5d x 2": (Dose(0.5, "iv"), Dose(0.5, "iv", 84.0)),
    "10 mg/kg ip at -0h": (Dose(10.0, "ip"),),
    "1500 ug/kg ip": (Dose(1.5, "ip"),),
    "1500 µg/kg ip": (Dose(1.5, "ip"),),
    "1.5e-3 g/kg ip": (Dose(1.5, "ip"),),
    "0.1 mg/kg/h iv over 96h": (Dose(9.6, "iv", 0.0, 96.0),),
    "0.1 mg/kg/min iv over 1h": (Dose(6.0, "iv", 0.0, 1.0),),
    "10 mg/kg as base ip": (Dose(10.0, "ip"),),
    f"{KETAMINE} ug/kg\tip": (Dose(KETAMINE / 1000, "ip"),),
    "1 umol/kg ip": (Dose(KETAMINE / 1000, "ip"),),
    "1 umol/kg as hydrochloride ip": (Dose(KETAMINE / 1000, "ip"),),
    f"{KETAMINE + HCL} mg/kg\tas  hydrochloride ip at 1h": (Dose(KETAMINE, "ip", 1.0),),
    "esketamine 0.4 mg/kg nasal": (Dose(0.4, "nasal", compound="S-ketamine"),),
    f"arketamine {KETAMINE} ug/kg iv": (Dose(KETAMINE / 1000, "iv", compound="R-ketamine"),),
    "1 umol/kg oral_pr": (Dose(KETAMINE / 1000, "oral_pr"),),
    "(2R,6R)-hydroxynorketamine 1 mg/kg iv": (Dose(1.0, "iv", compound="R-hydroxynorketamine"),),
}
OF_A_BODY = {  # with a weight, kg
    ("35 mg iv over 40min", 70.0): Dose(0.5, "iv", 0.0, 40 / 60),
    ("0.25 mg ip", 0.025): Dose(10.0, "ip"),
    ("70 umol iv", 70.0): Dose(KETAMINE / 1000, "iv"),
    ("7 mg/h iv over 2h", 70.0): Dose(0.2, "iv", 0.0, 2.0),
    (f"{7 * (KETAMINE + HCL)} ug as hydrochloride iv", 70.0): Dose(KETAMINE * 1e-4, "iv"),
    ("10 mg/kg ip", 0.3): Dose(10.0, "ip"),
    ("vehicle ip", 0.3): Dose(0.0, "ip"),
}
LACK = {
    "": "amount is missing",
    "at 1h": "amount is missing",
    "ketamine ip": "amount is missing",
    "as hydrochloride": "amount is missing",
    "10 ip": "such as 10 mg of the whole body, or 10 mg/kg",
    "10 kg ip": "such as 10 mg of the whole body, or 10 mg/kg",
    "10 mg/m2 ip": "'mg/m2' is none",
    "10 mg/kg/kg ip": "'mg/kg/kg' is none",
    "10 mg/h/h iv over 1h": "'mg/h/h' is none",
    "10 mg/kg/d iv over 1h": "'mg/kg/d' is none",
    "10 MG/KG ip": "'MG/KG' is none",
    "1..2 mg/kg ip": "'1..2' is no number",
    "1e mg/kg ip": "'1e' is no number",
    ". mg/kg ip": "'.' is no number",
    "+-1 mg/kg ip": "'+-1' is no number",
    "1_0 mg/kg ip": "'_0' is none",
    "1,5 mg/kg ip": "',5' is none",
    "٣ mg/kg ip": "unknown compound '٣'",
    "½ mg/kg ip": "unknown compound '½'",
    "nan mg/kg ip": "unknown compound 'nan'",
    "10 mg/kg": f"route is missing, {' or '.join(WAYS)}",
    "10 mg/kg nasl": "did you mean nasal?",
    "10 mg/kg i.p.": "did you mean ip?",
    "ketamin 10 mg/kg ip": "did you mean ketamine?",
    "ketamine norketamine 1 mg/kg ip": "amount is missing",
    "ip 10 mg/kg": "unknown compound 'ip'",
    "10 mg/kg as sulphate ip": "unknown salt 'sulphate'",
    "10 mg/kg as hydrocloride ip": "did you mean hydrochloride?",
    "10 mg/kg as ip": "unknown salt 'ip'",
    "10 mg/kg ip as": "unknown salt ''",
    "10 mg/kg as base as base ip": "unknown route 'as'",
    "10 mg/kg ip ovr 40min": "did you mean over?",
    "10 mg/kg ip iv": "nor times, at 0h",
    "10 mg/kg ip 24h": "nor times, at 0h",
}
REFUSED = {
    "10 mg/kg ip at": "nothing behind at",
    "10 mg/kg ip at ,": "a time of",
    "10 mg/kg ip at 24": "24min or 24h",
    "10 mg/kg ip at 0h, 0min": "a time twice",
    "10 mg/kg ip at 0h every 24h x 3": "at and every",
    "10 mg/kg ip at 1e308d": "too large",
    "10 mg/kg ip every 0h x 3": "longer than 0",
    "10 mg/kg ip every 24h x 10000": f"1 to {MOST_TIMES} times, not 10000",
    f"10 mg/kg ip every 24h x {'9' * 5000}": f"1 to {MOST_TIMES} times",
    "10 mg/kg iv over soon": "length of",
    "10 mg/kg iv over": "nothing behind over",
    "10 mg/kg iv over 1h over 2h": "over twice",
    "10 mg ip": "mg needs a body weight",
    "10 umol/h iv over 1h": "umol/h needs a body weight",
    "10 mg/kg/h ip": "a rate needs a length",
    "10 mg/h ip": "a rate needs a length",
}
NOT_GIVEN = {
    "10 mg/kg ip over 1h": r"only an i\.v\. dose has a duration",
    "10 mg/kg iv over 0h": "longer than 0",
    "10 mg/kg iv over -1h": "longer than 0",
    "-1 mg/kg ip": "from 0 to 1e",
    "1e400 mg/kg ip": "not inf",
    "1e300 g/kg/min iv over 1e5h": "from 0 to 1e",
    "10 mg/kg ip every 1e300h x 3": "within 100000 h",
}


@pytest.mark.parametrize(("text", "meant"), MEANT.items())
def test_a_text_is_the_doses_that_it_says(text, meant):
    assert doses(text) == meant == doses(meant) == doses([text])


@pytest.mark.parametrize(("asked", "meant"), OF_A_BODY.items(), ids=[text for text, _ in OF_A_BODY])
def test_with_a_weight_an_amount_may_be_of_the_whole_body(asked, meant):
    assert doses(*asked) == (meant,)


def test_several_texts_and_doses_stand_in_their_order():
    assert doses(["10 mg/kg ip", Dose(1.0, "iv", 3.0)]) == (Dose(10.0, "ip"), Dose(1.0, "iv", 3.0))
    assert doses([]) == ()


@pytest.mark.parametrize(("text", "why"), LACK.items())
def test_a_text_that_is_none_is_refused_with_what_it_lacks(text, why):
    with pytest.raises(GivenError) as caught:
        doses(text)
    said = str(caught.value)
    assert said.startswith(f"`give` {text!r}: ") and "it takes [COMPOUND]" in said and said.isprintable()
    assert 0 < said.index(why) < said.index("it takes")  # the reason, and then the grammar


@pytest.mark.parametrize(("text", "why"), REFUSED.items(), ids=[text[:40] for text in REFUSED])
def test_a_text_that_says_what_cannot_be_is_refused_with_what_is_wrong(text, why):
    with pytest.raises(GivenError) as caught:
        doses(text)
    said = str(caught.value)
    assert why in said and repr(text) in said and said.isprintable()


@pytest.mark.parametrize(("text", "why"), NOT_GIVEN.items())
def test_a_dose_that_cannot_be_given_is_refused_with_its_text(text, why):
    with pytest.raises(DoseError, match=rf"^'{text}': .*{why}"):
        doses(text)


def test_what_is_no_text_is_refused():
    for nothing in (3, None, [None], [["10 mg/kg ip"]], {"give": "10 mg/kg ip"}, b"10 mg/kg ip"):
        with pytest.raises(UsageError, match="`give` takes"):
            doses(nothing)


def test_a_run_has_so_many_doses_and_no_more():
    assert len(doses(f"10 mg/kg ip every 24h x {MOST_TIMES}")) == MOST_TIMES
    for too_many in (["1 mg/kg ip"] * (MOST_TIMES + 1), ["1 mg/kg ip every 1h x 400", Dose(1.0, "ip")]):
        with pytest.raises(GivenError, match="`give` holds 401 doses, but a run has at most 400"):
            doses(too_many)


# Words


HOURS = st.integers(-(10**6), 10**6).map(lambda minutes: minutes / 60) | st.floats(-1e5, 1e5).map(
    lambda hour: hour + 0.0
)
LENGTHS = st.integers(1, 10**5).map(lambda minutes: minutes / 60) | st.floats(1e-3, 1e5)
AMOUNTS = st.integers(0, 1000).map(float) | st.floats(0.0, 1e6)
BODIES = [f"{unit}{per}" for unit in (*MG, *MMOL) for per in ("", "/kg")]
UNITS = st.sampled_from(BODIES + [f"{body}/{per}" for body in BODIES for per in PER])
STARTS = st.lists(HOURS, min_size=1, max_size=5, unique=True).map(tuple)


@st.composite
def givens(draw: st.DrawFn) -> Given:
    compound = draw(st.sampled_from((*DOSED, *ALSO_CALLED, VEHICLE)))
    what = (0.0, "mg/kg", BASE) if compound == VEHICLE else (draw(AMOUNTS), draw(UNITS), draw(SALT))
    return Given(compound, *what, draw(ROUTE), draw(st.none() | LENGTHS), draw(STARTS))


SALT, ROUTE = st.sampled_from((BASE, *SALTS)), st.sampled_from(WAYS)


@given(givens())
@examples(200)
def test_what_is_given_in_words_is_read_as_what_it_was(said):
    again = read_given(str(said))
    assert again == said and str(again) == str(said) == again.text
    with told_by(GivenError, DoseError):
        assert again.doses(1.0) == said.doses(1.0)


def test_words_are_as_people_write_them():
    for text in (
        "ketamine 10 mg/kg ip",
        "ketamine 10 mg/kg ip at 0h, 1d",
        "ketamine 0.5 mg/kg as hydrochloride iv over 40min every 84h x 8 from 3d",
        "vehicle ip at -0.5h, 90s",
    ):
        assert str(read_given(text)) == text.replace("1d", "24h")


@given(
    st.lists(
        st.builds(Dose, AMOUNTS, st.just("iv"), HOURS, st.none() | LENGTHS, st.sampled_from(DOSED)),
        max_size=5,
    )
    | st.lists(st.builds(Dose, st.just(5.0), st.just("ip"), st.sampled_from([0.0, 24.0])), max_size=6)
)
@examples(150)
def test_doses_in_words_are_read_as_the_same_doses_in_the_same_order(asked):
    assert doses([str(said) for said in as_given(asked)]) == tuple(asked)


def test_alike_doses_share_a_text_but_where_two_come_at_once():
    alike = [Dose(5.0, "ip", hour) for hour in (0.0, 24.0, 48.0)]
    assert len(as_given(alike)) == 1 and len(as_given([*alike, Dose(5.0, "ip")])) == 2


# Baths


BATHS = {
    "ketamine 3 uM": Bath((("ketamine", 3.0),), 0.0),
    "ketamine 3 uM from 0h to 2h": Bath((("ketamine", 3.0),), 0.0, 2.0),
    "ketamine 3 uM over 90min from 1h": Bath((("ketamine", 3.0),), 1.0, 2.5),
    "memantine .5e1 uM from -30min": Bath((("memantine", 5.0),), -0.5),
    "S-ketamine 1 uM": Bath((("S-ketamine", 1.0),), 0.0),
    "mk801 0 uM to 1d": Bath((("mk801", 0.0),), 0.0, 24.0),
}


@pytest.mark.parametrize(("text", "bath"), BATHS.items())
def test_a_bath_is_what_it_says(text, bath):
    assert parse_bath(text) == bath == parse_bath([text])


def test_a_bath_may_hold_several_drugs_over_the_same_hours():
    both = parse_bath(["ketamine 3 uM to 2h", "memantine 1 uM from 0h over 120min"])
    assert both == Bath((("ketamine", 3.0), ("memantine", 1.0)), 0.0, 2.0)


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ("", "`bath` takes"),
        ([], "`bath` takes"),
        ("ketamine", "`bath` takes"),
        ("ketamine 3", "`bath` takes"),
        ("ketamine 3 mM", "`bath` takes"),
        ("ketamine 3uM", "`bath` takes"),
        ("ketamine nan uM", "`bath` takes"),
        ("ketamine ٣ uM", "`bath` takes"),
        ("ketamine 3 uM 2h", "`bath` takes"),
        ("ketamine 1e999 uM", "finite"),
        ("ketamine -1 uM", "at least 0"),
        ("ketamin 3 uM", "did you mean ketamine?"),
        ("ketamine 3 uM from", "nothing behind from"),
        ("ketamine 3 uM from 0h from 1h", "from twice"),
        ("ketamine 3 uM to 2h over 2h", "to and over"),
        ("ketamine 3 uM to 2", "2min or 2h"),
        ("ketamine 3 uM to 0h", "ends after it starts"),
        ("ketamine 3 uM over 0h", "ends after it starts"),
        ("ketamine 3 uM over -1h", "ends after it starts"),
        ("ketamine 3 uM from 1e308d", "too large"),
        (["ketamine 3 uM", "ketamine 1 uM"], "names ketamine twice"),
        (["ketamine 3 uM to 2h", "memantine 1 uM"], "come and go together"),
    ],
)
def test_a_bath_that_cannot_be_is_refused(texts, why):
    with pytest.raises((GivenError, DoseError)) as caught:
        parse_bath(texts)
    assert why in str(caught.value) and str(caught.value).isprintable()


@given(
    st.dictionaries(st.sampled_from(IN_A_BATH), st.floats(0.0, 1e9), min_size=1).map(
        lambda d: (*d.items(),)
    ),
    st.tuples(HOURS, HOURS | st.just(float("inf"))).filter(lambda ends: ends[0] < ends[1]),
)
@examples(100)
def test_a_bath_in_words_is_read_as_the_same_bath(held, ends):
    bath = Bath(held, *ends)
    assert parse_bath(bath_in_words(bath)) == bath


# Any text

SAID = ["ketamine", "vehicle", "10", "mg/kg", "10mg", "umol/kg", "1e400", "-1", "nan", "as", "hydrochloride"]
SAID += [
    "ip",
    "iv",
    "over",
    "at",
    "every",
    "from",
    "to",
    "0h,",
    "24h",
    "1e308d",
    "0h",
    "x",
    "3",
    "10000",
    "uM",
]
TEXT = st.lists(st.sampled_from(SAID) | WORDS, max_size=9).map(" ".join) | st.permutations(SAID).map(
    " ".join
)


@given(TEXT)
@examples(400)
def test_any_text_is_refused_in_one_sentence_or_says_what_is_given(text):
    with told_by(GivenError, DoseError):
        assert doses(str(read_given(text)), 0.3) == doses(text, 0.3)
    with told_by(GivenError, DoseError):
        assert parse_bath(bath_in_words(parse_bath(text))) == parse_bath(text)
    with told_by(GivenError, DoseError):
        assert 0.005 <= parse_body("rat", text).weight <= 1.5
