"""No switch does nothing: over every study, switch and option, what is asked is refused or moves a stored
value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from prelimbic.experiments.studies.registry import SHIPPED, find_study
from prelimbic.experiments.sweep.idle import makings
from prelimbic.experiments.sweep.options import flag
from prelimbic.experiments.sweep.reads import NOTHING
from prelimbic.experiments.sweep.study import Options, Study, StudyError, readouts_only, whole_loop
from prelimbic.pharmacology import Bath, Dose
from prelimbic.simulation.config import Config
from prelimbic.simulation.hypotheses import AS_SHEETS, Hypotheses
from prelimbic.simulation.inhibition import Inhibition
from prelimbic.simulation.observers import acute, course, evoked, influence, knockouts
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.switches import DEFAULTS, SWITCHES
from tests.answering import answer_for, differing
from tests.conftest import brief
from tests.said import USAGE, is_one_sentence

OPTIONS = [
    (switch, option)
    for switch, options in SWITCHES.items()
    for option in options
    if option != DEFAULTS[switch]
]
ONE_EACH = list({switch: (switch, option) for switch, option in OPTIONS}.values())
RAPAMYCIN = (Inhibition("rapamycin_po", -0.5),)
# What a switch needs beside it to do anything; it is refused without.
NEEDS: dict[tuple[str, str], tuple[Inhibition, ...]] = {("mtor", "systemic"): RAPAMYCIN}


def refusal(
    study: str,
    hypotheses: Hypotheses = AS_SHEETS,
    inhibitions: tuple[Inhibition, ...] = (),
    manipulations: tuple[str, ...] = (),
    spikes: bool = False,
    given: frozenset[str] = frozenset(),
) -> str:
    """Why a study does not take what is asked; nothing where it does."""
    return (
        find_study(study).reads.refusal(study, hypotheses, inhibitions, manipulations, spikes, given) or ""
    )


# What is refused


@pytest.mark.parametrize("study", SHIPPED)
def test_every_study_says_what_it_reads_and_refuses_the_rest_by_name(study):
    reads = find_study(study).reads
    assert reads is not NOTHING and not {*reads.switches} & {*reads.sets}
    for switch, option in OPTIONS:
        said = refusal(study, hypotheses=Hypotheses(**{switch: option}))
        assert (not said) == (switch in reads.switches), (switch, option)
        if said:
            assert study in said and f"{flag(switch)} {option}" in said, (switch, option)
            assert all(flag(name) in said for name in (*reads.switches, *reads.options)), said


@pytest.mark.parametrize("study", SHIPPED)
def test_what_a_study_sets_itself_is_refused_at_its_default_too_and_what_it_reads_is_not(study):
    reads = find_study(study).reads
    for switch in SWITCHES:
        said = refusal(study, given=frozenset({switch}))
        assert bool(said) == (switch in reads.sets), (switch, said)
        assert not said or (f"{flag(switch)} {DEFAULTS[switch]}" in said and "sets" in said)


@pytest.mark.parametrize("study", SHIPPED)
def test_inhibitors_manipulations_and_spikes_are_read_or_refused(study):
    reads, asked = (
        find_study(study).reads,
        {"inhibitions": RAPAMYCIN, "manipulations": ("ampa=0.5",), "spikes": True},
    )
    for name, (option, value) in zip(("inhibit", "manipulate", "spikes"), asked.items(), strict=True):
        said = refusal(study, **{option: value})
        assert (not said) == (name in reads.options), (name, said)
        assert not said or (study in said and f"--{name}" in said)


@pytest.mark.parametrize("study", SHIPPED)
def test_no_study_plans_what_it_does_not_accept(monkeypatch, study):
    def refused(self: Study, options: Options) -> None:
        raise StudyError("asked")

    monkeypatch.setattr(Study, "accept", refused)
    with pytest.raises(StudyError, match="asked"):
        find_study(study).plan(Options(seeds=1))


@pytest.mark.parametrize(
    "words",
    [
        ("surge", "--feedback", "off"),
        ("human_dose", "--memory", "none"),
        ("acute", "--spikes"),
        ("dose_response", "--hnk-exposure", "kamp"),
    ],
)
def test_the_command_refuses_in_one_sentence_and_leaves_nothing_behind(call, tmp_path, words):
    code, out, err = call("run", *words, "--seeds", 1)
    is_one_sentence(err, words[0], words[1])
    assert (code, out, list(tmp_path.iterdir())) == (USAGE, "", [])


IDLE: dict[str, tuple[str, tuple[str, ...]]] = {
    "rapamycin's place without rapamycin": ("dose_response", ("--mtor", "systemic")),
    "a site of no block": ("acute", ("--hcn", "hcn1", "--site", "pv")),
    "selectivity of no block": ("dose_response", ("--site", "off", "--selectivity", "none")),
    "affinity of cells that are spared": (
        "acute",
        ("--site", "pyr_direct", "--selectivity", "affinity_scaled"),
    ),
    "uniform where all subunits are alike": ("acute", ("--site", "uniform", "--selectivity", "none")),
    "an inhibitor of no amount": ("dose_response", ("--inhibit", "anti_bdnf=0")),
    "an inhibitor where no circuit is followed for a day": (
        "numerics",
        ("--scale", "11", "--inhibit", "anti_bdnf"),
    ),
    "a subunit that is not there": ("dose_response", ("--manipulate", "delete-GluN2C@Pyr")),
    "a factor of one": ("acute", ("--manipulate", "ampa=1")),
    "a drug that is not given": ("dose_response", ("--set", "compounds.memantine.ic50_2A=1")),
    "an animal that is not there": ("dose_response", ("--set", "species.human/ketamine.clearance=50")),
    "a hypothesis that is off": ("dose_response", ("--set", "hypotheses.hypotheses.hnk_gain=1")),
    "the slow layer in a bath": ("acute", ("--set", "cascade.cascade.bdnf_gain=2")),
    "spines in a bath": ("acute", ("--set", "spines.spines.nascent_loss=0.5")),
    "an inhibitor that is not given": ("cascade", ("--set", "inhibitors.anti_bdnf.brain=0.8")),
    "stress without stress": ("cascade", ("--set", "spines.spines.stress_loss=9")),
    "a rate that no calibration aims at": ("acute", ("--set", "circuit.Pyr.target_rate=3")),
    "background of a rig": ("physiology", ("--set", "circuit.Pyr.background_rate=900")),
}


@pytest.mark.parametrize(("study", "words"), IDLE.values(), ids=IDLE)
def test_what_moves_nothing_as_asked_is_refused_in_one_sentence(call, study, words):
    code, out, err = call("run", study, "--list", "--seeds", 1, *words)
    is_one_sentence(err, study, "moves nothing")
    assert (code, out) == (USAGE, "")


MOVING: dict[str, tuple[str, tuple[str, ...]]] = {
    "rapamycin's place with rapamycin": (
        "dose_response",
        ("--mtor", "systemic", "--inhibit", "rapamycin_po@-2h"),
    ),
    "rapamycin's place where it is given": ("stress", ("--mtor", "systemic")),
    "a rate that a calibration aims at": ("knockouts", ("--set", "circuit.Pyr.target_rate=3")),
    "a drug in the rig": ("physiology", ("--set", "compounds.memantine.ic50_2A=1")),
    "escape of a drug in the rig": ("physiology", ("--set", "compounds.memantine.escape=0.01")),
    "a hypothesis that is on": ("surge", ("--hnk", "release", "--set", "hypotheses.hypotheses.hnk_gain=1")),
    "sites of a bath's circuit": ("acute", ("--set", "spines.spines.depressed_share=0.9")),
    "a number that the prior holds": ("circuit_prior", ("--set", "circuit.Pyr.leak=9")),
    "an inhibitor for a day": ("numerics", ("--inhibit", "anti_bdnf")),
    "stress under stress": ("stress", ("--set", "spines.spines.stress_loss=9")),
}


@pytest.mark.parametrize(("study", "words"), MOVING.values(), ids=MOVING)
def test_what_moves_something_as_asked_is_taken(call, study, words):
    code, out, err = call("run", study, "--list", "--seeds", 1, *words)
    assert (code, err) == (0, "") and out


# What is taken moves a stored value

MAN = {"species": "human", "doses": (Dose(1.0, "iv", 0.0, 40 / 60),)}
HEALTHY = {"hypotheses": Hypotheses(baseline="healthy")}
COURSE = HEALTHY | {
    "protocol": course.course((0.26, 0.5), 0.26, rest=2.0),
    "doses": (Dose(100.0, "ip"),),
    "circuit": "dendritic",
}
HOURS = (-1.0, 0.0, 0.26, 1.0, 2.0, 4.0, 16.0)
DAY = Protocol(HOURS, 0.26, look_scale=0.1, rest=2.0, readouts=("rest", "peak", "2 h"))
HIGH = (Dose(100.0, "ip"),)  # which sets off a latch in a circuit that spikes
# more shuts most receptors: then nothing grows, and what gates growth has nothing to gate
DOSED = {"doses": (Dose(30.0, "ip"),), "protocol": DAY}
BATHED = {"doses": (), "bath": Bath((("ketamine", 10.0),), 0.0, 2.0), "protocol": DAY}
OWN: dict[str, dict[str, Any]] = {  # a run of a study that is smaller than its own, and of the same kind
    "acute": {"doses": ()},
    "influence": {"doses": ()} | HEALTHY,
    "slice": {"doses": ()} | HEALTHY,
    "surge": COURSE,
    "ex_vivo": COURSE | {"hypotheses": Hypotheses(baseline="healthy", state="slice"), "species": "mouse"},
    "evoked": COURSE,
    "knockouts": COURSE,
    "mk801": HEALTHY
    | {"doses": (), "bath": Bath((("mk801", 0.2),), 0.0), "protocol": Protocol((0.0, 0.2, 1.0), 1.0)},
    "numerics": {"protocol": DAY},
    "human_dose": DOSED | MAN,
    "blockers": BATHED,
}


def config_of(study: str, switch: str = "", option: str = "") -> Config:
    config = brief(study=study, **(DOSED | OWN.get(study, {})))
    config = replace(config, protocol=replace(config.protocol, inhibitions=NEEDS.get((switch, option), ())))
    return replace(config, hypotheses=replace(config.hypotheses, **{switch: option})) if switch else config


def compute_of(study: str) -> Callable[..., Any]:
    return find_study(study).plan(Options(seeds=1, scale=0.5))[0].compute


@pytest.fixture
def answering(monkeypatch) -> None:
    answer_for(monkeypatch)
    monkeypatch.setattr(
        knockouts, "calibrate", lambda circuit, *rest, **more: SimpleNamespace(circuit=circuit)
    )
    monkeypatch.setattr(influence, "_calibrated", lambda circuit, *rest: circuit)


def computed(study: str, config: Config) -> Any:
    return compute_of(study)(config, True, lambda seconds: None)


# study -> what is tried there: of those that compute as another does, only what is their own
TRIED = {
    "dose_response": OPTIONS,
    "human_dose": [("hnk_exposure", "kamp")],
    "acute": OPTIONS,
    "influence": OPTIONS,
    "slice": OPTIONS,
    "surge": OPTIONS,
    "ex_vivo": OPTIONS,
    "evoked": OPTIONS,
    "knockouts": OPTIONS,
    "numerics": [("surge", "off"), ("hcn", "hcn1")],
    "blockers": [("trkb", "on"), ("hcn", "nmda_hcn1"), ("site", "pv")],
}
# of these, dose_response is tried in their place
LIKE = {"cascade", "ablation_grid", "growth_dose", "occlusion", "stress", "strides"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "study",
    [pytest.param(study, marks=pytest.mark.slow if TRIED[study] is OPTIONS else ()) for study in TRIED],
)
def test_every_option_of_a_switch_that_a_study_reads_moves_a_stored_value(answering, study):
    reads, plain = find_study(study).reads, {}
    for switch, option in TRIED[study]:
        if switch in reads.switches:
            with_it = config_of(study, switch, option)
            without = replace(config_of(study), protocol=with_it.protocol)
            if repr(without) not in plain:
                plain[repr(without)] = computed(study, without)
            assert differing(computed(study, with_it), plain[repr(without)]), (
                f"{switch} {option} moves nothing in {study}"
            )
            assert makings(with_it, reads) != makings(without, reads), (
                f"{switch} {option} is taken for idle in {study}"
            )


@pytest.mark.parametrize("study", ["acute", "surge", "evoked", "knockouts"])
def test_no_switch_that_is_refused_as_not_read_would_have_moved_a_value(answering, study):
    reads, plain = find_study(study).reads, computed(study, config_of(study))
    for switch, option in ONE_EACH:
        if switch not in (*reads.switches, *reads.sets, "hnk_exposure"):
            assert not differing(computed(study, config_of(study, switch, option)), plain), (switch, option)


@pytest.mark.parametrize("study", SHIPPED)
def test_a_switch_that_a_study_reads_reaches_a_run_of_it(study):
    found, wanted = find_study(study), dict(ONE_EACH)
    wanted |= {
        "site": "pyr_direct",
        "memory": "none",
        "surge": "on",
        "mtor": "systemic",
        "hcn": "nmda_hcn1",
        "spine_rule": "branch",
    }
    asked = {switch: option for switch, option in wanted.items() if switch in found.reads.switches}
    runs = found.plan(Options(seeds=1, scale=0.5, hypotheses=Hypotheses(**asked)))
    assert all(
        getattr(run.config.hypotheses, switch) == option for run in runs for switch, option in asked.items()
    )


def test_no_study_computes_in_a_way_that_was_not_tried():
    computes = {name: compute_of(name) for name in SHIPPED}
    assert {name for name in SHIPPED if find_study(name).reads.switches} == {*TRIED, *LIKE}
    assert {computes[name] for name in LIKE} <= {whole_loop, readouts_only} and computes[
        "dose_response"
    ] is whole_loop


# HNK and HCN in the studies of minutes


@pytest.mark.parametrize("study", ["surge", "evoked", "knockouts"])
def test_hnk_changes_what_a_network_is_after_a_dose_and_not_before(answering, study):
    name = "evoked_calcium" if study == "evoked" else "rate"
    plain, under = (
        computed(study, config)["summary"][name]
        for config in (config_of(study), config_of(study, "hnk", "ampa_all"))
    )
    axis = plain.dimensions.index("given")
    untreated, dosed = (under.values.take(k, axis) == plain.values.take(k, axis) for k in (0, 1))
    assert untreated.all() and not dosed.all()


# With a circuit that spikes


@pytest.mark.slow
@pytest.mark.parametrize("study", [name for name in TRIED if name != "numerics"])
def test_in_a_circuit_that_spikes_every_option_that_is_read_moves_a_stored_value(monkeypatch, study):
    for module, changes in (
        (course, {"LOOK_S": 0.6}),
        (evoked, {"PULSES": (2,), "TRAINS": 1, "REST_S": 1.0}),
        (acute, {"CONCENTRATIONS_UM": (0.0, 10.0), "LOOK_S": 0.6, "SETTLE_S": 0.2}),
        (influence, {"CONCENTRATIONS_UM": (0.0, 10.0), "SECONDS": (0.2, 0.6), "WARM_S": 0.2}),
    ):
        for name, value in changes.items():
            monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(knockouts, "_calibrated", lambda circuit, seed, portable: None)
    monkeypatch.setattr(influence, "_calibrated", lambda circuit, *rest: circuit)
    reads = find_study(study).reads
    shown = [(s, o) for s, o in TRIED[study] if s in reads.switches]
    plain: dict[str, Any] = {}
    given = {"doses": HIGH} if config_of(study).doses == DOSED["doses"] else {}
    for switch, option in shown:
        with_it = replace(config_of(study, switch, option), **given)
        key = repr(with_it.protocol)
        if key not in plain:
            plain[key] = computed(study, replace(config_of(study), protocol=with_it.protocol, **given))
        assert differing(computed(study, with_it), plain[key]), f"{switch} {option} moves nothing in {study}"
