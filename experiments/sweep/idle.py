"""Whether what was asked moves anything: of what a run is made, by value, with it and without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from prelimbic.circuits import Circuit
from prelimbic.experiments.sweep.options import as_options, flag
from prelimbic.experiments.sweep.reads import Reads
from prelimbic.experiments.sweep.study import Options, Run, Study, StudyError
from prelimbic.parameters import (
    HNK_SETS,
    POPULATIONS,
    SUBUNITS,
    CascadeNumbers,
    at_unitary,
    channel,
    compounds,
    drawn,
    ranged,
)
from prelimbic.pharmacology import Bath, Concentrations, Gating
from prelimbic.simulation.config import Config, grown
from prelimbic.simulation.inhibition import left
from prelimbic.simulation.sheets import overridden
from prelimbic.simulation.switches import DEFAULTS, SWITCHES

HOURS = np.array([0.25, 1.0])  # after a dose, or in a bath
SHAPE = (len(POPULATIONS), len(SUBUNITS))
DIGITS = 12  # of a share of receptors: a mean over subunits that are all alike is not to the bit theirs
GATE = Gating(np.full(SHAPE, 0.2), np.full(SHAPE, 0.3), np.full(len(POPULATIONS), -60.0))
TOLD: dict[str, Callable[[Any], str]] = {
    "inhibitions": lambda item: f"--inhibit {item.name}={item.amount:g}@{item.start:g}h",
    "manipulations": lambda item: f"--manipulate {item}",
    "overrides": lambda item: f"--set {item[0]}={item[1]:g}",
}
HINTS = {
    "--mtor systemic": "it matters to rapamycin alone, such as --inhibit rapamycin_po",
    "--inhibit": "nothing of it acts at any hour of a run",
    "--set": "no run as asked reads that number",
}


def refuse_idle(study: Study, options: Options, runs: list[Run]) -> None:
    """Raise StudyError for a switch, an inhibitor, a manipulation or a number that moves nothing in the
    study as asked.
    """
    asked = {_place(run): run.config for run in runs if run.place["seed"] == 1}
    for named, plan in study.less(options) if study.less is not None else _one_less(study, options):
        told = as_options(named)
        try:
            others = {_place(run): run.config for run in plan()}
        except ValueError:  # it cannot be left out, so it does something
            continue
        if asked.keys() == others.keys() and all(
            makings(config, study.reads) == makings(others[place], study.reads)
            for place, config in asked.items()
        ):
            hint = next(
                (why for start, why in HINTS.items() if told.startswith(start)),
                "what it changes is not there as asked",
            )
            if told.startswith("--set") and all(_sheet_says_so(asked[at], others[at]) for at in asked):
                hint = "it is what the sheet says"
            raise StudyError(f"{told} moves nothing in study {study.name}: {hint}; leave it out")


def _sheet_says_so(config: Config, without: Config) -> bool:
    """Whether the sheets have the numbers that are left out at the values they were set to."""
    sheets = overridden(config.own_sheet, ())
    return all(
        sheets[subject].values()[number] == value
        for name, value in {*config.overrides} - {*without.overrides}
        for subject, _, number in [name.partition(".")]
    )


def _place(run: Run) -> tuple[object, ...]:
    return tuple(run.place.values())


def _one_less(study: Study, options: Options) -> Iterator[tuple[str, Callable[[], list[Run]]]]:
    """Everything that was asked for, as told, and the plan without it."""

    def without(**less: Any) -> Callable[[], list[Run]]:
        return lambda: study.plan(replace(options, seeds=1, **less))

    for switch in SWITCHES:
        chosen = getattr(options.hypotheses, switch)
        if chosen != DEFAULTS[switch]:
            usual = replace(options.hypotheses, **{switch: DEFAULTS[switch]})
            yield f"{flag(switch)} {chosen}", without(hypotheses=usual)
    for name, tell in TOLD.items():
        items = getattr(options, name)
        for k, item in enumerate(items):
            yield tell(item), without(**{name: items[:k] + items[k + 1 :]})


def makings(config: Config, reads: Reads) -> str:
    """All that a study's run is made of beside its seed, written out: equal where two runs would compute the
    same.
    """
    if reads.plasma:
        return repr(list(_plasma(config)))
    circuit = _circuit(config, reads)
    found: list[object] = [circuit, config.numerics, config.protocol.stress]
    if reads.quiet:
        from prelimbic.simulation.observers.physiology import TRAPPED

        drugs = config.sheets()["compounds"]
        found += [channel(drugs), [compounds(drugs)[name] for name in TRAPPED]]
    for source in _sources(config, reads):
        found += _drugged(config, reads, circuit, source)
    if reads.slow and config.scale <= reads.slow_to:
        found += _slow(config)
    return repr(found)


def _plasma(config: Config) -> Iterator[object]:
    """How much there is after each of a study's own doses, by every set of hydroxynorketamine."""
    for dose, hnk in product(config.own_doses, HNK_SETS if config.species == "human" else ("",)):
        course = config.exposure((dose,), hnk)
        plasma = course.ng_per_ml(np.array([course.arterial(HOURS), course.venous(HOURS)]))
        yield plasma.tolist(), course.brain_unbound(HOURS).tolist(), course.brain_total(HOURS).tolist()


