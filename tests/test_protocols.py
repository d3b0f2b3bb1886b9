"""Protocols that ship as files: each is the design that it says, is planned beside its vehicle, runs, and is
answered and drawn.

Runs here are the smallest: half a circuit, looks of a fraction of a second, and of long protocols the first
day; every arm runs from its beginning to its end under the slow mark.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from prelimbic.experiments.questions.shipped import protocols, shipped_protocols
from prelimbic.experiments.questions.study import study_of
from prelimbic.experiments.storage.dataset import load
from prelimbic.experiments.studies.registry import SHIPPED
from prelimbic.experiments.sweep.study import Options, Run, carry_out, prepare, write_manifest
from prelimbic.parameters import POPULATIONS, compounds
from prelimbic.pharmacology import Bath, Dose
from prelimbic.pharmacology.block import by_population, by_subunit
from prelimbic.simulation.config import Config
from prelimbic.simulation.question import Point, Question
from prelimbic.simulation.written import as_toml, question_in, read_question
from tests.conftest import SMALL

NAMES = tuple(shipped_protocols())
BEFORE_H, AFTER_H = 12.0, 25.0  # of what is given first: so much of a protocol is run
DEAREST_S = 4000.0  # of spiking in one run of a protocol that ships
MIN_40 = 40.0 / 60.0


@cache
def asked(name: str) -> Question:
    return read_question(shipped_protocols()[name])


@cache
def points(name: str) -> list[Point]:
    return asked(name).points()


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
        "single_dose", "dose_range", "sub_chronic", "stress_rescue", "pretreatment", "anti_bdnf", "hnk_alone",
        "esketamine_schedule", "six_infusions", "active_placebo", "infusion_96h", "mk801_challenge",
        "memantine_ketamine",
    }  # fmt: skip
    assert not {*NAMES} & {*SHIPPED}
    assert list(protocols().index) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_says_in_words_what_it_is_and_is_one_to_copy(name):
    text = shipped_protocols()[name].read_text(encoding="utf-8")
    head = re.match(r"(#.*\n)+", text)
    assert head and 2 <= len(head[0].splitlines()) <= 5 and "?" in head[0]
    assert max(map(len, text.splitlines())) < 113
    question = asked(name)
    assert question.title and question.read and len({*question.measure}) >= 4
    assert "spines" in question.measure
    assert (
        question.seeds is None and question.scale is None and not question.sheets
    )  # as the command has them


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
    for name in ("six_infusions", "esketamine_schedule", "active_placebo"):
        doses = {(d.route, d.duration, d.compound) for point in points(name) for d in point.config.doses}
        assert doses == {("iv", MIN_40, "ketamine")}
    (long,) = given(arm("infusion_96h", "96 h"))
    assert (long.duration, long.amount) == (96.0, pytest.approx(96.0 * 0.15))
    assert given(arm("infusion_96h", "40 min")) == [Dose(0.5, "iv", 0.0, MIN_40)]


def test_groups_of_one_design_are_treated_at_the_same_hours_vehicle_included():
    for name in ("sub_chronic", "six_infusions", "esketamine_schedule", "infusion_96h"):
        assert len({frozenset((d.start, d.end) for d in point.config.doses) for point in points(name)}) == 1


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


def test_what_is_not_in_the_model_is_said_in_the_title_and_in_words():
    for name, word in (("esketamine_schedule", "not esketamine"), ("active_placebo", "not midazolam")):
        assert word in asked(name).title
        assert f"{word.removeprefix('not ').capitalize()} is NOT" in told(name) or "NOT esketamine" in told(
            name
        )
    bathed = arm("mk801_challenge", "MK-801 0.06 uM")
    assert bathed.bath == Bath((("mk801", 0.06),), 0.0, 2.0) and "no disposition" in told("mk801_challenge")


def told(name: str) -> str:
    return shipped_protocols()[name].read_text(encoding="utf-8")


# Runs


def small(run: Run) -> Run:
    """The run with looks of a fraction of a second."""
    return replace(run, config=replace(run.config, protocol=brief(run.config)))


def brief(config: Config, **changes: object):
    return replace(config.protocol, look_scale=0.02, rest=2.0, **changes)


def first_day(run: Run) -> Run:
    """The same until a day after what is given first, after half a day without, or of stress."""
    config, protocol = run.config, run.config.protocol
    begin = min([dose.start for dose in config.doses] or [config.bath.start])
    times = tuple(t for t in protocol.times if -BEFORE_H <= t - begin <= AFTER_H)
    hours = protocol.moments() | {name: ends[1] for name, ends in protocol.windows(begin).items()}
    readouts = tuple(name for name, hour in hours.items() if hour <= times[-1])
    cut = brief(
        config,
        times=times,
        reused=tuple(t for t in protocol.reused if t in times),
        readouts=tuple(dict.fromkeys((*readouts, "24 h"))),
        stress=protocol.stress and (times[0], protocol.stress[1]),
    )
    doses = tuple(dose for dose in config.doses if dose.start < times[-1])
    return replace(run, config=replace(config, doses=doses, protocol=cut))


def smallest(name: str, question: Question) -> list[Run]:
    runs = study_of(question, name).plan(Options(seeds=1, scale=SMALL))
    return [first_day(run) for run in runs]


def compute(name: str, question: Question, runs: list[Run], folder: Path) -> xr.Dataset:
    """Runs of a question, stored, and the dataset of them."""
    compiled = prepare(runs)
    for run in runs:
        carry_out(run, folder, compiled, lambda _: None)
    write_manifest(study_of(question, name), runs, folder)
    return load(folder)


@cache
def _in(folder: Path, name: str) -> tuple[Question, xr.Dataset]:
    question = asked(name)
    if name == "dose_range":
        question = replace(question, vary={"dose": (3.0, 30.0)})
    runs = smallest(name, question)
    if name not in WHOLE:
        first = next(p for p in points(name) if has_drug(p.config))
        places = [first.place, first.reference]
        runs = [run for run in runs if {k: v for k, v in run.place.items() if k in first.place} in places]
    (folder / name).mkdir()
    return question, compute(name, question, runs, folder / name)


WHOLE = ("dose_range", "stress_rescue", "active_placebo")  # all of whose arms are run and answered


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What was found in a protocol: its question, and the dataset."""
    folder = tmp_path_factory.mktemp("protocols")
    yield lambda name: _in(folder, name)
    _in.cache_clear()


@pytest.mark.parametrize("name", NAMES)
def test_a_protocol_runs_and_its_drug_is_there_and_not_in_its_vehicle(name, found):
    _, dataset = found(name)
    assert question_in(dataset.attrs).title == asked(name).title
    assert np.isfinite(dataset["spines"]).all() and np.isfinite(dataset["protein"]).all()
    block = dataset["block_course"].max(("time", "subunit")).sel(population="Pyr").squeeze(drop=True)
    shut = sorted(block.values.ravel())
    assert shut[0] == 0.0 and shut[-1] > (0.001 if name == "hnk_alone" else 0.05)
