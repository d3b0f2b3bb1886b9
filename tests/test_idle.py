"""Numbers that must not be overridden, and overridden numbers on which nothing depends: refused, or said;
never silent.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from prelimbic.experiments.claims.bench import Bench
from prelimbic.experiments.claims.board import ALL_CLAIMS
from prelimbic.experiments.claims.unused import idle_in_claims, idle_in_exposure
from prelimbic.experiments.studies.registry import find_study
from prelimbic.experiments.sweep.idle import refuse_idle
from prelimbic.experiments.sweep.study import Options, StudyError
from prelimbic.parameters import SPECIES, SheetError, sheet, sheet_text
from prelimbic.parameters.sheet import Sheet
from prelimbic.pharmacology import AS_IT_IS, Dose
from prelimbic.simulation.exposed import exposed, of_doses
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.inhibition import Inhibition
from prelimbic.simulation.sheets import overridden
from tests.said import is_one_sentence

AT = np.array([0.2, 1.0])
FIXED = {
    f"{section}.{name}"
    for section, rows in sheet("species").sections.items()
    for name, row in rows.items()
    if row.fixed
}
MASSES = [f"{animal}.reference_mass" for animal in SPECIES]


def idle(study: str, *overrides: tuple[str, float], **asked: object) -> list[str]:
    """Those of some overrides that a study refuses, each by itself, since they move nothing in it."""
    found, refused = find_study(study), []
    for override in overrides:
        options = Options(seeds=1, overrides=(override,), **asked)
        try:
            refuse_idle(found, options, found.plan(options))
        except StudyError as error:
            assert override[0] in str(error)
            refused.append(override[0])
    return refused


# The body


def test_the_fixed_numbers_are_the_masses():
    assert {*MASSES} == FIXED


@pytest.mark.parametrize("name", sorted(FIXED))
def test_a_fixed_number_is_refused_and_told_what_it_is(name):
    for change in (
        lambda: sheet("species").replaced({name: 50.0}),
        lambda: overridden("dendritic", ((f"species.{name}", 50.0),)),
    ):
        with pytest.raises(SheetError, match=r"cannot be overridden, for .*of this body"):
            change()


@pytest.mark.parametrize(
    "words",
    [
        ("exposure", "--species", "human", "--route", "iv", "--dose", 0.5, "--at", "40min"),
        ("run", "human_dose", "--list"),
        ("run", "dose_response"),
        ("claims", "V1"),
    ],
    ids=lambda words: " ".join(map(str, words[:2])),
)
def test_so_says_every_command(call, words):
    code, out, err = call(*words, "--set", "species.human.reference_mass=50")
    assert (code, out) == (2, "")
    is_one_sentence(err)
    assert "[human] reference_mass" in err and "of this body" in err


def test_a_sheet_keeps_what_is_fixed_when_it_is_written(tmp_path):
    (tmp_path / "mine.toml").write_text(sheet_text(sheet("species"), "mine"))
    again = Sheet(tmp_path / "mine.toml")
    assert again.sections == sheet("species").sections
    (tmp_path / "mine.toml").write_text(
        sheet_text(sheet("species"), "mine").replace('fixed = "', 'fixed = 3 # "')
    )
    with pytest.raises(SheetError):
        Sheet(tmp_path / "mine.toml")


# Exposures: every number of an animal moves something, is refused or is said


@pytest.mark.parametrize("animal", SPECIES)
def test_an_override_of_a_species_moves_an_exposure_or_is_said_or_refused(animal):
    given = (Dose(5.0, "nasal" if animal == "human" else "ip"),)
    plain, seen = of_doses(animal, given, "dendritic", (), AS_IT_IS), ("arterial", "venous", "brain_total")
    used, before = plain.numbers(), exposed(plain, AT)
    for subject in ("species", "routes", "bodies"):
        for k, (name, value) in enumerate(sheet(subject).values().items()):
            if name in FIXED or k % (3 if f"{subject}.{name}" in used else 29):
                continue
            changes = ((f"{subject}.{name}", 0.9 * value if value else 0.1),)
            config = of_doses(animal, given, "dendritic", changes, AS_IT_IS)
            after = exposed(config, AT)
            moved = any(not np.array_equal(before[c], after[c]) for c in seen)
            assert moved == (idle_in_exposure(config, AT) == [])
            assert moved <= (f"{subject}.{name}" in used or "/kamp." in name), name


DEEP = ("species.human/norketamine.deep", 3.3)


def test_numbers_that_matter_only_together_are_not_idle():
    given, changes = (Dose(5.0, "iv"),), (("species.human/norketamine.deep_exchange", 0.0), DEEP)
    alone = of_doses("human", given, "dendritic", changes, AS_IT_IS)
    assert DEEP[0] in idle_in_exposure(alone, AT)
    changes = (("species.human/norketamine.deep_exchange", 5.0), DEEP)
    both = of_doses("human", given, "dendritic", changes, AS_IT_IS)
    assert idle_in_exposure(both, AT) == []


def test_the_command_says_what_is_idle_beside_its_answer(call):
    words = ("exposure", "--species", "rat", "--route", "ip", "--dose", 5, "--at", "12min", "--json")
    whole, changed = (
        call(*words),
        call(*words, "--set", "routes.mouse/ip.swallowed_absorption=3", "--set", "spines.spines.branches=4"),
    )
    told = json.loads(changed[1])
    assert told.pop("overridden") == {
        "routes.mouse/ip.swallowed_absorption": 3.0,
        "spines.spines.branches": 4.0,
    }
    assert (changed[0], told) == (whole[0], json.loads(whole[1])) and whole[2] == ""
    is_one_sentence(changed[2])
    assert "routes.mouse/ip.swallowed_absorption, spines.spines.branches" in changed[2]
    assert call(*words, "--set", "routes.rat/ip.swallowed_absorption=3")[2] == ""


# Runs

LATCH, TRKB, UNBLOCKING = (
    "hypotheses.hypotheses.latch_time",
    "hypotheses.hypotheses.trkb_gain",
    "compounds.ketamine.unblocking",
)
STRESS, GAIN, TARGET = "spines.spines.stress_loss", "cascade.cascade.bdnf_gain", "circuit.Pyr.target_rate"
AKT, RAT, MAN, VENOUS = (
    "inhibitors.akt_inhibitor.brain",
    "routes.rat/ip.swallowed_absorption",
    "species.human/ketamine.clearance",
    "species.human.venous_slow",
)
CHANGES = (
    (LATCH, 10.0),
    (TRKB, 2.0),
    (UNBLOCKING, 0.1),
    (STRESS, 0.7),
    (GAIN, 5.5),
    (TARGET, 2.0),
    (AKT, 0.8),
    (RAT, 8.0),
    (MAN, 70.0),
    (VENOUS, 0.2),
)


@pytest.mark.parametrize(
    ("study", "asked", "used"),
    [
        ("dose_response", {}, {GAIN, RAT}),
        ("human_dose", {}, {GAIN, MAN, LATCH}),
        ("stress", {}, {GAIN, RAT, STRESS}),
        pytest.param(
            "dose_response",
            {
                "hypotheses": Hypotheses(trkb="on", memory="rate_latch", selectivity="use_dependent"),
                "inhibitions": (Inhibition("akt_inhibitor"),),
            },
            {GAIN, RAT, TRKB, LATCH, UNBLOCKING, AKT},
            marks=pytest.mark.slow,
        ),
        pytest.param("surge", {}, {RAT}, marks=pytest.mark.slow),
    ],
)
def test_a_study_says_which_overridden_numbers_it_does_not_use(study, asked, used):
    assert set(idle(study, *CHANGES, **asked)) == {name for name, _ in CHANGES} - used


def test_a_study_that_calibrates_uses_target_rates_and_one_in_a_bath_of_a_slow_drug_its_rates():
    assert idle("knockouts", (TARGET, 2.0)) == [] == idle("mk801", ("compounds.mk801.unblocking", 0.01))
    assert idle("mk801", ("compounds.memantine.unblocking", 0.1)) == ["compounds.memantine.unblocking"]


def test_an_override_that_says_what_the_sheet_says_is_refused_with_that_reason(call):
    value = sheet("routes").values()["rat/ip.swallowed_absorption"]
    code, out, err = call("run", "dose_response", "--list", "--set", f"{RAT}={value}")
    is_one_sentence(err, RAT, "it is what the sheet says")
    assert (code, out) == (2, "")


def test_claims_say_it_too(tmp_path):
    claims = [claim for claim in ALL_CLAIMS if claim.id in ("V1", "V4")]
    bench = Bench(
        overrides=((MAN, 70.0), ("routes.mouse/ip.swallowed_absorption", 7.0), (GAIN, 5.5)),
        results=tmp_path,
    )
    assert idle_in_claims(claims, bench) == ["routes.mouse/ip.swallowed_absorption", GAIN]
