"""What a whole course comes to: known areas, peaks and half-lives, and the option that prints them."""

import json

import numpy as np
import pytest

import prelimbic as pl
from prelimbic.parameters import CIRCUIT, animal
from prelimbic.simulation.exposed import of_doses
from prelimbic.simulation.given import doses, parse_body
from prelimbic.simulation.summary import summary

HUMAN = animal("human")
NASAL = ("exposure", "--species", "human", "--weight", "70", "--give", "esketamine 56 mg nasal")


def of(give, species="human", weight=70.0):
    body = parse_body(species, weight)
    return summary(of_doses(species, doses(give, weight), CIRCUIT, (), body))


def test_the_area_is_dose_over_clearance_in_arteries_and_veins():
    found = of("ketamine 35 mg iv over 40min").sel(compound="ketamine")
    told = 35e3 / HUMAN.dispositions["ketamine"].clearance
    assert float(found["arterial_auc"]) == pytest.approx(told, rel=1e-3)
    assert float(found["venous_auc"]) == pytest.approx(told, rel=1e-3)


def test_an_infusion_peaks_as_it_ends_and_a_bolus_as_it_is_given():
    assert float(of("ketamine 35 mg iv over 40min")["arterial_tmax"][0]) == pytest.approx(2 / 3, abs=1e-9)
    bolus = of("ketamine 35 mg iv").sel(compound="ketamine")
    assert float(bolus["arterial_tmax"]) == 0.0 < float(bolus["venous_tmax"])
    central = HUMAN.dispositions["ketamine"].central
    assert float(bolus["arterial_cmax"]) == pytest.approx(35e3 / central, rel=1e-6)


def test_the_half_life_is_that_of_the_slowest_compartment():
    drug = HUMAN.dispositions["ketamine"]
    r = drug.clearance_s_to_r
    clearance = drug.clearance * (1.0 + r) / 2.0
    a = np.array([
        [-(drug.exchange + drug.deep_exchange + clearance) / drug.central, drug.exchange / drug.peripheral,
         drug.deep_exchange / drug.deep],
        [drug.exchange / drug.central, -drug.exchange / drug.peripheral, 0.0],
        [drug.deep_exchange / drug.central, 0.0, -drug.deep_exchange / drug.deep],
    ])  # fmt: skip
    slowest = np.log(2.0) / -np.linalg.eigvals(a).real.max()
    found = float(of("S-ketamine 35 mg iv")["half_life"].sel(compound="S-ketamine"))
    assert found == pytest.approx(slowest, rel=2e-2)


def test_twice_the_dose_comes_to_twice_as_much_at_the_same_hours():
    one, two = of("10 mg/kg ip", "rat", None), of("20 mg/kg ip", "rat", None)
    for name in one:
        factor = 1.0 if name.endswith("tmax") or name == "half_life" else 2.0
        there = one[name].notnull()
        np.testing.assert_allclose(two[name].where(there, 0), factor * one[name].where(there, 0), rtol=1e-9)


def test_the_option_prints_it_beside_times_or_alone(call):
    code, out, err = call(*NASAL, "--summary", "--json")
    found = json.loads(out)["summary"]
    assert (code, err) == (0, "") and "S-ketamine" in found and "R-ketamine" not in found
    told = of("esketamine 56 mg nasal").sel(compound="ketamine")
    assert found["ketamine"]["auc_ng_h_per_ml"] == pytest.approx(float(told["arterial_auc"]), rel=1e-5)
    assert found["ketamine"]["venous_tmax_h"] == pytest.approx(float(told["venous_tmax"]), rel=1e-5)
    assert {*json.loads(call(*NASAL, "--summary", "--at", "1h", "--json")[1])} > {"at_min", "summary"}
    assert "AUC" in call(*NASAL, "--summary")[1]


def test_python_gives_it_where_no_hours_are_asked_for():
    found = pl.exposure("human", "esketamine 56 mg nasal", weight=70)
    told = of("esketamine 56 mg nasal")
    assert found.identical(told) and found["venous_cmax"].attrs["units"] == "ng/mL"
    scenario = pl.Scenario("human", "esketamine 56 mg nasal", weight=70)
    assert pl.exposure(scenario)["venous_auc"].equals(told["venous_auc"])
