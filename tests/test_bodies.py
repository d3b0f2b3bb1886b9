"""Who is given something: weights, sexes, genotypes and ages, taken where an animal can have them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import prelimbic as pl
from prelimbic.parameters import traits
from prelimbic.pharmacology import TRAITS, WEIGHTS, Body, Dose, DoseError
from prelimbic.pharmacology.exposure import Exposure
from prelimbic.simulation.given import GivenError, parse_body
from tests.fuzz import examples


@pytest.mark.parametrize(
    ("value", "animal", "weight"),
    [
        (70, "human", 70.0),
        ("70", "human", 70.0),
        (" 70 kg ", "human", 70.0),
        ("25 g", "mouse", 0.025),
        ("25g", "mouse", 0.025),
        (0.3, "rat", 0.3),
        ("3e2 g", "rat", 0.3),
    ],
)
def test_a_weight_is_in_kg_unless_it_says_g(value, animal, weight):
    assert parse_body(animal, value).weight == weight


@pytest.mark.parametrize(
    ("value", "animal"),
    [(value, "human") for value in ("", "heavy", "70 lb", "kg", "٧٠ kg", "nan", "inf kg", "1e400 kg", "-70")]
    + [(value, "human") for value in (True, [70.0], float("nan"), float("inf"), 0.0, -1, 0.999, 401)]
    + [(25, "mouse"), ("70 kg", "rat"), ("25 g", "human")],
)
def test_a_weight_that_such_an_animal_cannot_have_is_refused(value, animal):
    with pytest.raises((GivenError, DoseError)) as caught:
        parse_body(animal, value)
    assert str(caught.value).startswith("`weight` ") and str(caught.value).isprintable()


@given(st.sampled_from(list(WEIGHTS)).flatmap(lambda a: st.tuples(st.just(a), st.floats(*WEIGHTS[a]))))
@examples(50)
def test_a_weight_in_words_is_the_weight(case):
    animal, weight = case
    assert parse_body(animal, weight).weight == weight
    assert parse_body(animal, f"{weight!r} kg").weight == pytest.approx(weight, rel=1e-11)


def test_a_trait_counts_where_its_effect_is_known_and_is_refused_by_name_elsewhere():
    animal, word, value = KNOWN[0]
    assert getattr(parse_body(animal, **{word: value}), word) == value
    for other in ("human", "rat", "mouse"):
        for trait, values in TRAITS.items():
            for each in values:
                if (other, trait, each) not in KNOWN:
                    with pytest.raises(DoseError, match=rf"^`{trait}` .*no data .*{other}"):
                        parse_body(other, **{trait: each})
    with pytest.raises(DoseError, match=r"`sex` .*female, male"):
        parse_body("mouse", sex="f")


KNOWN = [
    (animal, word, value)
    for animal in WEIGHTS
    for word, values in TRAITS.items()
    for value in values
    if f"{word}/{value.replace('/', '')}" in traits(animal)
]

HOUR = np.array([4.0])


def level(**body):
    """Ketamine in plasma 4 h after 1 mg/kg i.v. in man."""
    exposure = Exposure.after((Dose(1.0, "iv"),), "human", body=Body(**body))
    return float(exposure.arterial(HOUR)[0, :2].sum())


def test_clearance_falls_over_sixty_years_and_not_before():
    assert level(age=20.0) == level(age=60.0) == level()
    assert level(age=60.0) < level(age=70.0) < level(age=90.0)


@pytest.mark.parametrize("age", [-1, 121, float("nan"), "old", "65 months"])
def test_an_age_that_nobody_has_is_refused(age):
    with pytest.raises((DoseError, GivenError), match="`age`"):
        parse_body("human", age=age)


def test_an_age_may_be_a_text_and_is_of_man_alone():
    assert parse_body("human", age="65 y").age == parse_body("human", age=65).age == 65.0
    with pytest.raises(DoseError, match="of man"):
        parse_body("rat", age=1)


def test_a_genotype_that_clears_less_leaves_more():
    assert level(cyp2b6="*1/*1") < level() < level(cyp2b6="*1/*6") < level(cyp2b6="*6/*6")


def test_a_light_body_clears_more_for_its_mass():
    assert level(weight=20.0) < level(weight=70.0) == level() < level(weight=120.0)


def test_a_scenario_is_of_the_age_that_it_says():
    young, old = (pl.Scenario("human", "0.5 mg/kg iv over 40min", age=age) for age in (60, 80))
    assert young != old and young.config().run_id() != old.config().run_id()
    found = [float(pl.exposure(s, at="4h")["venous"].sel(compound="ketamine")[0]) for s in (young, old)]
    beside = [
        float(pl.exposure("human", "0.5 mg/kg iv over 40min", at="4h", age=age)["venous"][0, 0])
        for age in (60, 80)
    ]
    assert found == beside and found[0] < found[1]
