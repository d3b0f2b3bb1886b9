"""What is given, in words: taken as it is meant, or refused with what it should be."""

import pytest

from prelimbic.parameters.errors import UsageError
from prelimbic.pharmacology import Dose, DoseError
from prelimbic.simulation.given import GivenError, doses, hours

MEANT = {
    "ketamine 10 mg/kg ip at 0h, 24h": (Dose(10.0, "ip"), Dose(10.0, "ip", 24.0)),
    "0.5 mg/kg iv over 40min": (Dose(0.5, "iv", 0.0, 40 / 60),),
    "10mg/kg ip": (Dose(10.0, "ip"),),
    "vehicle ip at 2 h": (Dose(0.0, "ip", 2.0),),
    "norketamine 1e1 mg/kg iv over 90s at -0.5h,3d": (
        Dose(10.0, "iv", -0.5, 0.025, "norketamine"),
        Dose(10.0, "iv", 72.0, 0.025, "norketamine"),
    ),
}
REFUSED = {
    "": "amount is missing",
    "ketamine ip": "amount is missing",
    "10 ip": "write 10 mg/kg",
    "10 mg ip": "'mg' is none",
    "1..2 mg/kg ip": "'1..2' is no number",
    "10 mg/kg": "route is missing, ip or iv",
    "10 mg/kg i.p.": "did you mean ip?",
    "ketamin 10 mg/kg ip": "did you mean ketamine?",
    "10 mg/kg ip ovr 40min": "did you mean over?",
    "10 mg/kg ip 24h": "nor times, at 0h",
    "10 mg/kg ip at 24": "24min or 24h",
    "10 mg/kg ip at 0h, 0min": "a time twice",
    "10 mg/kg iv over soon": "length of",
}


@pytest.mark.parametrize(("text", "meant"), MEANT.items())
def test_a_text_is_the_doses_that_it_says(text, meant):
    assert doses(text) == meant == doses(meant) == doses([text])


def test_several_texts_and_doses_stand_in_their_order():
    assert doses(["10 mg/kg ip", Dose(1.0, "iv", 3.0)]) == (Dose(10.0, "ip"), Dose(1.0, "iv", 3.0))
    assert doses([]) == ()


@pytest.mark.parametrize(("text", "why"), REFUSED.items())
def test_a_text_that_is_none_is_refused_with_what_it_lacks(text, why):
    with pytest.raises(GivenError) as caught:
        doses(text)
    assert why in str(caught.value) and repr(text) in str(caught.value)


def test_a_dose_that_cannot_be_given_is_refused_with_its_text():
    with pytest.raises(DoseError, match=r"'10 mg/kg ip over 1h': only an i\.v\. dose has a duration"):
        doses("10 mg/kg ip over 1h")
    for nothing in (3, [None]):
        with pytest.raises(UsageError, match="`give` takes"):
            doses(nothing)


@pytest.mark.parametrize(
    ("text", "hour"), [("40min", 40 / 60), ("-0.5h", -0.5), ("3d", 72.0), ("21 d", 504.0), ("90s", 0.025)]
)
def test_a_time_has_a_unit(text, hour):
    assert hours(text, "it") == hour
