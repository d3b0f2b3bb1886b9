"""Which numbers make looks differ: the hash of a claim covers all that it rests on, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from prelimbic.experiments.claims.bench import Bench
from prelimbic.experiments.claims.board import ALL_CLAIMS
from prelimbic.experiments.claims.claim import Claim
from prelimbic.experiments.sweep.study import Run
from prelimbic.parameters import CascadeNumbers
from prelimbic.simulation.config import Config
from tests import test_ledger
from tests.test_ledger import BY_ID

# fixtures: they act in every file that has their name
nothing_shipped = test_ledger.nothing_shipped


# Numbers


@cache
def numbers() -> dict[str, float]:
    """All that can be overridden."""
    rows = {
        f"{s}.{part}.{name}": row
        for s, sheet in Bench(seeds=2).config.sheets().items()
        for part, section in sheet.sections.items()
        for name, row in section.items()
    }
    return {name: row.value for name, row in rows.items() if not row.fixed}


def moved(name: str) -> tuple[tuple[str, float], ...]:
    """An override of a number that its domain allows."""
    value = numbers()[name]
    if name.endswith((".branches", ".count", ".in_degree")):
        return ((name, value + 1.0),)
    # a reset stays below its threshold
    return ((name, (1.1 if name.endswith(".reset") else 0.9) * value if value else 0.01),)


def bench_under(*names: str) -> Bench:
    bench = Bench(seeds=2)
    bench.config = replace(bench.config, overrides=tuple(change for name in names for change in moved(name)))
    return bench


@cache
def frozen(rests_on: tuple[str, ...], *names: str) -> str:
    return bench_under(*names).frozen(rests_on)


def plain_digest(claim: Claim) -> str:
    return frozen(claim.rests_on)


def digest_under(claim: Claim, name: str) -> str:
    return frozen(claim.rests_on, name)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("claim", "of", "moving"), [("V4m", "", 3), ("V5", "", 2), ("V1", "species.human", 5)]
)
def test_no_number_moves_a_finding_of_pharmacology_without_changing_its_hash(claim, of, moving):
    def seen(*names: str) -> tuple[list[float], str]:
        bench = bench_under(*names)
        found = BY_ID[claim].readout(bench)
        return [float(v) for m in found for v in m.values], bench.frozen(BY_ID[claim].rests_on)

    values, plain = seen()
    matter = 0
    for name in numbers():
        if name.startswith(of) and "fraction_" not in name:  # one alone does not leave a sum of 1
            changed, hashed = seen(name)
            matter += changed != values
            assert changed == values or hashed != plain, name
    assert matter >= moving


@cache
def needed(claim: str) -> tuple[Run, ...]:
    """Runs of seed 1 that a claim reads, one for each configuration but for doses and looks."""
    found = [run for run in planned(BY_ID[claim].study) if BY_ID[claim].needs(run.place)]
    protocol = Bench(seeds=2).config.protocol
    one = {replace(run.config, doses=(), protocol=protocol, bath=None): run for run in found}
    return tuple(one.values())


@cache
def planned(study: str) -> tuple[Run, ...]:
    return tuple(run for run in Bench(seeds=2).plan(study) if run.place["seed"] == 1)


@cache
def read_by(config: Config) -> tuple[Any, ...]:
    """What of the hypotheses' sizes and of the spines a drugged run cannot do without: its circuit and what
    is switched on.
    """
    chosen, sizes = config.hypotheses, config.sizes()
    cascade = config.sheets()["cascade"].fill("cascade", CascadeNumbers)
    circuit, arms = config.described(), chosen.arms(sizes)
    if not config.bath and not any(dose.amount for dose in config.doses):
        return (circuit,)
    return (
        circuit,
        arms.eef2_gain,
        arms.siah1_share,
        arms.latch_charging,
        arms.elements_rate,
        chosen.cascade(cascade, sizes).threshold_sliding,
        chosen.sensitisation(np.ones(1), sizes).tolist(),
        chosen.hcn_shut(1.0, sizes),
        chosen.at_look(circuit, 1.0, 1.0, sizes),
    )


@pytest.mark.parametrize("claim", [c.id for c in ALL_CLAIMS if c.study])
def test_a_size_that_changes_a_run_of_a_claim_changes_its_hash(claim):
    plain = plain_digest(BY_ID[claim])
    for name in numbers():
        if name.startswith(("spines.", "hypotheses.")) and digest_under(BY_ID[claim], name) == plain:
            for run in needed(claim):
                changed = replace(run.config, overrides=moved(name))
                assert read_by(changed) == read_by(run.config), f"{name} at {run.place}"


@pytest.mark.parametrize("claim", [c.id for c in ALL_CLAIMS])
def test_every_number_of_circuit_drug_and_animal_changes_the_hash_of_every_claim(claim):
    plain = plain_digest(BY_ID[claim])
    for name in (
        "circuit.Pyr->Pyr.weight",
        "circuit.Pyr.background_rate",
        "circuit.apical.coupling",
        "circuit.2BD.decay",
        "compounds.ketamine.ic50_2B",
        "compounds.channel.temperature",
        "compounds.enantiomers.ketamine_s_to_r",
        "species.rat/ketamine.clearance",
        "species.human/hydroxynorketamine.formed",
    ):
        assert digest_under(BY_ID[claim], name) != plain, name


def test_the_size_of_a_hypothesis_that_no_claim_switches_on_changes_no_hash():
    off = (
        "growth_rate",
        "growth_lowest",
        "adaptation_time",
        "latch_charging",
        "latch_time",
        "trkb_gain",
        "hcn1_ic50",
    )
    for claim in ALL_CLAIMS:
        plain = plain_digest(claim)
        assert all(digest_under(claim, f"hypotheses.hypotheses.{name}") == plain for name in off), claim.id


def test_claims_about_the_cascade_rest_on_it_and_claims_about_the_running_circuit_do_not():
    for claim, rests in (("V20d", True), ("V23r", True), ("V10", False), ("V11", False), ("V4m", False)):
        changed = digest_under(BY_ID[claim], "cascade.cascade.bdnf_gain") != plain_digest(BY_ID[claim])
        assert changed == rests, claim
