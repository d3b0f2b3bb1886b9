"""Laws of receptors by assembly, at the circuit's temperature, told by charge, in and outside synapses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.moved import lines
from prelimbic.circuits import CircuitError, as_recorded, describe, manipulated, potentials
from prelimbic.circuits.constants import of_types, outside
from prelimbic.circuits.describe import at_temperature, magnesium_slope
from prelimbic.circuits.report import nmda_capacity
from prelimbic.circuits.rig import of_projection, releases
from prelimbic.experiments.studies.registry import find_study
from prelimbic.experiments.sweep.study import Options
from prelimbic.parameters import (
    OUTSIDE,
    POPULATIONS,
    SUBUNITS,
    SheetError,
    circuit_numbers,
    circuit_sheet,
    compounds,
    in_tissue,
    sheet,
)
from prelimbic.parameters.sheet import reference_keys
from prelimbic.simulation.identity import every_row

NATIVE = circuit_numbers(circuit_sheet("native"))
CIRCUIT = describe(NATIVE, 1.0, 1.3375)


def test_a_release_carries_the_charge_that_the_sheet_gives():
    at = NATIVE.receptors.charge_potential
    free = CIRCUIT.magnesium_free(at)
    decay = np.array([s.decay for s in CIRCUIT.subunits])
    for population, mixture in zip(CIRCUIT.populations, CIRCUIT.mixtures, strict=True):
        # integrals of exponentials, of one driving force
        charge = population.nmda_to_ampa * (mixture * free * decay).sum() / population.ampa_decay
        name = POPULATIONS[CIRCUIT.populations.index(population)]
        assert charge == pytest.approx(NATIVE.populations[name].nmda_charge)
        assert population.background_nmda_to_ampa == population.nmda_to_ampa  # where nothing else is said


def test_the_page_tells_what_each_assembly_carries_of_a_class_and_of_its_peak():
    page = (Path(__file__).parents[1] / "docs" / "physiology.md").read_text()
    free = CIRCUIT.magnesium_free(NATIVE.receptors.charge_potential)
    decay = np.array([s.decay for s in CIRCUIT.subunits])
    for name, mixture in zip(POPULATIONS, CIRCUIT.mixtures, strict=True):
        carried = dict(zip(SUBUNITS, mixture * free * decay / (mixture @ (free * decay)), strict=True))
        peak = dict(zip(SUBUNITS, mixture, strict=True))
        told = [f"{100 * carried[k]:.0f} % ({100 * peak[k]:.0f})" for k in ("2A", "2AB", "2B", "2BD")]
        assert f"| {name} | {' | '.join(told)} |" in page


def test_ten_degrees_up_a_receptor_is_q10_times_as_fast_and_the_mg_block_less_steep():
    r = NATIVE.receptors
    for subunit in NATIVE.subunits.values():
        warm, cold = (at_temperature(subunit, r, r.recorded_at + d).decay for d in (10.0, 0.0))
        assert cold == subunit.decay and cold / warm == pytest.approx(subunit.q10)
    assert magnesium_slope(r) == pytest.approx(r.magnesium_slope * 296.15 / 310.15)


@pytest.mark.parametrize("name", ["native", "native_point"])
def test_every_class_has_the_order_of_charge_that_was_recorded(name):
    charge = {p: n.nmda_charge for p, n in circuit_numbers(circuit_sheet(name)).populations.items()}
    assert charge["PV"] < charge["Pyr"] < charge["VIP"]


@pytest.mark.parametrize(
    ("deleted", "left"),
    [("GluN2B", {"2A"}), ("GluN2D", {"2A", "2AB"}), ("GluN2A", {"2B", "2BD"}), ("GluN1", set())],
)
def test_what_becomes_of_receptors_whose_subunit_is_deleted(deleted, left):
    before = dict(zip(SUBUNITS, CIRCUIT.mixtures[1], strict=True))
    changed = manipulated(CIRCUIT, (f"delete-{deleted}@PV",))
    pv = changed.populations[1]
    if not left:
        assert pv.nmda_to_ampa == 0.0 and not any(pv.tonic)
        return
    peak = {k: pv.nmda_to_ampa * share for k, share in zip(SUBUNITS, changed.mixtures[1], strict=True)}
    assert {k for k, g in peak.items() if g > 0} == left
    whole = CIRCUIT.populations[1].nmda_to_ampa
    became = {"GluN2B": "2A", "GluN2A": "2B"}.get(deleted)
    for k in left:
        expected = whole * (before[k] + (before["2AB"] if k == became else 0.0))
        assert peak[k] == pytest.approx(expected)
    assert any(pv.tonic) == ("2BD" in left)


def test_receptors_outside_synapses_conduct_what_slices_had_and_more_where_there_is_more_glutamate():
    awake, sliced = CIRCUIT, manipulated(CIRCUIT, ("slice=0.7",))
    recorded = np.array([p.tonic for p in CIRCUIT.populations])
    assert outside(sliced) == pytest.approx(recorded)
    there = recorded > 0
    assert (outside(awake)[there] > recorded[there]).all() and not outside(awake)[~there].any()
    none = replace(CIRCUIT, receptors=replace(CIRCUIT.receptors, ambient_glutamate=0.0))
    assert not outside(none).any()
    # all of them bound would be more than what the ambient binds
    capacity = nmda_capacity(CIRCUIT, 0.0) - nmda_capacity(
        replace(
            CIRCUIT, populations=tuple(replace(p, tonic_2B=0.0, tonic_2BD=0.0) for p in CIRCUIT.populations)
        ),
        0.0,
    )
    assert (capacity[there] > outside(awake)[there]).all()


def test_a_tonic_conductance_without_the_glutamate_that_binds_it_is_refused():
    source = circuit_sheet("dendritic")
    section = dict(source.sections["PV"]) | {"tonic_2BD": source.sections["PV"]["background_ampa"]}
    subunit = {"2BD": source.sections["2B"]}
    with pytest.raises(SheetError, match=r"\[2BD\]: tonic_2BD needs the rows glutamate_ec50"):
        circuit_numbers(source.with_sections({**source.sections, "PV": section, **subunit}))


def test_types_of_terminals_stand_among_cells_by_their_shares_and_independently_of_each_other():
    types = ((0.45, 1.0), (0.38, 2.0), (0.17, 3.0))
    first, second = (of_types(types, 800, turn)[:, 0] for turn in (0, 1))
    for share, kind in types:
        assert (first == kind).mean() == pytest.approx(share, abs=0.005)
        assert (second[first == kind] == kind).mean() == pytest.approx(share, abs=0.15)


def test_the_mean_train_of_a_mixture_is_that_of_its_types():
    projection = CIRCUIT.projection("Pyr", "Pyr")
    assert [one[0] for one in projection.types] == pytest.approx([0.45, 0.38, 0.17])
    each = [share * releases(u, r * 1e-3, f * 1e-3, 0.05, 5) for share, u, r, f in projection.types]
    assert of_projection(projection, 0.05, 5).sum(axis=0) == pytest.approx(np.sum(each, axis=0))


def test_tissue_binds_channel_blockers_by_one_factor_and_leaves_others_alone():
    source = sheet("compounds")
    factor, hill = (source.values()[f"tissue.{name}"] for name in ("factor", "hill"))
    plain = compounds(source)
    for name, drug in in_tissue(plain, source).items():
        if plain[name].magnesium_competition == 0:
            assert drug == plain[name]
            continue
        ratios = [getattr(drug, f"ic50_{k}") / getattr(plain[name], f"ic50_{k}") for k in SUBUNITS]
        assert ratios == pytest.approx([factor] * len(SUBUNITS)) and drug.hill == hill


def test_at_most_two_fifths_of_the_numbers_of_a_run_on_native_are_assumed_without_a_source_that_was_read():
    config = find_study("dose_response").plan(Options(seeds=1, sheets=("native",)))[3].config
    rows, keys = every_row(config.sheets()), reference_keys()
    unread = [n for n in config.numbers() if rows[n].status == "assumed" and rows[n].source not in keys]
    assert len(unread) <= 0.4 * len(config.numbers()), sorted(unread)


def test_receptors_outside_synapses_are_of_kinds_that_there_are():
    assert set(OUTSIDE) <= set(SUBUNITS)


def test_the_page_lists_every_number_that_moved():
    page = (Path(__file__).parents[1] / "docs" / "physiology.md").read_text().splitlines()
    told = "\n".join(lines(circuit_sheet("dendritic"), circuit_sheet("native"))).splitlines()
    assert [line for line in told if line not in page] == []
    assert (
        len([line for line in page if line.count("|") == 7 and "." in line.split("|")[1]]) == len(told) - 2
    )


@pytest.mark.slow
def test_weights_move_until_the_rig_finds_the_potentials_asked_for_and_no_others_do(monkeypatch):
    monkeypatch.setattr(potentials, "SENDERS", 2)
    small = describe(circuit_numbers(circuit_sheet("native_point")), 0.5, 1.3375)
    wanted = {("Pyr", "PV"): 1.0, ("PV", "Pyr"): 0.8}
    made, found = as_recorded(small, wanted, 1)
    assert {pair: found[pair] for pair in wanted} == pytest.approx(wanted, rel=potentials.NEAR)
    for s, t, projection in small.projections:
        moved = made.projection(s, t).weight != projection.weight
        assert moved == ((s, t) in wanted), f"{s}->{t}"
    monkeypatch.setattr(potentials, "ROUNDS", 0)
    with pytest.raises(CircuitError, match=r"Pyr->PV .* mV for 1"):
        as_recorded(small, {("Pyr", "PV"): 1.0}, 1)
