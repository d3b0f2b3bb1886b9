"""Numbers of any size in sheets and overrides: finite results, or a refusal in one sentence."""

from functools import cache

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prelimbic.circuits import CircuitError, check_background
from prelimbic.parameters import (
    INHIBITORS,
    SPECIES,
    CascadeNumbers,
    Sheet,
    SheetError,
    SpineNumbers,
    circuit_numbers,
    drawn,
    inhibitor,
    sheet,
)
from prelimbic.pharmacology import Dose, DoseError, Exposure
from prelimbic.pharmacology.block import by_subunit
from prelimbic.plasticity.cascade import CascadeError, check_times
from prelimbic.plasticity.spines import SpineError, branch_bounds, rates
from prelimbic.simulation.config import grown
from prelimbic.simulation.inhibition import course
from prelimbic.simulation.sheets import check_numbers, overridden
from tests.fuzz import examples, told_by
from tests.test_fuzz_sheets import CIRCUITS

# Numbers of any size

SIZES = st.floats(-9.0, 9.0).map(lambda power: float(f"{10.0**power:.3g}")) | st.sampled_from(
    [0.0, 1.0, -1.0, 0.5, 2.0, 1e-9, 1e9, -1e9, 1e5, 0.999, 1e-10, 1e300, 5e-324]
)


def overrides(name: str) -> st.SearchStrategy[dict[str, float]]:
    return st.dictionaries(st.sampled_from(sorted(sheet(name).values())), SIZES, min_size=1, max_size=4)


@cache
def shipped_sheet(name: str) -> Sheet:
    return sheet(name)


@given(st.sampled_from(CIRCUITS), st.data())
@examples(150)
def test_a_circuit_of_any_numbers_is_finite_or_refused(name, data):
    changed = shipped_sheet(name).replaced(data.draw(overrides(name)))
    with told_by(SheetError, CircuitError, SpineError):
        circuit_numbers(changed)
        circuit = grown(changed, 1.0, shipped_sheet("spines").fill("spines", SpineNumbers))
        check_background(circuit)
        for found in (circuit.mixtures, circuit.background_availability(), circuit.magnesium_free(-60.0)):
            assert (np.isfinite(found) & (found >= 0.0) & (found <= 1.0)).all()
        assert all(np.isfinite(projection.weight) for _, _, projection in circuit.projections)


@given(st.sampled_from(["prior", "pv_sst"]), st.data(), st.integers(0, 2**64))
@examples(60)
def test_a_circuit_drawn_from_any_numbers_is_whole_or_refused(name, data, seed):
    changed = shipped_sheet(name).replaced(data.draw(overrides(name)))
    with told_by(SheetError):
        circuit_numbers(drawn(changed, seed))


def given_to(animals: dict[str, float], drugs: dict[str, float], animal: str, amount: float) -> None:
    """Concentrations and block after a dose under changed numbers; what is not refused is finite."""
    with told_by(SheetError, DoseError):
        sheets = {
            "species": shipped_sheet("species").replaced(animals),
            "compounds": shipped_sheet("compounds").replaced(drugs),
        }
        route = "nasal" if animal == "human" else "ip"
        course = Exposure.after((Dose(amount, "iv"), Dose(amount, route)), animal, sheets)
        found = course.compounds
        brain = course.brain_unbound(np.array([0.0, 0.5, 24.0]))
        shut = by_subunit(brain, [found[name] for name in course.names])
        assert np.isfinite(brain).all() and (np.isfinite(shut) & (shut >= 0.0) & (shut <= 1.0)).all()
        assert np.isfinite([course.arterial(np.array([1.0])), course.venous(np.array([1.0]))]).all()


OF_DRUGS = (
    "ketamine.molar_mass",
    "ketamine.ic50_2A",
    "ketamine.ic50_2B",
    "norketamine.ic50_2C",
    "norketamine.molar_mass",
)
OF_RATS = (
    "venous_slow",
    "brain_equilibration_half_time",
    "rat/ketamine.central",
    "rat/ketamine.peripheral",
    "rat/ketamine.clearance",
    "rat/ketamine.clearance_s_to_r",
    "rat/ketamine.brain_to_plasma_unbound",
)
ENDS = st.sampled_from([1e-9, 1e9])


@given(
    overrides("species"),
    overrides("compounds"),
    st.sampled_from(SPECIES),
    st.sampled_from([1e-3, 10.0, 1e6]),
)
@examples(150)
def test_animals_and_drugs_of_any_numbers_give_finite_concentrations_and_block_or_are_refused(
    animals, drugs, animal, amount
):
    given_to(animals, drugs, animal, amount)


@given(
    st.fixed_dictionaries(dict.fromkeys(OF_DRUGS, ENDS)),
    st.sampled_from([1e-9, 10.0]),
    st.dictionaries(st.sampled_from([n if "/" in n else f"rat.{n}" for n in OF_RATS]), ENDS),
)
@examples(100)
def test_block_is_a_share_where_every_number_is_as_large_or_as_small_as_it_may_be(drugs, hill, animals):
    given_to(animals, drugs | {"ketamine.hill": hill}, "rat", 1e6)


@given(overrides("inhibitors"), st.sampled_from(INHIBITORS))
@examples(60)
def test_inhibitors_of_any_numbers_come_and_go_or_are_refused(changes, name):
    with told_by(SheetError):
        exposure = course(
            inhibitor(name, shipped_sheet("inhibitors").replaced(changes)),
            np.array([-1.0, 0.0, 0.1, 10.0, 1e4]),
        )
        assert ((exposure >= 0.0) & (exposure <= 1.0 + 1e-6)).all()


@given(overrides("cascade"), overrides("spines"))
@example({"cascade.bdnf_time": 1.0}, {"spines.sites_per_contact": 0.001})
@examples(80)
def test_a_slow_layer_of_any_numbers_can_be_followed_or_is_refused(cascade, spines):
    with told_by(SheetError, CascadeError, SpineError, CircuitError):
        check_times(shipped_sheet("cascade").replaced(cascade).fill("cascade", CascadeNumbers))
        numbers = shipped_sheet("spines").replaced(spines).fill("spines", SpineNumbers)
        circuit = grown(shipped_sheet("pv_sst"), 1.0, numbers)
        rates(numbers, circuit.projection("Pyr", "Pyr").in_degree, circuit.sites)
        bounds = branch_bounds(circuit.sites, circuit.sites, round(numbers.branches))
        assert bounds[0] == 0 and bounds[-1] == circuit.sites and (np.diff(bounds) > 0).all()


@given(
    st.sampled_from(
        ["species", "routes", "bodies", "compounds", "cascade", "spines", "inhibitors", "hypotheses"]
    ),
    st.data(),
    SIZES,
)
@examples(60)
def test_an_override_beyond_all_sizes_is_refused_whoever_needs_the_number(subject, data, size):
    key = data.draw(st.sampled_from(sorted(sheet(subject).values())))
    with pytest.raises(SheetError, match=rf"^{subject}.toml \["):
        check_numbers(overridden("pv_sst", ((f"{subject}.{key}", -1e9 * (1.0 + size * (size > 0))),)))
