"""Protocols that ship as files: each is the design that it says, is planned beside its vehicle, runs, and is
answered and drawn.

Runs here are the smallest: half a circuit, looks of a fraction of a second, and of a protocol its first day
or hours; those that take long, and every arm from its beginning to its end, under the slow mark.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from prelimbic.experiments.figures.question import VEHICLE, figures
from prelimbic.experiments.questions.shipped import protocols, shipped_protocols
from prelimbic.experiments.questions.study import study_of
from prelimbic.experiments.storage.dataset import load
from prelimbic.experiments.studies.registry import SHIPPED
from prelimbic.experiments.sweep.study import DEFAULT_SHEET, Options, Run, carry_out, prepare, write_manifest
from prelimbic.parameters import POPULATIONS, compounds
from prelimbic.pharmacology import Bath, Dose
from prelimbic.pharmacology.block import by_population, by_subunit
from prelimbic.simulation.config import Config
from prelimbic.simulation.question import Point, Question
from prelimbic.simulation.written import as_toml, question_in, read_question
from tests.conftest import SMALL

NAMES = tuple(shipped_protocols())
BEFORE_H, FIRST_H, DAY_H = 12.0, 4.0, 24.0  # round what is given first: so much of a protocol is run
DEAREST_S = 4000.0  # of spiking in one run of a protocol that ships
MIN_40 = 40.0 / 60.0


@cache
def asked(name: str) -> Question:
    return read_question(shipped_protocols()[name])


@cache
def points(name: str) -> list[Point]:
    return asked(name).points()


def text_of(name: str) -> str:
    return shipped_protocols()[name].read_text(encoding="utf-8")


def arm(name: str, called: str) -> Config:
    return next(point.config for point in points(name) if point.place.get("arm") == called)


def has_drug(config: Config) -> bool:
    bathed = config.bath is not None and any(uM for _, uM in config.bath.concentrations)
    return bathed or any(dose.amount for dose in config.doses)


def given(config: Config) -> list[Dose]:
    return sorted((dose for dose in config.doses if dose.amount), key=lambda dose: dose.start)


# Files


def test_there_is_a_file_for_every_design():
    assert set(NAMES) == {
        "single_dose", "dose_range", "sub_chronic", "stress_rescue", "pretreatment", "anti_bdnf",
        "hnk_alone", "esketamine_schedule", "six_infusions", "active_placebo", "infusion_96h",
        "mk801_challenge", "memantine_ketamine",
    }  # fmt: skip
    assert not {*NAMES} & {*SHIPPED}
    assert list(protocols().index) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_says_in_words_what_it_is_and_is_one_to_copy(name):
    text = text_of(name)
    head = re.match(r"(#.*\n)+", text)
    assert head and 2 <= len(head[0].splitlines()) <= 5 and "?" in head[0]
    assert max(map(len, text.splitlines())) <= 110
    question = asked(name)
    assert question.title and question.read and len({*question.measure}) >= 4
    assert "spines" in question.measure
    assert (question.seeds, question.scale, question.sheets) == (None, None, ())  # the command's own


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_written_again_has_the_same_runs(name, tmp_path):
    (tmp_path / f"{name}.toml").write_text(as_toml(asked(name)), encoding="utf-8")
    again = read_question(tmp_path / f"{name}.toml").points()
    assert [(p.place, p.reference) for p in again] == [(p.place, p.reference) for p in points(name)]
    assert [p.config.run_id() for p in again] == [p.config.run_id() for p in points(name)]


@pytest.mark.parametrize("name", NAMES)
def test_every_drug_is_compared_and_in_the_end_with_nothing(name):
    by_place = {tuple(point.place.items()): point for point in points(name)}
    for point in points(name):
        if not has_drug(point.config):
            continue
        while point.reference is not None:
            point = by_place[tuple(point.reference.items())]
        assert not has_drug(point.config)
    assert len({point.config.protocol.times for point in points(name)}) == 1
    assert points(name)[0].config.protocol.seconds < DEAREST_S


def test_run_lists_the_runs_of_a_protocol_by_its_name(call):
    code, out, _ = call("run", "anti_bdnf", "--list", "--seeds", 2)
    assert code == 0 and len(out.splitlines()) == 2 * len(points("anti_bdnf"))
    code, out, _ = call("protocols")
    assert code == 0 and all(name in out for name in NAMES)


# Designs


@pytest.mark.parametrize(
    ("name", "called", "hours"),
    [
        ("single_dose", "ketamine", [0.0]),
        ("sub_chronic", "five doses", [0.0, 24.0, 48.0, 72.0, 96.0]),
        ("sub_chronic", "one dose, on day five", [96.0]),
        ("stress_rescue", "stress, ketamine", [0.0]),
        ("six_infusions", "six infusions", [0.0, 48.0, 96.0, 168.0, 216.0, 264.0]),
        ("six_infusions", "one infusion", [0.0]),
        ("esketamine_schedule", "twice weekly, then stopped", [84.0 * k for k in range(8)]),
        (
            "esketamine_schedule",
            "twice weekly, then weekly",
            [84.0 * k for k in range(8)] + [168.0 * k for k in (4, 5, 6, 7)],
        ),
        ("infusion_96h", "96 h", [0.0]),
    ],
)
def test_doses_are_given_when_the_design_has_them(name, called, hours):
    assert [dose.start for dose in given(arm(name, called))] == hours


def test_infusions_last_as_long_as_in_a_clinic():
    for name in ("six_infusions", "active_placebo"):
        doses = {(d.route, d.duration, d.compound) for point in points(name) for d in point.config.doses}
        assert doses == {("iv", MIN_40, "ketamine")}
    (long,) = given(arm("infusion_96h", "96 h"))
    assert (long.duration, long.amount) == (96.0, pytest.approx(96.0 * 0.15))
    assert given(arm("infusion_96h", "40 min")) == [Dose(0.5, "iv", 0.0, MIN_40)]


def test_esketamine_is_given_by_nose_less_at_first():
    doses = [dose for dose in given(arm("esketamine_schedule", "twice weekly, then weekly")) if dose.amount]
    assert {(dose.route, dose.compound) for dose in doses} == {("nasal", "S-ketamine")}
    assert [dose.amount * 70.0 for dose in doses] == pytest.approx([56.0] + [84.0] * (len(doses) - 1))


def test_groups_of_one_design_are_treated_at_the_same_hours_so_that_they_share_a_vehicle():
    for name in ("sub_chronic", "six_infusions", "esketamine_schedule", "infusion_96h"):
        vehicle, *groups = (point.config for point in points(name))
        assert len({frozenset((dose.start, dose.end) for dose in group.doses) for group in groups}) == 1
        assert not has_drug(vehicle) and all(map(has_drug, groups)) and len(groups) == 2


def test_blockers_come_before_the_dose_and_stress_ends_with_it():
    assert [(i.name, i.start) for i in arm("pretreatment", "rapamycin, ketamine").protocol.inhibitions] == [
        ("rapamycin_icv", -0.5)
    ]
    assert arm("pretreatment", "NBQX, ketamine").protocol.inhibitions[0].name == "ampa_antagonist"
    assert arm("anti_bdnf", "anti-BDNF, ketamine").protocol.inhibitions[0].name == "anti_bdnf"
    assert arm("stress_rescue", "stress, ketamine").protocol.stress == (-21 * 24.0, 0.0)
    for name in ("pretreatment", "anti_bdnf", "stress_rescue"):
        for point in points(name):
            if has_drug(point.config):  # with the same done to it, but for the drug
                other = next(p.config for p in points(name) if p.place == point.reference)
                assert other.protocol == point.config.protocol and not has_drug(other)


def test_hydroxynorketamine_is_given_alone():
    hnk = arm("hnk_alone", "HNK")
    assert {dose.compound for dose in hnk.doses} == {"hydroxynorketamine"}
    assert hnk.hypotheses.hnk == "release"
    assert arm("hnk_alone", "HNK without action on release").hypotheses.hnk == "off"


def test_memantine_stands_at_the_concentration_of_ketamine_and_at_its_block():
    ketamine, same, equal = (
        arm("memantine_ketamine", called)
        for called in ("ketamine 3 uM", "memantine, same concentration", "memantine, same block")
    )

    def shut(config: Config) -> np.ndarray:
        ((drug, uM),) = config.bath.concentrations
        block = by_subunit(np.array([uM]), [compounds()[drug]])
        return by_population(block, config.described().mixtures)[POPULATIONS.index("Pyr")]

    assert ketamine.bath.concentrations[0][1] == same.bath.concentrations[0][1]
    assert shut(equal) == pytest.approx(shut(ketamine), rel=0.01) and shut(same) < 0.7 * shut(ketamine)


def test_what_is_not_in_the_model_is_said_in_title_and_words():
    assert "(not midazolam)" in asked("active_placebo").title
    assert re.search(r"NOT midazolam|midazolam is NOT", text_of("active_placebo"), re.IGNORECASE)
    assert "no disposition of MK-801" in text_of("mk801_challenge")
    assert arm("mk801_challenge", "MK-801 0.06 uM").bath == Bath((("mk801", 0.06),), 0.0, 2.0)


# Runs

# all of whose arms are run and answered -> each with what it is compared with
ANSWERED = {
    "dose_range": {3.0: 0.0, 30.0: 0.0},
    "stress_rescue": {
        "stress, vehicle": "no stress, vehicle",
        "stress, ketamine": "stress, vehicle",
    },
    "active_placebo": {"ketamine 0.5 mg/kg": "active placebo", "active placebo": "vehicle"},
}


QUICK = ("single_dose", "hnk_alone")  # run by default


def quick(names: Iterable[str]) -> list[Any]:
    """The protocols, those that take long marked as slow."""
    return [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in names]


def small(config: Config, **changes: object) -> Config:
    """The same with looks of a fraction of a second."""
    return replace(config, protocol=replace(config.protocol, look_scale=0.02, rest=2.0, **changes))


def begun(config: Config, begin: float, hours: float) -> Config:
    """The same, from half a day before hour `begin` until so many hours after it; all that is left of the
    time before is under stress where there is any.
    """
    protocol = config.protocol
    times = tuple(time for time in protocol.times if -BEFORE_H <= time - begin <= hours)
    read = protocol.moments() | {name: ends[1] for name, ends in protocol.windows(begin).items()}
    there = [name for name, hour in read.items() if hour <= times[-1]]
    cut = small(
        config,
        times=times,
        reused=tuple(time for time in protocol.reused if time in times),
        spared=tuple(time for time in protocol.spared if time in times),
        readouts=tuple(dict.fromkeys((*there, f"{hours:g} h"))),
        stress=protocol.stress and (times[0], protocol.stress[1]),
    )
    return replace(cut, doses=tuple(dose for dose in config.doses if dose.start < times[-1]))


def of_interest(name: str) -> Question:
    """The question, of many doses two."""
    question = asked(name)
    return replace(question, vary={"dose": (3.0, 30.0)}) if "dose" in question.vary else question


def runs_of(name: str) -> list[Run]:
    """All runs of a protocol for one seed; of those that are not answered the first with a drug, and what
    it is compared with.
    """
    question = of_interest(name)
    runs = study_of(question, name).plan(Options(seeds=1, scale=SMALL))
    if name in ANSWERED:
        return runs
    first = next(point for point in question.points() if has_drug(point.config))
    wanted = [first.place, first.reference]
    return [run for run in runs if {axis: run.place[axis] for axis in first.place} in wanted]


def computed(name: str, runs: list[Run], folder: Path) -> xr.Dataset:
    """The dataset of runs of a protocol, computed into a folder."""
    folder.mkdir()
    compiled = prepare(runs)
    for run in runs:
        carry_out(run, folder, compiled, lambda _: None)
    write_manifest(study_of(of_interest(name), name), runs, folder)
    return load(folder)


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> Callable[[str], xr.Dataset]:
    """The dataset of a protocol by its name."""
    folder = tmp_path_factory.mktemp("protocols")

    @cache
    def find(name: str) -> xr.Dataset:
        configs = [point.config for point in points(name) if has_drug(point.config)]
        begin = min(dose.start for config in configs for dose in (*config.doses, config.bath) if dose)
        hours = DAY_H if name in ANSWERED else FIRST_H
        runs = [replace(run, config=begun(run.config, begin, hours)) for run in runs_of(name)]
        return computed(name, runs, folder / name)

    return find


def check(name: str, dataset: xr.Dataset) -> None:
    """The drug is there, and not where it is compared with nothing; every state is a number."""
    for point in of_interest(name).points():
        if any(value not in dataset[axis] for axis, value in point.place.items()):
            continue  # not run
        cell = dataset.sel(point.place).squeeze("sheet")
        assert np.isfinite(cell["spines"]).all() and np.isfinite(cell["protein"]).all()
        assert (cell["rate_course"].sel(population="Pyr") > 0).any()
        shut = float(cell["block_course"].sel(population="Pyr").max())
        least = 0.001 if name == "hnk_alone" else 0.05
        assert shut > least if has_drug(point.config) else shut == 0.0


@pytest.mark.parametrize("name", QUICK)  # the others run to their end below
def test_a_protocol_runs_and_its_drug_is_there_and_in_its_vehicle_none_is(name, found):
    dataset = found(name)
    assert question_in(dataset.attrs) == replace(of_interest(name), where="")
    check(name, dataset)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", NAMES)
def test_every_arm_of_a_protocol_runs_to_its_end(name, tmp_path):
    question = of_interest(name)
    runs = study_of(question, name).plan(Options(seeds=1, scale=SMALL))
    runs = [replace(run, config=small(run.config)) for run in runs]
    dataset = computed(name, runs, tmp_path / name)
    check(name, dataset)
    answer = study_of(question, name).answer(dataset)
    told = answer.tables[0].index.get_level_values("read at")
    assert {*question.read} <= {*told}
    assert study_of(question, name).draw(dataset, tmp_path) == [tmp_path / "question.png"]


# Answers


@pytest.mark.parametrize("name", quick(ANSWERED))
def test_the_table_is_that_of_the_stored_numbers_each_beside_what_it_is_compared_with(name, found):
    dataset, question = found(name).squeeze(("sheet", "seed")), of_interest(name)
    (table,) = study_of(question, name).answer(found(name)).tables
    (axis,) = question.axes
    labels, heading = table.reset_index(), table.columns.levels[0]
    assert list(dict.fromkeys(labels[axis])) == list(ANSWERED[name])
    assert [each.partition(" ")[0] for each in dict.fromkeys(labels["quantity"])] == list(question.measure)
    compared = "vehicle" if axis == "dose" else "of what it is against"
    assert compared in heading
    for mine, other in ANSWERED[name].items():
        if axis == "arm":
            assert {*labels["against"][labels["arm"] == mine]} == {other}
        for readout in dataset["readout"].values:
            here, there = (dataset.sel({axis: at, "readout": readout}) for at in (mine, other))
            spines, rate = (
                table[
                    (labels[axis] == mine).values
                    & (labels["read at"] == readout).values
                    & (labels["quantity"] == quantity).values
                ].iloc[0]
                for quantity in ("spines", "rate.Pyr (Hz)")
            )
            assert spines["mean ± SD", "mean"] == here["spines"]
            assert spines[compared, "mean"] == there["spines"]
            assert spines["difference", "mean"] == pytest.approx(float(here["spines"] - there["spines"]))
            rates = [float(cell["rate"].sel(population="Pyr")) for cell in (here, there)]
            assert rate["mean ± SD", "mean"] == rates[0]
            assert rate["change, %", "mean"] == pytest.approx(100.0 * (rates[0] / rates[1] - 1.0))


@pytest.mark.parametrize("name", quick(ANSWERED))
def test_the_sentence_says_what_becomes_of_spines_at_the_last_readout_and_against_what(name, found):
    dataset, question = found(name).squeeze(("sheet", "seed")), of_interest(name)
    said = study_of(question, name).answer(found(name)).found
    (axis,) = question.axes
    last = dataset["spines"].isel(readout=-1)
    assert f"Sheet {DEFAULT_SHEET}, {question.arms[0].does['species']}, {last['readout'].item()}: " in said
    assert said.endswith("One seed is an anecdote.")
    for mine, other in ANSWERED[name].items():
        percent = 100.0 * (float(last.sel({axis: mine})) / float(last.sel({axis: other})) - 1.0)
        called, against = (f"dose {mine:g} mg/kg", "") if axis == "dose" else (mine, f" against {other}")
        seen = f"{called} has {percent:+.1f} % spines{against}"  # of one seed nothing is clear
        assert seen in said or (abs(percent) < 0.05 and f"{called} has as many spines" in said)


@pytest.mark.parametrize("name", quick(ANSWERED))
def test_the_figure_shows_the_stored_courses_of_every_arm_and_vehicle_in_grey(name, found, tmp_path):
    dataset, question = found(name), of_interest(name)
    assert study_of(question, name).draw(dataset, tmp_path) == [tmp_path / "question.png"]
    assert min((tmp_path / f"question.{kind}").stat().st_size for kind in ("png", "svg")) > 20_000
    ((_, figure),) = figures(dataset)
    assert question.title in figure.get_suptitle()
    spines = next(axis for axis in figure.axes if axis.get_ylabel() == "spines per Pyr cell")
    lines = [line for line in spines.lines if len(line.get_xdata()) > 2]  # others mark what is given
    shown = {tuple(np.round(line.get_ydata(), 6)): line.get_color() for line in lines}
    for point in question.points():
        course = dataset["spines_course"].sel(point.place).squeeze(drop=True)
        course = course.sel(time=slice(spines.get_xlim()[0] * 24.0, None))
        colour = shown[tuple(np.round(course.values, 6))]
        assert (colour == VEHICLE) == (point.reference is None)
