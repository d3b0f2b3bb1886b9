"""What the model says of a published value: known answers of every quantity, and all rows that ship."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from prelimbic.experiments.readouts.validation import TEST, TIMES, Compared, errors
from prelimbic.parameters import animal
from prelimbic.parameters.observations import observations
from prelimbic.simulation.predicted import predicted

HUMAN = animal("human")
ROWS = {row.id: row for row in observations()}
LIKE = next(row for row in observations("human") if row.quantity == "auc" and row.site == "venous")


def asked(quantity, compound, give, unit, **more):
    """An observation of our own."""
    own = {
        "to_h": np.inf,
        "from_h": 0.0,
        "time_h": None,
        "against": "",
        "site": "arterial",
        "weight_kg": 70.0,
    }
    named = {"quantity": quantity, "compound": compound, "give": (give,), "unit": unit}
    return predicted(replace(LIKE, **(own | named | more)))


def test_clearance_is_that_of_the_sheet_and_the_area_dose_over_it():
    cl = HUMAN.dispositions["ketamine"].clearance
    assert asked("clearance", "ketamine", "ketamine 35 mg iv", "L/h/kg") == pytest.approx(
        cl / 70.0, rel=3e-3
    )
    ml = cl / 70.0 * 1000.0 / 60.0
    assert asked("clearance", "ketamine", "ketamine 35 mg iv over 1h", "mL/min/kg") == pytest.approx(
        ml, rel=3e-3
    )
    assert asked("auc", "ketamine", "ketamine 35 mg iv", "ng h/mL") == pytest.approx(35e3 / cl, rel=3e-3)


def test_clearances_of_enantiomers_differ_by_the_ratio_of_the_sheet():
    s, r = (asked("clearance", f"{hand}-ketamine", "ketamine 35 mg iv", "L/h/kg") for hand in "SR")
    assert s / r == pytest.approx(HUMAN.dispositions["ketamine"].clearance_s_to_r, rel=1e-3)


@pytest.mark.parametrize("over", ["", " over 3h"])
def test_volume_at_steady_state_is_the_sum_of_the_compartments_however_it_is_given(over):
    drug = HUMAN.dispositions["ketamine"]
    whole = drug.central + drug.peripheral + drug.deep
    found = asked("volume", "S-ketamine", f"S-ketamine 35 mg iv{over}", "L/kg")
    assert found == pytest.approx(whole / 70.0, rel=1e-2)


def test_bioavailability_is_the_share_that_passes():
    route = HUMAN.routes["tablet"]
    found = asked("bioavailability", "ketamine", "ketamine 50 mg tablet", "%", against="ketamine 10 mg iv")
    assert found == pytest.approx(100.0 * route.swallowed * route.available, rel=3e-3)


def test_a_half_life_is_that_of_the_slowest_decline_when_it_is_looked_at_late():
    drug = HUMAN.dispositions["dehydronorketamine"]
    found = asked("half_life", "R-dehydronorketamine", "R-dehydronorketamine 5 mg iv", "h", to_h=6.0)
    cl = drug.clearance * (1.0 + drug.clearance_s_to_r) / 2.0 / drug.clearance_s_to_r
    assert found == pytest.approx(np.log(2.0) * drug.central / cl, rel=1e-3)


def test_a_peak_is_at_the_end_of_an_infusion():
    give = "ketamine 35 mg iv over 40min"
    assert asked("tmax", "ketamine", give, "h") == pytest.approx(2 / 3, abs=2e-3)
    top = asked("cmax", "ketamine", give, "ng/mL")
    assert top == pytest.approx(asked("concentration", "ketamine", give, "ng/mL", time_h=2 / 3), rel=1e-6)
    assert asked("cmax", "ketamine", give, "uM") == pytest.approx(top / 237.73, rel=1e-6)


def test_total_brain_over_plasma_is_what_the_sheet_says_of_both():
    drug = animal("rat").dispositions["ketamine"]
    found = asked(
        "ratio",
        "ketamine",
        "ketamine 10 mg/kg iv",
        "1",
        against="venous",
        site="brain_total",
        species="rat",
        weight_kg=0.3,
        time_h=1.0,
    )
    assert found == pytest.approx(drug.unbound * drug.brain_to_plasma_unbound / drug.brain_unbound, rel=1e-6)


@pytest.fixture(scope="module")
def every():
    """All rows that are scored, with the set of hydroxynorketamine of their own assay."""
    rows = [row for row in observations() if row.role != "not scored"]
    return [Compared(row, predicted(row, None, row.hnk or "hasan"), row.hnk) for row in rows]


def test_every_row_that_is_scored_can_be_predicted(every):
    assert [each.row.id for each in every if not (np.isfinite(each.predicted) and each.predicted > 0)] == []


def _of(every, compounds, iv, role=TEST):
    return errors(
        each
        for each in every
        if each.row.species == "human"
        and not each.child
        and each.compound in compounds
        and each.row.role == role
        and (each.route == "iv") == iv
        and each.row.quantity not in ("tmax", "half_life")
    )


def test_held_out_human_values_are_met_as_docs_say(every):
    parents = ("ketamine", "norketamine")
    assert _of(every, parents, True).gmfe < 1.25
    assert _of(every, parents, False).gmfe < 1.5
    assert _of(every, parents, True).n >= 20 and _of(every, parents, False, "own source").n >= 80


def test_what_was_fitted_is_nearer_than_what_was_not(every):
    assert _of(every, ("ketamine",), True, "fitted").gmfe < _of(every, ("ketamine",), True).gmfe


def test_both_sets_of_hydroxynorketamine_are_near_to_their_own_assay_and_apart_from_each_other(every):
    for hnk in ("hasan", "kamp"):
        own = [
            each for each in every if each.hnk == hnk and each.route == "iv" and each.row.role == "fitted"
        ]
        assert errors(own).gmfe < 1.6
    rows = [row for row in observations("human") if row.hnk == "kamp" and row.quantity == "concentration"]
    assert errors(Compared(row, predicted(row, None, "hasan"), "hasan") for row in rows).bias > 1.7


def test_the_table_of_the_docs_is_what_the_model_says(every):
    lines = (Path(__file__).parents[1] / "docs" / "pharmacology.md").read_text(encoding="utf-8").splitlines()
    told = {tuple(cells[:4]): cells[4:6] for line in lines if (cells := _row(line))}
    found = {}
    for each in every:
        if each.row.role != "fitted" and each.row.quantity not in TIMES:
            hnk = f" ({each.hnk})" if each.hnk and each.row.species == "human" else ""
            who = "child" if each.child else each.row.species
            key = each.row.role, who, f"{each.compound}{hnk}", each.route
            found.setdefault(key, []).append(each)
    assert told == {key: [str(len(rows)), f"{errors(rows).gmfe:.2f}"] for key, rows in found.items()}


def _row(line):
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    return cells if len(cells) == 8 and cells[1] in ("human", "child", "rat", "mouse") else None
