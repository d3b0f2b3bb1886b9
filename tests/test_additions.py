"""The drug and the output variable of docs/extend.md, as the page has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from prelimbic.experiments.figures.physiology import _block as drawn
from prelimbic.parameters import (
    BLOCKERS,
    DOSED,
    IN_A_BATH,
    SUBUNITS,
    Sheet,
    SheetError,
    sheet,
)
from prelimbic.parameters.sheet import SHEETS
from prelimbic.pharmacology import Bath, Dose, DoseError
from prelimbic.simulation import declared, record
from prelimbic.simulation import sheets as configuration
from prelimbic.simulation.given import CALLED, doses
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.run import simulate
from tests.conftest import brief

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "extend.md").read_text()


def block(kind: str, has: str) -> str:
    """The first block of the page of a kind that has a text in it."""
    return next(b for b in re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL) if has in b)


# A drug


DRUG = {"compounds": "[ourdrug]", "species": '["rat/ourdrug"]', "routes": '["rat/ip/ourdrug"]'}


@pytest.fixture
def with_drug(tmp_path, monkeypatch) -> Iterator[None]:
    """The drug of the page, as if its sections stood in the sheets."""
    subjects = {subject: sheet(subject) for subject in configuration.SUBJECTS}
    for subject, text in DRUG.items():
        file = tmp_path / f"{subject}.toml"
        file.write_text((SHEETS / file.name).read_text() + "\n" + block("toml", text))
        subjects[subject] = Sheet(file)
    monkeypatch.setattr(configuration, "_subjects", lambda: subjects)
    for where, known in (
        ("parameters.binding.BLOCKERS", BLOCKERS),
        ("pharmacology.bath.IN_A_BATH", IN_A_BATH),
        ("pharmacology.dose.DOSED", DOSED),
        ("simulation.given.CALLED", CALLED),
    ):
        monkeypatch.setattr(f"prelimbic.{where}", (*known, "ourdrug"))
    configuration._overridden.cache_clear()
    yield
    configuration._overridden.cache_clear()


def test_a_drug_in_a_bath_goes_through_the_loop_and_shuts_what_its_ic50_say(with_drug):
    own = Hypotheses(affinity="recombinant")  # the IC50 as they stand
    config = brief(0.0, bath=Bath((("ourdrug", 1.0),), 0.26, 4.0), hypotheses=own)
    seen = {s.look.time: s.block for s in simulate(config, True, lambda seconds: None).seen}
    assert seen[0.0].max() == 0.0 and seen[24.0].max() == 0.0
    assert seen[2.0][0] == pytest.approx([1 / 3, 1 / 2.4, 1 / 2, 1 / 2, 1 / 2, 1 / 2])
    used = {name.rpartition(".")[0] for name in config.numbers() if name.startswith("compounds.")}
    assert used == {"compounds.ourdrug", "compounds.channel"}


def test_a_dosed_drug_follows_its_own_disposition_and_leaves_ketamines_alone(with_drug):
    config = replace(brief(), doses=(Dose(5.0, "iv", compound="ourdrug"), Dose(10.0, "ip")))
    course, hours = config.exposure(config.doses), np.array([0.5, 1.0, 4.0])
    alone = config.exposure(config.doses[1:])
    umol = 5.0 / 200.0 * 1e3
    expected = umol / 2.0 * np.exp(-1.0 / 2.0 * hours)  # a bolus into 2 L/kg that 1 L/h/kg clears
    assert course.names == (*alone.names, "ourdrug")
    assert course.arterial(hours)[:, -1] == pytest.approx(expected)
    assert course.brain_unbound(hours)[:, :-1] == pytest.approx(alone.brain_unbound(hours))
    assert course.brain_total(hours)[:, -1] == pytest.approx(4.0 * course.of("ourdrug", hours))
    assert {"species.rat/ourdrug.central", "species.rat/ketamine.central"} <= config.numbers().keys()
    with pytest.raises(SheetError, match="ourdrug has no disposition in mouse"):
        replace(config, species="mouse").exposure(config.doses)


def test_mass_of_a_dosed_drug_is_kept(with_drug):
    config = replace(brief(), doses=(Dose(5.0, "ip", compound="ourdrug"),))
    course, hours = config.exposure(config.doses), np.array([0.1, 1.0, 10.0])
    whole = course.present(hours).sum(axis=1) + course.eliminated(hours).sum(axis=1)
    assert whole == pytest.approx(course.given(hours))
    used = {name.rpartition(".")[0] for name in config.numbers() if name.startswith("routes.")}
    assert used == {"routes.rat/ip/ourdrug"}
    with pytest.raises(DoseError, match="no data of ourdrug given sc to a rat; there are of iv, ip"):
        config.exposure((Dose(5.0, "sc", compound="ourdrug"),))
    assert 0.0 < course.peak_time() < 1.0


def test_what_is_given_in_words_and_runs_without_the_drug_keep_their_ids(with_drug):
    assert doses("ourdrug 5 mg/kg ip at 1h") == (Dose(5.0, "ip", 1.0, compound="ourdrug"),)
    assert brief().run_id() == PLAIN


PLAIN = brief().run_id()


@pytest.mark.slow
def test_the_figure_of_dose_block_curves_has_a_panel_for_every_drug_there_is(tmp_path):
    drugs, uM = [f"drug {k}" for k in range(7)], [0.1, 1.0, 10.0]
    block = xr.DataArray(
        np.zeros((1, 2, 7, len(SUBUNITS), 3)),
        dims=("sheet", "seed", "drug", "subunit", "concentration"),
        coords={"sheet": ["a"], "drug": drugs, "subunit": list(SUBUNITS), "concentration": uM},
    )
    assert drawn(xr.Dataset({"block": block}), tmp_path).stat().st_size > 1000


# An output variable


def test_an_output_is_declared_in_one_place_and_stands_in_traces_and_at_every_readout(monkeypatch):
    entry = eval(f"{{{block('python', 'silent_share')}}}", {"Output": declared.Output, "np": np})
    monkeypatch.setattr(declared, "OF_ACTIVITY", declared.OF_ACTIVITY | entry)
    monkeypatch.setattr(record, "OF_ACTIVITY", declared.OF_ACTIVITY)
    config = brief()
    outcome = simulate(config, True, lambda seconds: None)
    groups = record.arrange(config, outcome)
    found = groups["traces"]["silent_share"]
    pyr = slice(0, outcome.circuit.counts[0])
    assert found.values.tolist() == [np.mean(s.activity.spike_count[pyr] == 0) for s in outcome.seen]
    assert groups["summary"]["silent_share"].dimensions == ("readout",)
    assert groups["summary"]["silent_share"].meaning == found.meaning
