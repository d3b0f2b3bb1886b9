"""Overridden numbers on which nothing in an answer depends: of another species, of a switch that is off, of a volume that nothing
flows into.  They are said, for the answer looks like one to another question and is the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import zip_longest

import numpy as np

from circuits import STANDARD
from experiments.bench import FEWEST_SEEDS, PRIOR_STUDY, Bench
from experiments.claims import Claim
from experiments.config import Config, overridden
from experiments.inhibition import left
from experiments.protocol import Protocol
from experiments.study import Run
from parameters import CascadeNumbers, compounds, species, target_of
from pharmacology import ROUTES, Bath, Concentrations, Dose, Exposure, TrappingBlock
from pharmacology.block import by_subunit

HOURS = np.array([0.0, 0.1, 0.5, 2.0, 24.0])
CALIBRATING = ("knockouts", PRIOR_STUDY)
PROBE = Bath((("ketamine", 3.0),))
Overrides = tuple[tuple[str, float], ...]


def told(names: list[str], where: str) -> str:
    """One sentence about all of them."""
    return f"nothing in {where} depends on {', '.join(names)}, which --set changed"


def idle(sheet: str, overrides: Overrides, outcome: Callable[[Overrides], Iterable[bytes]]) -> list[str]:
    """Overrides that differ from the sheets, and without which every part of the outcome is the same."""
    shipped, whole, found = overridden(sheet, ()), list(outcome(overrides)), []
    for k, (name, value) in enumerate(overrides):
        subject, _, number = name.partition(".")
        others = outcome(overrides[:k] + overrides[k + 1 :])
        if shipped[subject].values()[number] != value and all(one == other for one, other in zip_longest(whole, others)):
            found.append(name)
    return found


def idle_in_exposure(sheet: str, overrides: Overrides, animal: str, dose: Dose, hours: np.ndarray) -> list[str]:
    """Overrides that move no concentration and no block at these hours."""

    def outcome(changes: Overrides) -> Iterator[bytes]:
        sheets = overridden(sheet, changes)
        course = Exposure((dose,), animal, species(animal, sheets["species"]), compounds(sheets["compounds"]))
        brain = course.brain_unbound(hours)
        yield from (course.ng_per_ml(c(hours)).tobytes() for c in (course.arterial, course.venous))
        yield brain.tobytes()
        yield by_subunit(brain, [course.compounds[name] for name in course.names]).tobytes()
        yield Config("exposure", sheet, animal, (dose,), 1.0, 1, Protocol((), 0.0), changes).grown().mixtures.tobytes()

    return idle(sheet, overrides, outcome)


def idle_in_runs(runs: list[Run]) -> list[str]:
    """Overrides that move nothing that any of these runs uses."""
    first = runs[0].config
    return idle(first.circuit, first.overrides, lambda changes: used(runs, changes))


def idle_in_claims(claims: Iterable[Claim], bench: Bench) -> list[str]:
    """Overrides that move nothing that runs of the claims' studies use, and no readout of claims without a study."""
    config = bench.config
    claims, studies = [c for c in claims if not c.study], sorted({c.study for c in claims if c.study})

    runs = [run for study in studies for run in bench.plan(study) if run.config.overrides == config.overrides]

    def outcome(changes: Overrides) -> Iterator[bytes]:
        other = Bench(config.circuit, FEWEST_SEEDS, changes, bench.results)
        for claim in claims:
            yield b"".join(measure.values.tobytes() for measure in claim.readout(other))
        yield from used(runs, changes)

    return idle(config.circuit, config.overrides, outcome)


def used(runs: list[Run], overrides: Overrides) -> Iterator[bytes]:
    """All that runs use of the sheets under these overrides; what they do not use does not appear in it."""
    for config, looped, stressed in dict.fromkeys(map(_alike, runs)):
        config = replace(config, overrides=overrides)
        yield from _circuit(config)
        yield from _drugs(config)
        if looped:
            yield from _slow(config, stressed)
    configs = [run.config for run in runs]
    inhibited = {(config.circuit, config.hypotheses.mtor, item) for config in configs for item in config.protocol.inhibitions}
    for circuit, mtor, item in sorted(inhibited, key=repr):
        source = overridden(circuit, overrides)["inhibitors"]
        yield left((item,), source, item.start + HOURS, mtor == "systemic")[target_of(item.name)].tobytes()


def _alike(run: Run) -> tuple[Config, bool, bool]:
    """What runs that use the same numbers have in common, whether they go through the loop, and whether under stress: disposition
    is linear, and seeds, numerics and looks use no number."""
    config, looped = run.config, run.resumable or run.config.study == "numerics"
    doses = tuple(replace(dose, amount=1.0) for dose in config.doses)
    bare = replace(config, seed=1, doses=doses, numerics=STANDARD, protocol=Protocol((), 0.0), spikes=False)
    return bare, looped, config.protocol.stress is not None


def _circuit(config: Config) -> Iterator[bytes]:
    circuit = config.described()
    if config.study not in CALIBRATING:
        circuit = replace(circuit, populations=tuple(replace(p, target_rate=1.0) for p in circuit.populations))
    yield repr(circuit).encode()
    if config.study == PRIOR_STUDY:  # which makes slices of its circuits itself
        yield repr(config.sizes().slice_background).encode()


def _drugs(config: Config) -> Iterator[bytes]:
    """Concentrations of the run's doses, and of one by every route for studies that give their own, and how they act."""
    switches, sizes, circuit = config.hypotheses, config.sizes(), config.described()
    doses = {*config.doses, *(Dose(1.0, route) for route in ROUTES[config.species])}
    given: list[Concentrations] = [PROBE, *(config.exposure((dose,)) for dose in sorted(doses, key=repr))]
    for source in given if config.bath is None else [*given, config.bath]:
        yield source.brain_unbound(HOURS).tobytes()
        for hour in HOURS:
            block = config.block(source, circuit, float(hour))
            yield block.value.tobytes()
            if isinstance(block, TrappingBlock):
                yield repr((block.drugs, block.channel, block.reference_free, block.affinity)).encode()
    yield repr(switches.hcn_shut(1.0, sizes)).encode()


def _slow(config: Config, stressed: bool) -> Iterator[bytes]:
    switches, sizes = config.hypotheses, config.sizes()
    yield repr(switches.cascade(config.sheets()["cascade"].fill("cascade", CascadeNumbers), sizes)).encode()
    spines = replace(config.spine_numbers(), depressed_share=1.0)  # what a baseline takes is in the circuit
    yield repr(spines if stressed else replace(spines, stress_loss=0.0, stress_protein=0.0)).encode()
    arms = switches.arms(sizes)
    arms = arms if arms.latch_charging else replace(arms, latch_time=1.0, latch_least=0.0)
    yield repr(arms if arms.elements_rate else replace(arms, elements_lowest=0.0)).encode()
    yield repr(switches.at_look(config.described(), 1.0, 1.0, sizes)).encode() if switches.hnk != "off" else b""
    yield switches.sensitisation(HOURS, sizes).tobytes()
