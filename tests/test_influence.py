"""One number at a time: what moves with it, which numbers there are, what is read off the curves, and what a
run stores.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from prelimbic.circuits import CircuitError
from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.influence import ENDS, SHEET, STANDS, influences, noise, unit_of
from prelimbic.experiments.studies.influence import STUDY, answer
from prelimbic.experiments.sweep.study import Options, Run, StudyError
from prelimbic.parameters import POPULATIONS, SheetError, circuit_numbers, moved, ranged, sheet
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.observers import influence
from tests.answering import answer_for
from tests.results import undescribed
from tests.said import USAGE, is_one_sentence

CENTRE = ranged(sheet("native_point"))
VALUES = CENTRE.values()
ASKED = ("--species", "rat", "--give", "10 mg/kg ip at 0h", "--read", "1h")

# What moves with a number


def test_a_fraction_takes_from_the_others_of_its_class_in_proportion_and_comes_last():
    found = moved(CENTRE, "PV.fraction_2BD", 0.4)
    assert [*found][-1] == "PV.fraction_2BD" and all(name.startswith("PV.fraction_") for name in found)
    after = CENTRE.replaced(found).values()
    assert sum(v for n, v in after.items() if n.startswith("PV.fraction_")) == pytest.approx(1.0)
    kept = [after[f"PV.fraction_{k}"] / VALUES[f"PV.fraction_{k}"] for k in ("2A", "2AB")]
    assert kept[0] == pytest.approx(kept[1]) == pytest.approx(0.6 / (1.0 - VALUES["PV.fraction_2BD"]))


def test_a_release_changes_no_unitary_potential_and_another_number_moves_alone():
    value = 0.5 * VALUES["PV->Pyr.release"]
    found = moved(CENTRE, "PV->Pyr.release", value)
    assert [*found] == ["PV->Pyr.weight", "PV->Pyr.release"]
    (before, after) = (circuit_numbers(s).projections["PV", "Pyr"] for s in (CENTRE, CENTRE.replaced(found)))
    opened = [p.weight * sum(share * full for share, full, *_ in p.types) for p in (before, after)]
    assert opened[0] == pytest.approx(opened[1]) and after.weight > 1.1 * before.weight
    assert moved(CENTRE, "2BD.decay", 300.0) == {"2BD.decay": 300.0}


def test_a_fraction_without_others_cannot_be_changed():
    alone = CENTRE.replaced({n: float(n.endswith("2A")) for n in VALUES if n.startswith("PV.fraction_")})
    with pytest.raises(SheetError, match=r"PV.*no fraction but fraction_2A"):
        moved(alone, "PV.fraction_2A", 0.5)


# The plan


def planned(*numbers: str, affinity: str = "tissue", **more: Any) -> list[Run]:
    switches = Hypotheses(affinity=affinity)
    return STUDY.plan(
        Options(seeds=1, sheets=("native_point",), numbers=numbers, hypotheses=switches, **more)
    )


def named(runs: list[Run]) -> set[str]:
    return {run.place["number"] for run in runs} - {SHEET}


def test_every_number_stands_at_each_end_of_its_range_and_the_sheet_as_it_is_comes_first():
    runs = planned()
    assert (runs[0].place["number"], runs[0].config.overrides) == (SHEET, ())
    rows = {f"circuit.{n}": row for n, row in CENTRE.rows().items()}
    rows |= {f"compounds.{n}": row for n, row in sheet("compounds").rows().items()}
    for run in runs[1:]:
        name, value = run.config.overrides[-1]
        assert name.removeprefix("circuit.") == run.place["number"]
        assert value == rows[name].range[ENDS.index(run.place["end"])] != rows[name].value
        run.config.check()
    assert len({run.config.run_id() for run in runs}) == len(runs) > 100


def test_numbers_that_matter_at_receptors_synapses_cells_and_drug_are_among_the_usual():
    found = named(planned())
    wanted = {"2BD.decay", "2BD.magnesium_half", "PV.fraction_2BD", "PV.tonic_2BD", "Pyr.nmda_charge",
              "receptors.ambient_glutamate", "PV->Pyr.weight", "Pyr->PV.in_degree", "SST->Pyr.release",
              "Pyr.adaptation_jump", "PV.target_rate", "Pyr.background_ampa", "compounds.ketamine.ic50_2BD",
              "compounds.tissue.factor"}  # fmt: skip
    assert wanted <= found
    # of assemblies that no class has, and what a point has not
    assert not any("2C" in name or "2D." in name or name.endswith("ic50_2D") for name in found)


def test_a_pattern_chooses_among_all_numbers_with_a_range_and_a_whole_name_that_number_alone():
    assert named(planned("PV.fraction_2A")) == {"PV.fraction_2A"}  # and not that of 2AB
    assert named(planned("2BD.", "PV->*.weight")) >= {"2BD.q10", "PV->Pyr.weight", "PV->PV.weight"}
    assert named(planned("Pyr.leak")) == {"Pyr.leak"}
    assert "Pyr.apical_share" not in named(planned("Pyr"))


def test_recombinant_affinities_have_no_factor_of_tissue():
    found = named(planned(affinity="recombinant"))
    assert not any("tissue" in name for name in found) and "compounds.ketamine.hill" in found
    assert "compounds.ketamine.hill" not in named(planned())
    with pytest.raises(StudyError, match="tissue"):
        planned("compounds.tissue.factor", affinity="recombinant")


def test_a_number_that_is_set_is_no_longer_varied():
    assert "PV.leak" in named(planned("PV.le"))
    with pytest.raises(StudyError, match=r"PV\.leak"):
        planned("PV.leak", overrides=(("circuit.PV.leak", 10.0),))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "influence", "--number", "PV.laek"), ("--number", "PV.leak")),
        (("run", "acute", "--number", "PV.leak"), ("acute", "--number PV.leak")),
        (("run", "influence", "--number", "PV.leak", "--number", "PV.leak"), ("--number", "2 times")),
        (
            (
                "ask",
                "--species",
                "rat",
                "--give",
                "10 mg/kg ip at 0h",
                "--read",
                "1h",
                "--number",
                "PV.leak",
            ),
            ("--number",),
        ),
    ],
)
def test_a_number_that_cannot_be_varied_is_refused_in_one_sentence(call, tmp_path, words, said):
    code, out, err = call(*words)
    is_one_sentence(err, *said)
    assert (code, out, list(tmp_path.iterdir())) == (USAGE, "", [])


# What is read off curves

UM = [0.0, 0.3, 1.0, 3.0, 10.0, 30.0]
FLAT = [2.0] * 6
SURGE = [2.0, 2.2, 2.6, 2.4, 1.2, 0.4]  # Hz


def curves(**numbers: dict[str, tuple[list[list[float]], float]]) -> xr.Dataset:
    """A dataset of Pyr rates, two seeds: number -> end -> (rates by seed, value)."""
    given: dict[str, Any] = {SHEET: {STANDS: ([FLAT, FLAT], 1.0)}} | numbers
    ends = (STANDS, *ENDS)
    shape = (len(given), len(ends), 2)
    rate = np.full((*shape, len(UM), len(POPULATIONS)), np.nan)
    calibrated, value = np.full(shape, np.nan), np.full(shape, np.nan)
    for k, each in enumerate(given.values()):
        for end, (rows, at) in each.items():
            j = ends.index(end)
            rate[k, j, :, :, 0], value[k, j] = rows, at
            calibrated[k, j] = np.isfinite(np.array(rows)).all(axis=1)
    axes = ("number", "end", "seed")
    shut = np.broadcast_to(np.array([0.2, 0.4, 0.3, 0.3]), (*shape, len(UM), 4))
    data = {
        "rate": ((*axes, "concentration", "population"), rate),
        "synaptic_shut": ((*axes, "concentration", "population"), shut),
        "tonic_shut": ((*axes, "concentration", "population"), 0.5 * shut),
        "calibrated": (axes, calibrated),
        "value": (axes, value),
        "stands": (axes, np.full(shape, 1.5)),
    }
    places = {"number": [*given], "end": [*ends], "seed": [1, 2], "concentration": UM}
    return xr.Dataset(data, places | {"population": list(POPULATIONS)})


LOST = [np.nan] * 6
SEEN = {
    "PV.leak": {"low": ([SURGE, SURGE], 6.5), "high": ([FLAT, FLAT], 19.0)},
    "2BD.decay": {"high": ([[2.0, 2.1, 2.2, 2.1, 2.0, 2.0], [2.0, 2.3, 2.4, 2.3, 2.0, 2.0]], 1767.0)},
    "Pyr.leak": {"low": ([LOST, LOST], 4.1), "high": ([FLAT, FLAT], 10.5)},
    "compounds.ketamine.ic50_2A": {"low": ([FLAT, LOST], 0.5)},
}


def test_a_curve_tells_its_peak_where_it_is_and_where_it_has_fallen_to_half():
    first = influences(curves(**SEEN))[0]
    low, high = (first.ends[end] for end in ENDS)
    assert first.name == "PV.leak" and (low.value, high.value, first.stands) == (6.5, 19.0, 1.5)
    assert low.peak == pytest.approx([30.0, 30.0]) and low.place == 1.0
    # 0.6 of rest at 10 uM, 0.2 at 30: half after a quarter of the way on a log scale
    assert low.falls == pytest.approx(10.0 * 3.0**0.25)
    assert (high.peak.tolist(), high.falls) == ([0.0, 0.0], np.inf)


def test_a_curve_that_begins_below_half_has_fallen_at_the_lowest_concentration():
    dead = influences(curves(**{"PV.leak": {"low": ([[2.0, 0.5, 0.3, 0.2, 0.1, 0.0]] * 2, 6.5)}}))[0]
    assert (dead.ends["low"].falls, dead.ends["low"].place) == (0.3, 0.3)
    assert dead.ends["low"].peak == pytest.approx([-75.0] * 2)


def test_numbers_come_by_how_far_they_move_the_curve_and_those_that_cannot_rest_move_nothing():
    found = influences(curves(**SEEN))
    assert [one.name for one in found[:2]] == ["PV.leak", "2BD.decay"]
    assert found[0].peak_change == pytest.approx(-30.0) and found[0].falls_change == np.inf
    assert found[1].peak_change == pytest.approx(15.0) and np.isnan(found[1].falls_change)
    assert found[0].moves == pytest.approx(100 * np.mean([0.1, 0.3, 0.2, 0.4, 0.8]))
    assert found[1].moves == pytest.approx(100 * np.mean([0.1, 0.15, 0.1, 0.0, 0.0]))
    assert {one.name: one.moves for one in found[2:]} == {"Pyr.leak": 0.0, "compounds.ketamine.ic50_2A": 0.0}
    assert not found[2].ends["low"].there.any() and found[3].ends["low"].there.tolist() == [True, False]


def test_seeds_of_the_sheet_tell_how_far_curves_lie_apart_by_chance():
    noisy = [[2.0, 2.2, 2.2, 2.2, 2.2, 2.2], FLAT]
    found = influences(curves(**{SHEET: {STANDS: (noisy, 1.0)}, "PV.leak": SEEN["PV.leak"]}))
    assert noise(found[0].sheet) == pytest.approx(10.0)


def test_every_number_that_may_be_varied_has_a_unit():
    units = {name: unit_of(name) for name in named(planned("*"))}
    assert units["PV.leak"] == "nS" and units["PV->Pyr.in_degree"] == "contacts"
    assert units["compounds.ketamine.ic50_2A"] == "uM" and units["PV.fraction_2A"] == ""


def test_the_answer_tells_the_most_influential_numbers_how_to_run_them_again_and_what_was_lost(tmp_path):
    dataset = curves(**SEEN).expand_dims(sheet=["native_point"]).assign_attrs(switches="affinity=tissue")
    told = answer(dataset)
    numbers, ratios = told.tables
    assert [*numbers.index] == [one.name for one in influences(curves(**SEEN))]
    assert numbers.loc["PV.leak", ("curve there", "")] == "+30 ± 0 (1), 13"
    assert numbers.loc["Pyr.leak", ("curve there", "")] == "cannot rest"
    assert ratios["PV / Pyr", ""].tolist() == pytest.approx([2.0, 2.0])
    assert (
        "--affinity tissue --number 'PV.leak' --number '2BD.decay'" in told.found
        and "Pyr.leak 4.1 nS" in told.found
    )
    (path,) = drawing("influence")(dataset, tmp_path)
    assert path.name == "influence.png" and path.read_bytes().startswith(b"\x89PNG")


# A run


@pytest.fixture
def brief(monkeypatch):
    """A network that does not spike, and a calibration that is content with what there is."""
    answer_for(monkeypatch)
    monkeypatch.setattr(influence, "calibrated", lambda circuit, *rest, **how: circuit)
    influence._calibrated.cache_clear()
    yield monkeypatch
    influence._calibrated.cache_clear()


def computed(run: Run) -> dict[str, Any]:
    told: list[float] = []
    made = run.compute(run.config, True, told.append)
    assert undescribed(made) == [] and sum(told) == pytest.approx(influence.WORK_S)
    return {name: v.values for name, v in made["summary"].items()}


def test_a_run_holds_the_curve_the_number_and_what_the_drug_shuts_of_each_class(brief):
    runs = {run.place["end"]: run for run in planned("compounds.ketamine.ic50_2AB")}
    stands, low, high = (computed(runs[end]) for end in (STANDS, *ENDS))
    assert np.isnan(stands["value"]) and (low["value"], high["value"], low["stands"]) == (0.5, 10.0, 5.213)
    assert low["rate"].shape == (len(UM), len(POPULATIONS)) and low["concentration"].tolist() == UM
    assert not stands["synaptic_shut"][0].any() and (np.diff(stands["synaptic_shut"], axis=0) > 0).all()
    assert (low["synaptic_shut"][1:] > stands["synaptic_shut"][1:]).all()
    # it is in synapses alone, and Pyr cells have most of it
    assert (low["tonic_shut"] == stands["tonic_shut"]).all() and (stands["tonic_shut"][1:] > 0).all()
    more = low["synaptic_shut"][3] - stands["synaptic_shut"][3]
    assert more.argmax() == 0 and (high["synaptic_shut"][1:] < stands["synaptic_shut"][1:]).all()


def test_an_affinity_moves_no_calibration_and_a_number_of_the_circuit_does(brief):
    seen = []
    brief.setattr(influence, "calibrated", lambda circuit, *rest, **how: seen.append(rest) or circuit)
    for run in planned("compounds.ketamine.ic50_2AB", "compounds.tissue.hill"):
        computed(run)
    assert len(seen) == 1 and seen[0][:2] == (1, influence.TOLERANCE)
    computed(planned("2BD.decay")[-1])
    assert len(seen) == 2


def test_a_circuit_that_cannot_rest_at_its_rates_is_kept_as_such(brief):
    brief.setattr(influence, "calibrated", lambda circuit, *rest, **how: None)
    found = computed(planned("2BD.decay")[-1])
    assert found["calibrated"] == 0.0 and "rate" not in found and found["value"] == 1767.0


def test_without_a_compiler_nothing_is_run():
    run = planned("2BD.decay")[0]
    with pytest.raises(CircuitError, match="compiler"):
        run.compute(run.config, False, lambda seconds: None)
