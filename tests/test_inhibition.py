"""Laws of inhibitors and of drugs given together: how much is left, when, and what cannot be given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prelimbic.parameters import (
    INHIBITORS,
    Inhibitor,
    SheetError,
    compounds,
    inhibitor,
    sheet,
    target_of,
)
from prelimbic.pharmacology import Bath, Dose, Exposure, HillBlock, Together
from prelimbic.simulation.inhibition import (
    Inhibition,
    InhibitionError,
    course,
    inhibition_in_words,
    left,
    parse_inhibitions,
)
from prelimbic.simulation.protocol import Protocol
from tests.conftest import brief
from tests.fuzz import WORDS, examples, told_by

SOURCE = sheet("inhibitors")
FINE = np.arange(-2.0, 300.0, 0.005)


def shut(*given: Inhibition, hours: np.ndarray = FINE, systemic: bool = False) -> dict[str, np.ndarray]:
    return {target: 1.0 - share for target, share in left(given, SOURCE, hours, systemic).items()}


def odds(share: np.ndarray) -> np.ndarray:
    return share / (1.0 - share)


# Courses


@given(st.floats(0.01, 2.0), st.floats(1.05, 200.0))
@settings(max_examples=50, deadline=None)
def test_exposure_begins_at_nothing_rises_once_to_one_and_leaves_with_its_own_half_time(onset, longer):
    numbers = Inhibitor(0.5, 0.0, onset, onset * longer)
    hours = np.linspace(0.0, 60.0 * onset * longer, 200_001)
    found = course(numbers, hours)
    assert found[0] == 0.0 and (course(numbers, np.array([-5.0, -1e-9])) == 0.0).all()
    peak = int(np.argmax(found))
    assert found[peak] == pytest.approx(1.0, abs=1e-3) and found.max() <= 1.0 + 1e-12
    assert (np.diff(found[: peak + 1]) > 0).all() and (np.diff(found[peak + 1 : 20_000]) < 0).all()
    late = np.array([50.0, 51.0]) * onset * longer
    if longer > 1.5:
        assert np.divide(*course(numbers, late)) == pytest.approx(2.0, rel=1e-4)


@pytest.mark.parametrize("name", INHIBITORS)
def test_the_usual_amount_shuts_its_share_of_its_target_at_the_peak_and_nothing_before_nor_long_after(name):
    numbers = inhibitor(name, SOURCE)
    hours = np.array([-1e-6, 0.0, *FINE[FINE > 0], 1e4])
    found = shut(Inhibition(name), hours=hours)
    assert set(found) == {target_of(name)}
    (share,) = found.values()
    assert share.max() == pytest.approx(numbers.brain, rel=1e-3)
    assert share[0] == share[1] == 0.0 and share[-1] < 1e-12
    half = 0.5 * odds(numbers.brain)
    assert (odds(share)[2:][hours[2:] < numbers.onset / 4] < half).all()


def test_an_inhibitor_given_later_is_there_later_and_otherwise_the_same():
    hours = np.linspace(0.0, 30.0, 301)
    for name in INHIBITORS:
        (early,), (late,) = (
            shut(Inhibition(name, start), hours=hours + start).values() for start in (0.0, 7.5)
        )
        assert late == pytest.approx(early, abs=1e-12)


# Amounts


@given(st.sampled_from(INHIBITORS), st.floats(0.01, 100.0), st.floats(0.0, 48.0))
@settings(max_examples=60, deadline=None)
def test_the_odds_of_being_shut_are_in_proportion_to_the_amount(name, amount, hour):
    (once,), (more,) = (
        shut(Inhibition(name, 0.0, a), hours=np.array([hour])).values() for a in (1.0, amount)
    )
    assert odds(more) == pytest.approx(amount * odds(once), rel=1e-6, abs=1e-12)
    assert 0.0 <= more[0] < 1.0


def test_no_amount_does_nothing_and_nothing_given_shuts_nothing():
    assert left((), SOURCE, FINE, False) == {}
    for name in INHIBITORS:
        assert (shut(Inhibition(name, 0.0, 0.0))[target_of(name)] == 0.0).all()


def test_two_inhibitors_of_one_target_leave_the_product_of_what_each_leaves():
    pair = (Inhibition("rapamycin_icv", -0.5), Inhibition("rapamycin_po", 1.0, 2.0))
    alone = [left((item,), SOURCE, FINE, True)["mtorc1"] for item in pair]
    assert left(pair, SOURCE, FINE, True)["mtorc1"] == pytest.approx(alone[0] * alone[1], rel=1e-12)
    assert left(pair[::-1], SOURCE, FINE, True)["mtorc1"] == pytest.approx(alone[0] * alone[1], rel=1e-12)
    assert min(share.min() for share in alone) < 0.9


def test_inhibitors_of_different_targets_know_nothing_of_each_other():
    every = tuple(Inhibition(name, 0.1 * k) for k, name in enumerate(INHIBITORS) if name != "rapamycin_po")
    together = left(every, SOURCE, FINE, False)
    assert len(together) == len(every) == 7
    for item in every:
        assert np.array_equal(
            together[target_of(item.name)], left((item,), SOURCE, FINE, False)[target_of(item.name)]
        )


# Brain and blood


def test_rapamycin_by_mouth_is_as_strong_as_blood_only_where_mtorc1_outside_the_brain_matters():
    numbers, item = inhibitor("rapamycin_po", SOURCE), Inhibition("rapamycin_po")
    local, systemic = (shut(item, systemic=s)["mtorc1"].max() for s in (False, True))
    assert local == pytest.approx(numbers.brain, rel=1e-3) and systemic == pytest.approx(
        numbers.blood, rel=1e-3
    )
    assert systemic > 3 * local


def test_rapamycin_into_the_ventricle_does_nothing_outside_the_brain():
    local, systemic = (shut(Inhibition("rapamycin_icv"), systemic=s)["mtorc1"].max() for s in (False, True))
    assert local > 0.8 and systemic == 0.0


@pytest.mark.parametrize("name", [name for name in INHIBITORS if target_of(name) != "mtorc1"])
def test_where_mtorc1_matters_is_nothing_to_the_other_inhibitors(name):
    one, other = (shut(Inhibition(name), systemic=s)[target_of(name)] for s in (False, True))
    assert np.array_equal(one, other) and one.max() > 0.2


# What can be asked


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("rapamycin_icv@-0.5h", ("rapamycin_icv", -0.5, 1.0)),
        ("ampa_antagonist=0.5@0h", ("ampa_antagonist", 0.0, 0.5)),
        ("anti_bdnf", ("anti_bdnf", 0.0, 1.0)),
        ("mek_inhibitor=3", ("mek_inhibitor", 0.0, 3.0)),
        ("trkb_inhibitor@2.25h", ("trkb_inhibitor", 2.25, 1.0)),
        ("akt_inhibitor=0@1e2h", ("akt_inhibitor", 100.0, 0.0)),
        ("rapamycin_icv@-30min", ("rapamycin_icv", -0.5, 1.0)),
        ("rapamycin_po at -2 h", ("rapamycin_po", -2.0, 1.0)),
        ("  anti_bdnf=.5   at  3d ", ("anti_bdnf", 72.0, 0.5)),
    ],
)
def test_an_inhibitor_is_read_as_it_is_written(text, meant):
    assert parse_inhibitions(text) == (Inhibition(*meant),)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "''"),
        ("=1", "''"),
        ("@1h", "''"),
        ("aspirin", "'aspirin'"),
        ("Anti_BDNF", "'Anti_BDNF'"),
        ("anti_bdnf=", "NAME"),
        ("anti_bdnf@", "NAME"),
        ("anti_bdnf@1", "NAME"),
        ("anti_bdnf@h", "NAME"),
        ("anti_bdnf=much@1h", "NAME"),
        ("anti_bdnf@1h=2", "NAME"),
        ("anti_bdnf=1=2", "NAME"),
        ("anti_bdnf@1h@2h", "NAME"),
        ("anti_bdnf=-0.1", "-0.1"),
        ("anti_bdnf=nan", "nan"),
        ("anti_bdnf=1001", "1001"),
        ("anti_bdnf=inf", "inf"),
        ("anti_bdnf@nanh", "nan"),
        ("anti_bdnf@infh", "inf"),
        ("anti_bdnf=1e400", "inf"),
        ("anti_bdnf=1_0", "NAME"),
        ("anti_bdnf=١", "NAME"),
        ("anti_bdnf = 1", "NAME"),
        ("anti_bdnf mek_inhibitor", "NAME"),
        ("anti_bdnf over 1h", "NAME"),
        ("at 1h", "''"),
        ("anti_bdnf at", "nothing behind at"),
        ("anti_bdnf at ,", "is ''"),
        ("anti_bdnf at 1h, 60min", "a time twice"),
        ("anti_bdnf@1h at 2h", "at twice"),
        ("anti_bdnf at 1e308d", "too large"),
        ("anti_bdnf at 2e4h", "within 10000 h"),
        ("anti_bdnf every 24h", "84h x 8"),
        ("anti_bdnf every 0h x 3", "longer than 0"),
        ("anti_bdnf every 1h x 10000", "1 to 400 times, not 10000"),
        ("anti_bdnf every 1h x " + "9" * 5000, "1 to 400 times"),
    ],
)
def test_what_is_no_inhibitor_is_refused_in_one_sentence_that_names_it(text, named):
    with pytest.raises(InhibitionError) as caught:
        parse_inhibitions(text)
    said = str(caught.value)
    assert named in said and len(said.splitlines()) == 1
    if named == f"'{text}'" and text:
        assert all(name in said for name in INHIBITORS)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("anti_bdnf=2 at -30min, 24h", (-0.5, 24.0)),
        ("anti_bdnf=2@-30min, 24h", (-0.5, 24.0)),
        ("anti_bdnf=2 every 24h x 3", (0.0, 24.0, 48.0)),
        ("anti_bdnf=2 every 84h x 2 from -1h", (-1.0, 83.0)),
    ],
)
def test_an_inhibitor_may_be_given_several_times(text, hours):
    assert parse_inhibitions(text) == tuple(Inhibition("anti_bdnf", hour, 2.0) for hour in hours)


@given(
    st.sampled_from(INHIBITORS),
    st.integers(-(10**5), 10**5).map(lambda minutes: minutes / 60) | st.floats(-1e4, 1e4),
    st.integers(0, 10).map(float) | st.floats(0.0, 1e3),
)
@examples(100)
def test_an_inhibitor_in_words_is_read_as_the_same(name, hour, amount):
    item = Inhibition(name, hour, amount)
    assert parse_inhibitions(inhibition_in_words(item)) == (item,)


SAID = [
    "anti_bdnf",
    "anti_bdnf=2",
    "=1",
    "at",
    "@",
    "@1h",
    "every",
    "from",
    "0h",
    "24h,",
    "1e308d",
    "x",
    "3",
]


@given(st.lists(st.sampled_from(SAID) | WORDS, max_size=7).map(" ".join))
@examples(200)
def test_any_text_is_refused_in_one_sentence_or_gives_inhibitors(text):
    with told_by(InhibitionError):
        found = parse_inhibitions(text)
        again = [item for each in found for item in parse_inhibitions(inhibition_in_words(each))]
        assert tuple(again) == found and found


@pytest.mark.parametrize(
    ("row", "value", "named"),
    [
        ("onset", 25.0, "onset must be shorter"),
        ("blood", 1.0, "shares below 1"),
        ("brain", -0.1, "from 0 to 1"),
        ("offset", 0.0, "above 0"),
    ],
)
def test_an_inhibitor_with_numbers_that_mean_nothing_is_refused_before_a_run(row, value, named):
    given = (Inhibition("anti_bdnf"),)
    config = brief(
        overrides=((f"inhibitors.anti_bdnf.{row}", value),),
        protocol=Protocol((0.0, 1.0), 0.5, inhibitions=given),
    )
    with pytest.raises(SheetError, match=rf"inhibitors.toml \[anti_bdnf\].*{named}"):
        config.check()


def test_an_inhibitor_its_hour_and_its_amount_are_part_of_the_run_id():
    items = [(), *((Inhibition("anti_bdnf", hour, amount),) for hour in (0.0, 0.5) for amount in (0.0, 1.0))]
    items += [(Inhibition("mek_inhibitor"),), (Inhibition("anti_bdnf"), Inhibition("mek_inhibitor"))]
    found = {brief(protocol=Protocol((0.0, 1.0), 0.5, inhibitions=given)).run_id() for given in items}
    assert len(found) == len(items)


# Drugs together

HOURS = np.array([-1.0, 0.0, 0.3, 1.0, 2.0, 5.0])
DRUGS = compounds()
DOSE = Exposure.after((Dose(10.0, "ip"),), "rat")


def test_of_a_drug_in_two_sources_there_is_the_sum_and_of_others_what_there_was():
    bath = Bath((("memantine", 2.0), ("ketamine", 0.5)), 0.0, 2.0)
    both = Together((DOSE, bath))
    drugs = ("ketamine", "norketamine", "memantine")
    found = {drug: both.of(drug, HOURS) for drug in drugs}
    dose = {drug: DOSE.of(drug, HOURS) for drug in drugs}
    present = (HOURS >= 0.0) & (HOURS < 2.0)
    assert found["ketamine"] == pytest.approx(dose["ketamine"] + 0.5 * present)
    assert found["memantine"] == pytest.approx(2.0 * present)
    assert np.array_equal(found["norketamine"], dose["norketamine"])
    assert found["ketamine"][2] > 0.5


def test_drugs_are_named_once_in_the_order_of_the_first_source_that_has_them():
    one, other = Bath((("memantine", 1.0), ("ketamine", 1.0))), Bath((("mk801", 1.0), ("memantine", 1.0)))
    assert Together((one, other)).names == ("memantine", "ketamine", "mk801")
    assert Together((other, one)).names == ("mk801", "memantine", "ketamine")
    assert Together((DOSE, one)).names == (*DOSE.names, "memantine", "ketamine")
    assert Together(()).names == ()


def test_one_source_alone_and_sources_in_sources_are_what_they_were():
    bath, other = Bath((("mk801", 0.3), ("ketamine", 2.0)), 0.5), Bath((("ketamine", 1.0),))
    assert np.array_equal(Together((bath,)).brain_unbound(HOURS), bath.brain_unbound(HOURS))
    nested, flat = Together((Together((bath, other)), DOSE)), Together((bath, other, DOSE))
    assert nested.names == flat.names
    assert nested.brain_unbound(HOURS) == pytest.approx(flat.brain_unbound(HOURS), rel=1e-15)


def test_two_baths_block_as_one_that_holds_both():
    halves = Together((Bath((("ketamine", 1.0),)), Bath((("ketamine", 1.0), ("memantine", 0.5)))))
    whole = Bath((("ketamine", 2.0), ("memantine", 0.5)))
    assert np.array_equal(HillBlock.at(halves, DRUGS, 1.0).value, HillBlock.at(whole, DRUGS, 1.0).value)
    assert HillBlock.at(whole, DRUGS, 1.0).value.min() > 0.25
