"""Laws of circuits that are drawn from the ranges of their sheet."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest

from prelimbic.circuits import describe
from prelimbic.parameters import (
    CIRCUITS,
    POPULATIONS,
    PRIOR,
    SUBUNITS,
    Apical,
    Population,
    Projection,
    Receptors,
    Subunit,
    circuit_numbers,
    drawn,
    sheet,
    structure_digest,
)
from prelimbic.parameters.sheet import DOMAINS

RECORDS = (
    {"receptors": Receptors, "apical": Apical}
    | dict.fromkeys(POPULATIONS, Population)
    | dict.fromkeys(SUBUNITS, Subunit)
)
SEEDS = (1, 2, 3, 4, 5, 6)


@pytest.mark.parametrize("name", [*CIRCUITS, PRIOR])
def test_a_drawn_circuit_can_be_described_and_every_number_is_one_that_its_sheet_allows(name):
    source = sheet(name)
    for seed in SEEDS:
        found = drawn(source, seed)
        assert describe(circuit_numbers(found), 1.0, 1.3375).size > 500  # every record takes its numbers
        for section, rows in found.sections.items():
            fields = RECORDS.get(section, Projection).__dataclass_fields__
            for key, row in rows.items():
                before, where = source.sections[section][key], f"{name} {section} {key} seed {seed}"
                assert DOMAINS[fields[key].metadata["domain"]](row.value), where
                if before.range is None and not key.startswith("fraction_"):
                    assert row == before, where
                elif before.range is None:
                    assert row.value == pytest.approx(before.value, rel=1e-12, abs=1e-12), where
                # those are scaled to sum to 1, which may lead out of their range
                elif not key.startswith("fraction_"):
                    assert before.range[0] <= row.value <= before.range[1] and row.range == before.range, (
                        where
                    )


@pytest.mark.parametrize("name", [*CIRCUITS, PRIOR])
def test_drawn_fractions_sum_to_one_and_keep_the_ratios_that_their_ranges_allow(name):
    source = sheet(name)
    for seed, population in product(SEEDS, POPULATIONS):
        there = [k for k in SUBUNITS if f"fraction_{k}" in source.sections[population]]
        rows = {k: drawn(source, seed).sections[population][f"fraction_{k}"] for k in there}
        ranges = {k: source.sections[population][f"fraction_{k}"].range for k in there}
        assert sum(row.value for row in rows.values()) == pytest.approx(1.0, abs=1e-12)
        for one, other in permutations([k for k in there if ranges[k]], 2):
            assert rows[one].value * ranges[other][0] <= ranges[one][1] * rows[other].value * (1 + 1e-12)


@pytest.mark.parametrize("name", ["sst", "pv_sst"])
def test_a_fraction_without_a_range_is_not_drawn_and_gets_none(name):
    before, after = sheet(name).sections, drawn(sheet(name), 1).sections
    for population, k in product(POPULATIONS, ("2A", "2B", "2C", "2D")):
        row = before[population][f"fraction_{k}"]
        assert row.range is None and after[population][f"fraction_{k}"] == row


@pytest.mark.parametrize("name", [*CIRCUITS, PRIOR])
def test_a_draw_leaves_background_and_target_rates_and_is_one_circuit_a_seed(name):
    source = sheet(name)
    kept = [f"{p}.{rate}" for p in POPULATIONS for rate in ("background_rate", "target_rate")]
    draws = [drawn(source, seed) for seed in SEEDS]
    for found in draws:
        assert [found.values()[key] for key in kept] == [source.values()[key] for key in kept]
    assert len({structure_digest(found) for found in (source, *draws)}) == len(SEEDS) + 1
    assert drawn(source, 3).sections == draws[2].sections
    assert source.sections == sheet(name).sections  # what was drawn from stays


def test_a_range_above_nothing_is_drawn_evenly_on_a_log_scale_and_one_from_nothing_evenly():
    source = sheet("sst")
    row = source.sections["Pyr"]["hcn"]
    found = {}
    for low, high in ((0.1, 10.0), (0.0, 10.0)):
        ranged = source.with_sections(
            source.sections
            | {"Pyr": source.sections["Pyr"] | {"hcn": replace(row, value=1.0, range=(low, high))}}
        )
        found[low] = np.array([drawn(ranged, seed).values()["Pyr.hcn"] for seed in range(400)])
    assert np.median(np.log10(found[0.1])) == pytest.approx(0.0, abs=0.25)
    assert (found[0.1] < 1.0).mean() == pytest.approx(0.5, abs=0.1)
    assert (found[0.0] < 1.0).mean() == pytest.approx(0.1, abs=0.06)
