"""Laws of the numbers of the slow layer: what means nothing is refused by file, section and row."""

import re
from pathlib import Path

import numpy as np
import pytest

from prelimbic.parameters import (
    INHIBITORS,
    CascadeNumbers,
    HypothesisNumbers,
    SheetError,
    SpineNumbers,
    inhibitor,
    sheet,
)
from prelimbic.pharmacology import Dose, Exposure


@pytest.mark.parametrize("share", [0.0, -0.5, 1.5])
def test_a_depressed_share_outside_its_meaning_is_refused(share):
    with pytest.raises(SheetError, match="depressed_share"):
        sheet("spines").replaced({"spines.depressed_share": share}).fill("spines", SpineNumbers)


@pytest.mark.parametrize(
    ("subject", "record", "row", "value"),
    [
        ("cascade", CascadeNumbers, "drive_threshold", 0.99),
        ("cascade", CascadeNumbers, "translation_gate", 0.5),
        ("cascade", CascadeNumbers, "maturation_stages", 2.5),
        ("cascade", CascadeNumbers, "drive_sharing", 1.1),
        ("cascade", CascadeNumbers, "mtorc1_hill", 21.0),
        ("spines", SpineNumbers, "branches", 0.0),
        ("spines", SpineNumbers, "branch_spread", 11.0),
        ("spines", SpineNumbers, "stress_loss", -0.1),
        ("spines", SpineNumbers, "stress_protein", 1.5),
        ("hypotheses", HypothesisNumbers, "growth_lowest", 1.0),
        ("hypotheses", HypothesisNumbers, "latch_charging", -1.0),
    ],
)
def test_a_number_of_the_slow_layer_outside_its_meaning_is_refused_by_file_section_and_row(
    subject, record, row, value
):
    with pytest.raises(SheetError) as caught:
        sheet(subject).replaced({f"{subject}.{row}": value}).fill(subject, record)
    for word in (f"{subject}.toml", f"[{subject}]", row):
        assert word in str(caught.value)


def test_the_page_tells_hydroxynorketamine_of_a_rat_as_the_model_has_it():
    page = " ".join((Path(__file__).parents[1] / "docs" / "slow.md").read_text().split())
    told = re.search(
        r"brings ([\d.]+) uM .* highest, ([\d.]+) uM at ([\d.]+) h, .* and ([\d.]+) uM at 4 h", page
    )
    rat, hours = Exposure.after((Dose(10.0, "ip"),), "rat"), np.linspace(0.0, 5.0, 301)
    ketamine, hnk = (rat.of(drug, hours) for drug in ("ketamine", "hydroxynorketamine"))
    highest = float(hnk.max()), float(hours[hnk.argmax()])
    found = [float(hnk[ketamine.argmax()]), *highest, float(hnk[240])]
    assert [float(number) for number in told.groups()] == pytest.approx(found, rel=0.02)


def test_an_unknown_inhibitor_is_refused_with_the_names_there_are():
    with pytest.raises(SheetError) as caught:
        inhibitor("aspirin", sheet("inhibitors"))
    for word in ("'aspirin'", *INHIBITORS):
        assert word in str(caught.value)