def _circuit(config: Config, reads: Reads) -> Circuit:
    """The circuit, without the rates that only a calibration aims at, and of a quiet one without its
    background.
    """
    circuit = _drawn(config) if reads.drawn else config.described()
    changes = {} if reads.calibrates else {"target_rate": 1.0}
    changes |= {"background_rate": 0.0} if reads.quiet else {}
    circuit = replace(circuit, populations=tuple(replace(p, **changes) for p in circuit.populations))
    if reads.quiet and circuit.apical is not None:
        circuit = replace(circuit, apical=replace(circuit.apical, background_rate=0.0))
    return circuit


def _drawn(config: Config) -> Circuit:
    """The circuit that the numbers of the sheet are drawn around, as the first seed has it."""
    from prelimbic.simulation.observers.prior import FIXED

    centre = ranged(config.sheets()["circuit"])
    return grown(at_unitary(drawn(centre, 1, FIXED), centre), config.scale, config.spine_numbers())


def _sources(config: Config, reads: Reads) -> list[Concentrations]:
    """What brings drugs: every dose and bath of the configuration, and those that the study adds."""
    doses = (*config.doses, *reads.doses)
    found: list[Concentrations] = [config.exposure((dose,)) for dose in doses if dose.amount > 0]
    found += [] if config.bath is None else [config.bath]
    return found + [Bath(((drug, uM),)) for drug, uM in reads.baths.items()]


def _drugged(config: Config, reads: Reads, circuit: Circuit, source: Concentrations) -> Iterator[object]:
    """What a source of drugs does to receptors and channels."""
    switches, block = config.hypotheses, config.block(source, circuit, 0.0)
    yield source.brain_unbound(HOURS).tolist()
    for hour in HOURS:
        block = block.advance(source, GATE, hour - block.time)
        yield switches.nmda_shut(block, circuit, config.seed).round(DIGITS).tolist()
    ketamine, hnk = (source.of(drug, HOURS)[-1] for drug in ("ketamine", "hydroxynorketamine"))
    if "hcn" in reads.switches:
        channels = [p.hcn for p in circuit.populations] + (
            [] if circuit.apical is None else [circuit.apical.hcn]
        )
        yield switches.hcn_shut(ketamine, config.sizes()) * any(channels)
    if "hnk" in {*reads.switches, *reads.sets}:
        yield switches.at_look(circuit, hnk, 1.0, config.sizes())
    if reads.slow:
        yield switches.sensitisation(np.array([ketamine]), config.sizes()).tolist()


def _slow(config: Config) -> Iterator[object]:
    """What the slow layer is made of, and what inhibitors leave of it hour by hour."""
    sheets, switches, sizes, spines = (
        config.sheets(),
        config.hypotheses,
        config.sizes(),
        config.spine_numbers(),
    )
    yield switches.cascade(sheets["cascade"].fill("cascade", CascadeNumbers), sizes)
    yield switches.arms(sizes)
    yield switches.spine_rule
    at_rest = {} if config.protocol.stress is not None else {"stress_loss": 0.0, "stress_protein": 0.0}
    yield replace(spines, depressed_share=1.0, **at_rest)  # what is lost of contacts, the circuit lacks
    yield config.grown().projection("Pyr", "Pyr").in_degree
    first, last = (
        (config.protocol.times[0], config.protocol.times[-1]) if config.protocol.times else (0.0, 0.0)
    )
    hours = np.linspace(first, last, max(2, round(last - first) * 4 + 1))
    remains = left(config.protocol.inhibitions, sheets["inhibitors"], hours, switches.mtor == "systemic")
    yield {target: share.tolist() for target, share in remains.items() if (share < 1.0).any()}
