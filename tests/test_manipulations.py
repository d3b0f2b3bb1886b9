"""Laws of manipulations: what each does to a circuit, and which are refused."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from prelimbic.circuits import Circuit, CircuitError, manipulated, resting_weights
from prelimbic.circuits.manipulate import NAMED
from prelimbic.parameters import POPULATIONS
from tests.conftest import small_circuit
from tests.said import USAGE, is_one_sentence

LISTED = ("--list", "--seeds", 1, "--sheet", "sst", "--manipulate")


def numbers(circuit: Circuit) -> dict[str, float]:
    """Every number of a circuit by its place."""

    def flat(where: str, thing: object) -> dict[str, float]:
        inside = (
            thing.items()
            if isinstance(thing, dict)
            else enumerate(thing)
            if isinstance(thing, (tuple, list))
            else None
        )
        if inside is None:
            return {where: float(thing)} if isinstance(thing, (int, float)) else {}
        return {key: value for name, part in inside for key, value in flat(f"{where}.{name}", part).items()}

    return flat("", asdict(circuit))


def moved(circuit: Circuit, *texts: str) -> set[str]:
    """The numbers that manipulations move, as fields of a circuit."""
    before, after = numbers(circuit), numbers(manipulated(circuit, texts))
    return {name for name in before if before[name] != after[name]}


# Descriptions

ONE_OF_EACH = (
    "ampa=0.5",
    "ampa=0.5@Pyr->SST",
    "ampa=0.5@background",
    "ampa=0.5@recurrent",
    "release=1.2",
    "release=0.5@PV->Pyr",
    "delete-GluN1@PV",
    "delete-GluN2A@Pyr",
    "delete-GluN2B@SST",
    "delete-GluN2C@SST",
    "delete-GluN2D@VIP",
    "silence@SST",
    "contacts=0.5",
    "sst=0.6",
    "hcn1=1",
    "slice=0.7",
)
NOTHING = (
    "ampa=1",
    "ampa=1@Pyr->PV",
    "release=1",
    "release=1@SST->Pyr",
    "contacts=1",
    "sst=1",
    "hcn1=0",
    "slice=1",
)


@pytest.mark.parametrize("sheet", ["sst", "dendritic"])
@pytest.mark.parametrize("text", ONE_OF_EACH)
def test_a_manipulation_makes_another_hashable_circuit_and_leaves_the_one_it_was_given(sheet, text):
    circuit = small_circuit(sheet)
    changed = manipulated(circuit, (text,))
    if (sheet, text) == ("dendritic", "delete-GluN2C@SST"):  # there SST cells have none to delete
        assert numbers(changed) == pytest.approx(numbers(circuit))
        return
    assert circuit == small_circuit(sheet) != changed
    assert hash(changed) == hash(manipulated(circuit, (text,))) != hash(circuit)
    assert changed.counts == circuit.counts and changed.sites == circuit.sites


def test_every_manipulation_that_can_be_named_is_tried_here():
    assert {text.partition("@")[0].partition("=")[0] for text in ONE_OF_EACH} == set(NAMED)


@pytest.mark.parametrize("text", NOTHING)
def test_a_manipulation_by_nothing_is_no_manipulation(text):
    for sheet in ("sst", "dendritic"):
        assert manipulated(small_circuit(sheet), (text,)) == small_circuit(sheet)


@pytest.mark.parametrize("first", range(len(ONE_OF_EACH)))
def test_manipulations_come_to_the_same_in_any_order(first):
    circuit, one = small_circuit("dendritic"), ONE_OF_EACH[first]
    for other in ONE_OF_EACH[first:]:
        there, back = (numbers(manipulated(circuit, order)) for order in ((one, other), (other, one)))
        assert there == pytest.approx(back, rel=1e-12), f"{one} and {other}"


@pytest.mark.parametrize(
    ("name", "site"), [("ampa", ""), ("ampa", "@Pyr->SST"), ("release", ""), ("sst", ""), ("slice", "")]
)
def test_shares_multiply(name, site):
    circuit = small_circuit("dendritic")
    twice, once = (
        manipulated(circuit, texts)
        for texts in ((f"{name}=0.5{site}", f"{name}=0.4{site}"), (f"{name}=0.2{site}",))
    )
    assert numbers(twice) == pytest.approx(numbers(once), rel=1e-12)


def test_channels_that_are_shut_stay_shut_whatever_is_shut_after_them():
    circuit = small_circuit()
    assert manipulated(circuit, ("hcn1=1", "hcn1=0.5")).hcn_block == 1.0


def test_all_sites_together_are_the_recurrent_ones_and_the_background():
    circuit = small_circuit("dendritic")
    apart = manipulated(circuit, ("ampa=0.3@recurrent", "ampa=0.3@background"))
    assert manipulated(circuit, ("ampa=0.3",)) == manipulated(circuit, ("ampa=0.3@all",)) == apart
    one_by_one = tuple(f"ampa=0.3@Pyr->{p}" for p in POPULATIONS)
    assert manipulated(circuit, one_by_one) == manipulated(circuit, ("ampa=0.3@recurrent",))
    assert manipulated(circuit, tuple(f"release=2@Pyr->{p}" for p in POPULATIONS)) == manipulated(
        circuit, ("release=2",)
    )


@pytest.mark.parametrize("sheet", ["sst", "dendritic"])
@pytest.mark.parametrize("population", POPULATIONS)
def test_without_all_four_glun2_subunits_there_are_no_receptors_just_as_without_glun1(sheet, population):
    circuit = small_circuit(sheet)
    k = POPULATIONS.index(population)
    for texts in ([f"delete-GluN2{s}@{population}" for s in "DBAC"], [f"delete-GluN1@{population}"]):
        changed = manipulated(circuit, tuple(texts))
        assert changed.populations[k].nmda_to_ampa == changed.populations[k].background_nmda_to_ampa == 0.0
        assert sum(changed.populations[k].subunit_fractions) == pytest.approx(1.0)
        others = [j for j in range(len(POPULATIONS)) if j != k]
        assert [changed.populations[j] for j in others] == [circuit.populations[j] for j in others]
    if circuit.apical is not None:
        assert (changed.apical.nmda_to_ampa == 0.0) == (population == "Pyr")


def test_loss_of_sst_cells_weakens_their_contacts_and_the_tonic_inhibition_of_dendrites_and_nothing_else():
    circuit = small_circuit("dendritic")
    k = {
        f".projections.{i}.2.weight"
        for i, (source, _, _) in enumerate(circuit.projections)
        if source == "SST"
    }
    assert moved(circuit, "sst=0.6") == k | {".apical.tonic"}
    before, after = numbers(circuit), numbers(manipulated(circuit, ("sst=0.6",)))
    assert [after[name] / before[name] for name in k | {".apical.tonic"}] == pytest.approx(
        [0.6] * (len(k) + 1)
    )
    assert ".apical.tonic" not in moved(small_circuit("sst"), "sst=0.6")


def test_a_slice_loses_background_events_and_nothing_else():
    soma = {f".populations.{k}.background_rate" for k in range(len(POPULATIONS))}
    assert moved(small_circuit("sst"), "slice=0.7") == soma
    assert moved(small_circuit("dendritic"), "slice=0.7") == soma | {".apical.background_rate"}


@pytest.mark.parametrize("left", [1.0, 0.75, 0.5, 0.01, 1e-9])
def test_lost_contacts_leave_at_least_one_and_the_weight_of_those_that_stay(left):
    circuit = small_circuit()
    degree, weight = circuit.projection("Pyr", "Pyr").in_degree, circuit.projection("Pyr", "Pyr").weight
    changed = manipulated(circuit, (f"contacts={left!r}",))
    filled = resting_weights(changed) > 0
    assert (filled.sum(axis=1) == max(1, round(left * degree))).all()
    assert set(resting_weights(changed)[filled]) == {weight}
    assert left == 1.0 or moved(circuit, f"contacts={left!r}") == {".projections.0.2.in_degree"}


# Asked wrongly

PROJECTIONS = tuple(f"{source}->{target}" for source, target, _ in small_circuit().projections)
FROM_PYR = tuple(name for name in PROJECTIONS if name.startswith("Pyr->"))
WRONG = {
    "unknown": ("ketamine=0.5", "'ketamine'", *NAMED),
    "empty": ("", "''", *NAMED),
    "unknown subunit": ("delete-GluN3@PV", "'delete-GluN3'", "delete-GluN1", "delete-GluN2D"),
    "no amount": ("ampa", "'ampa'", "=LEFT[@SITE]"),
    "no amount but a site": ("ampa@Pyr->PV", "'ampa@Pyr->PV'", "=LEFT[@SITE]"),
    "an amount where there is none": ("silence=1@SST", "'silence=1@SST'", "@POPULATION"),
    "no population": ("delete-GluN2B", "'delete-GluN2B'", "@POPULATION"),
    "empty population": ("silence@", "'silence@'", "@POPULATION"),
    "a site where there is none": ("contacts=0.5@Pyr->Pyr", "'contacts=0.5@Pyr->Pyr'", "=LEFT"),
    "no number": ("slice=low", "'slice=low'", "number"),
    "empty number": ("sst=", "'sst='", "number"),
    "unknown site of AMPA": ("ampa=0.5@Pyr->Nobody", "'Pyr->Nobody'", *FROM_PYR),
    "AMPA where there is GABA": ("ampa=0.5@PV->Pyr", "'PV->Pyr'", *FROM_PYR),
    "unknown site of release": ("release=2@VIP->Pyr", "'VIP->Pyr'", *PROJECTIONS),
    "unknown population": ("silence@pv", "'pv'", *POPULATIONS),
    "subunit of an unknown population": ("delete-GluN1@L5", "'L5'", *POPULATIONS),
    **{
        f"{name}={amount}": (f"{name}={amount}", name, "at least 0", amount)
        for name in ("ampa", "release", "sst", "slice")
        for amount in ("-1", "nan", "inf", "-inf")
    },
    **{
        f"contacts={amount}": (f"contacts={amount}", "contacts", "above 0", "at most 1", amount)
        for amount in ("0", "-0.1", "1.01", "nan", "inf")
    },
    **{
        f"hcn1={amount}": (f"hcn1={amount}", "hcn1", "from 0 to 1", amount)
        for amount in ("-0.1", "1.01", "nan", "inf")
    },
}


@pytest.mark.parametrize(("text", "named"), [(case[0], case[1:]) for case in WRONG.values()], ids=WRONG)
def test_a_manipulation_that_cannot_be_is_refused_in_one_sentence(call, tmp_path, text, named):
    with pytest.raises(CircuitError):
        manipulated(small_circuit(), (text,))
    code, out, err = call("run", "dose_response", *LISTED, text)
    is_one_sentence(err, *named)
    assert (code, out, list(tmp_path.iterdir())) == (USAGE, "", [])


@pytest.mark.parametrize("text", ["ampa=0.5@", "release=2@"])
def test_a_site_that_is_empty_is_refused_and_not_taken_for_every_site(text):
    with pytest.raises(CircuitError):
        manipulated(small_circuit(), (text,))


@pytest.mark.parametrize(
    ("text", "named"),
    [("ampa=0.5@here", ("all", "recurrent", "background")), ("release=2@here", ("recurrent",))],
)
def test_the_sites_that_are_named_in_a_refusal_are_all_that_there_are(text, named):
    with pytest.raises(CircuitError) as caught:
        manipulated(small_circuit(), (text,))
    for word in named:
        assert word in str(caught.value).replace("'here'", "")


@pytest.mark.parametrize(("sheet", "text"), [("sst", "slice=10"), ("dendritic", "slice=20")])
def test_a_background_too_fast_for_the_step_is_refused_before_anything_is_computed(
    call, tmp_path, sheet, text
):
    code, _, err = call(
        "run", "dose_response", "--list", "--seeds", 1, "--sheet", sheet, "--manipulate", text
    )
    is_one_sentence(err, "too fast")
    assert code == USAGE


def test_a_refused_manipulation_does_not_depend_on_those_before_it(call):
    code, _, err = call("run", "dose_response", *LISTED, "ampa=0.5", "--manipulate", "contacts=2")
    is_one_sentence(err, "contacts", "2")
    assert code == USAGE
