"""Laws of any schedule, in runs of small circuits with short looks."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from prelimbic.simulation.config import Config
from prelimbic.simulation.question import Question
from prelimbic.simulation.record import arrange
from prelimbic.simulation.run import simulate
from prelimbic.simulation.variable import Variable
from prelimbic.simulation.written import question

SHORT = {"look_scale": 0.02, "rest": 1.0}
KEPT = ("rate", "recurrent_ampa", "mtorc1", "protein", "spines", "brain_unbound")


def asked(*give: list[str] | str, read: list[str] | None = None) -> Question:
    """Arms of the same animal, one for each of what is given."""
    arms = [{"name": f"arm {k}", "give": each} for k, each in enumerate(give)]
    return question({"species": "rat", "sheet": "sst", "scale": 0.5, "read": read or ["6h"], "arm": arms})


def traces(config: Config) -> dict[str, Variable]:
    config = replace(config, scale=0.5, protocol=replace(config.protocol, **SHORT))
    return arrange(config, simulate(config, True, lambda _: None))["traces"]


def of_arms(found: Question) -> list[dict[str, Variable]]:
    return [traces(p.config) for p in found.points() if "vehicle" not in p.place["arm"]]


@pytest.fixture(scope="module")
def far() -> list[dict[str, Variable]]:
    """A dose, two halves of it, and the dose with another one later; and the vehicle."""
    found = asked(
        "10 mg/kg ip", ["5 mg/kg ip", "5 mg/kg ip at 0min"], "10 mg/kg ip at 0h, 8h", read=["4h", "9h"]
    )
    return [*of_arms(found), traces(next(p.config for p in found.points() if p.reference is None))]


def test_two_halves_of_a_dose_are_the_dose(far):
    whole, halves, *_ = far
    assert np.ptp(whole["brain_unbound"].values[:, 0]) > 0.1
    for name in KEPT:
        np.testing.assert_allclose(halves[name].values, whole[name].values, rtol=1e-9)


def test_a_dose_to_come_changes_nothing_before_it(far):
    once, _, twice, _ = far
    before = once["time"].values < 8.0
    assert (~before).any() and before.sum() > 10
    for name in KEPT:
        assert (once[name].values[before] == twice[name].values[before]).all()
    assert (once["rate"].values[~before] != twice["rate"].values[~before]).any()


def test_a_drug_moves_what_its_vehicle_does_not(far):
    once, *_, vehicle = far
    after = once["time"].values > 0.0
    assert (vehicle["brain_unbound"].values == 0).all()
    for name in KEPT:
        assert (once[name].values[~after] == vehicle[name].values[~after]).all()
    assert (once["rate"].values[after] != vehicle["rate"].values[after]).any()


def test_the_vehicle_of_any_schedule_is_vehicle():
    found = asked("10 mg/kg ip at 1h", "0.5 mg/kg iv over 40min at 2h", read=["peak", "4h"])
    vehicles = [p.config for p in found.points() if p.reference is None]
    assert len(vehicles) == 2 and vehicles[0] != vehicles[1]  # their peaks are elsewhere
    one, other = map(traces, vehicles)
    for name in KEPT:
        assert (one[name].values == other[name].values).all()


def test_what_is_done_later_happens_later():
    one = asked("10 mg/kg ip at 0h", read=["3h"]).points()[-1].config
    later = asked("10 mg/kg ip at 72h", read=["75h"]).points()[-1].config
    assert later.protocol.times == tuple(time + 72.0 for time in one.protocol.times)
    shown, shifted = traces(one), traces(later)
    assert (shifted["time"].values == shown["time"].values + 72.0).all()
    for name in KEPT:
        np.testing.assert_allclose(shifted[name].values, shown[name].values, rtol=1e-9)


def test_a_mean_over_a_window_is_that_of_its_looks():
    point = asked("10 mg/kg ip", read=["1h..4h", "4h"]).points()[-1]
    config = replace(point.config, scale=0.5, protocol=replace(point.config.protocol, **SHORT))
    groups = arrange(config, simulate(config, True, lambda _: None))
    time, rate = groups["traces"]["time"].values, groups["traces"]["rate"].values[:, 0]
    inside = (time >= 1.0) & (time <= 4.0)
    assert groups["summary"]["readout"].values.tolist() == ["1 h..4 h", "4 h"]
    assert groups["summary"]["rate"].values[0, 0] == pytest.approx(
        np.trapezoid(rate[inside], time[inside]) / 3.0
    )


def test_stress_takes_spines_in_each_of_its_spells():
    plain = {"species": "mouse", "sheet": "sst", "scale": 0.5, "read": ["8d"]}
    config = question(plain | {"stress": ["0h to 2d", "4d to 6d"]}).points()[0].config
    found = traces(config)
    hours, lost = found["time"].values, found["lost_sites"].values
    assert config.protocol.spells() == [(0.0, 48.0), (96.0, 144.0)]
    at = {hour: float(lost[np.argmin(np.abs(hours - hour))]) for hour in (0.0, 48.0, 96.0, 144.0, 192.0)}
    assert at[0.0] == 0.0 < at[48.0] == at[96.0] < at[144.0] == at[192.0]


@pytest.mark.slow
def test_a_schedule_agrees_with_every_look_taken_twice_as_often_within_the_spread_of_seeds():
    plain = {"species": "rat", "scale": 0.5, "give": "10 mg/kg ip at 0h, 4h", "read": ["12h"]}
    planned = question(plain).points()[-1].config
    times = planned.protocol.times
    halves = tuple((a + b) / 2.0 for a, b in pairwise(times) if b - a > 0.05)
    dense = replace(planned.protocol, times=tuple(sorted({*times, *halves})), reused=())
    spines = {
        name: np.array([_spines(replace(planned, protocol=protocol, seed=seed)) for seed in (1, 2, 3)])
        for name, protocol in (("planned", planned.protocol), ("dense", dense))
    }
    noise = np.sqrt(sum(values.var(ddof=1) for values in spines.values()) / 3.0)
    assert abs(spines["planned"].mean() - spines["dense"].mean()) < 4.0 * noise


def _spines(config: Config) -> float:
    groups = arrange(config, simulate(config, True, lambda _: None))
    return float(groups["summary"]["spines"].values[0])
