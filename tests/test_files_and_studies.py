"""Studies that ship, asked again in a file: the same is done at every place, and read at the same times.

What a study does stands in its own code, and the file in tests/data/studies says it in words.  Where the
looks are alike too, the run is the same but for the name of its study.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from prelimbic.experiments.studies.registry import find_study
from prelimbic.experiments.sweep.study import DEFAULT_SHEET, Options
from prelimbic.simulation.config import Config
from prelimbic.simulation.protocol import NEARBY_H, Protocol
from prelimbic.simulation.written import read_question

FOLDER = Path(__file__).parent / "data" / "studies"
ALL = ("dose_response", "growth_dose", "human_dose", "cascade", "stress", "blockers", "ablation_grid")
ALIKE = ("growth_dose", "human_dose")  # in the hours of all looks
ACTS_H = 24.0  # after something comes or goes looks are dense


@cache
def of_study(name: str) -> list[Config]:
    return [run.config for run in find_study(name).plan(Options(seeds=1))]


@cache
def of_file(name: str) -> list[Config]:
    return [point.config for point in read_question(FOLDER / f"{name}.toml").points(DEFAULT_SHEET)]


def done(config: Config) -> tuple[object, ...]:
    """All that is done in a run; a bath of nothing is none."""
    bath, protocol = config.bath, config.protocol
    there = bath is not None and any(uM for _, uM in bath.concentrations)
    circuit = (config.circuit, config.scale, config.seed, config.overrides, config.manipulations)
    given = (config.species, config.doses, bath if there else None)
    return (*circuit, *given, config.hypotheses, protocol.inhibitions, protocol.stress)


def beside(name: str) -> list[tuple[Protocol, Protocol]]:
    """Looks of every run of a study, and those of the file where the same is done."""
    theirs = {done(config): config.protocol for config in of_file(name)}
    return [(config.protocol, theirs[done(config)]) for config in of_study(name)]


def taken(protocol: Protocol) -> set[float]:
    return set(protocol.times) - set(protocol.reused)


@pytest.mark.parametrize("name", ALL)
def test_the_same_is_done_at_every_place_and_read_at_the_same_times(name):
    mine, theirs = (Counter(map(done, configs)) for configs in (of_study(name), of_file(name)))
    assert max(mine.values()) == 1 and mine == theirs
    assert {c.protocol.readouts for c in of_study(name)} == {c.protocol.readouts for c in of_file(name)}


@pytest.mark.parametrize("name", ALIKE)
def test_looks_of_one_dose_are_those_of_the_file_which_takes_the_look_of_every_readout(name):
    for study, file in beside(name):
        assert replace(study, reused=file.reused) == file
        assert 168.0 in study.reused and 168.0 not in file.reused
    mine = [replace(c, study="scenario", protocol=beside(name)[0][1]).run_id() for c in of_study(name)]
    assert sorted(mine) == sorted(config.run_id() for config in of_file(name))


@pytest.mark.parametrize("name", [name for name in ALL if name != "blockers"])
def test_doses_have_their_peak_at_the_same_hour(name):
    assert all(study.peak == file.peak for study, file in beside(name))


@pytest.mark.parametrize("name", ALL)
def test_whatever_a_study_looks_at_while_something_acts_a_file_looks_at_within_three_minutes(name):
    for study, file in beside(name):
        events = [0.0, *(item.start for item in study.inhibitions)]
        acting = {t for t in taken(study) if any(0.0 <= t - event <= ACTS_H for event in events)}
        assert len(acting) >= 16
        assert all(min(abs(t - other) for other in taken(file)) <= NEARBY_H for t in acting)


def test_a_day_after_one_dose_a_file_takes_one_look_in_two_of_the_untreated_days_and_all_others():
    for study, file in beside("dose_response"):
        assert file == replace(study, reused=(-36.0, -12.0)) and study.reused == ()


def test_two_species_in_a_file_share_looks_and_it_does_not_look_at_images_that_are_no_readouts():
    for study, file in beside("cascade"):
        images = {8 * 24.0, 12 * 24.0, 13 * 24.0}
        left_out = set(study.times) - set(file.times)
        # on the way to the peak of one species, within three minutes of a look that the other needs
        assert images <= left_out and all(0.0 < time < study.peak for time in left_out - images)
        assert set(file.times) < set(study.times)


def test_a_file_looks_more_often_round_an_inhibitor_and_the_beginning_of_stress():
    for study, file in beside("stress"):
        assert set(study.times) < set(file.times)
        stress, rapamycin = -21 * 24.0, -0.5
        more = {stress + 4.0, stress + 12.0} | {rapamycin + hours for hours in (0.0, 4.0, 12.0, 24.0)}
        assert set(file.times) - set(study.times) == more


def test_a_file_looks_before_the_dose_when_an_antagonist_comes():
    for study, file in beside("ablation_grid"):
        assert not {time for time in study.times if -2.0 <= time < 0.0}
        assert -0.25 in taken(file) and {time for time in taken(study) if time >= 0.0} < taken(file)


def test_a_bath_is_looked_at_when_it_comes_and_goes():
    for study, file in beside("blockers"):
        assert len(taken(file)) > len(taken(study))
        assert (file.peak, study.peak) == (0.0, 0.25)  # a bath alone is highest at once
