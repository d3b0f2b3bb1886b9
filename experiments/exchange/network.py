"""The circuit of a run, drawn again from what its file holds: the numbers of its sheets, its switches and
its seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prelimbic.circuits import Circuit, Numerics, Wiring, describe, manipulated
from prelimbic.circuits.network import drawn_wiring
from prelimbic.experiments.exchange.recorded import Recorded
from prelimbic.experiments.storage.files import StoreError
from prelimbic.parameters import HypothesisNumbers, Sheet, SpineNumbers, circuit_numbers, sheet
from prelimbic.parameters.sheet import Row
from prelimbic.plasticity import MATURE, STATE
from prelimbic.simulation.config import MODEL_VERSION
from prelimbic.simulation.hypotheses import Hypotheses


class UndrawnError(StoreError):
    """A run whose circuit this version cannot draw again."""


@dataclass(frozen=True)
class Drawn:
    """A circuit and its wiring; `standing` (pyr, site) says on which potential Pyr->Pyr contacts a mature
    spine stood at `hour`.
    """

    circuit: Circuit
    wiring: Wiring
    standing: np.ndarray
    hour: float


def drawn(run: Recorded) -> Drawn:
    """The circuit that a run was computed with, as its spines stood at the first readout.  Raises
    UndrawnError for a run of another version of the model, or without spines.
    """
    version = run.head["model_version"]
    if version != MODEL_VERSION:
        raise UndrawnError(
            f"{run.path} is of model version {version}, and this is {MODEL_VERSION}, which wires circuits "
            "otherwise: run it again, or take nwb or neo, which need its spikes alone"
        )
    if "state" not in run.groups.get("spines", {}):
        raise UndrawnError(f"{run.path} holds no spines, by which its circuit is weighed: take nwb or neo")
    circuit = _described(run)
    counts = tuple(run.cells.values())
    if circuit.counts != counts:
        raise UndrawnError(f"{run.path} has {counts} cells, and its numbers make {circuit.counts}")
    wiring = drawn_wiring(circuit, int(run.config["seed"]), Numerics(**run.config["numerics"]))
    states, order = run.groups["spines"]["state"].values[0], np.argsort(circuit.apical_sites, kind="stable")
    standing = np.zeros(states.shape, dtype=bool)
    standing[:, order] = (states & STATE) == MATURE  # stored branch by branch
    return Drawn(circuit, wiring, standing, float(run.groups["spines"]["time"].values[0]))


def _described(run: Recorded) -> Circuit:
    config = run.config
    spines = _stored(run, "spines").fill("spines", SpineNumbers)
    sizes = _stored(run, "hypotheses").fill("hypotheses", HypothesisNumbers)
    numbers = circuit_numbers(_stored(run, "circuit"))
    grown = manipulated(
        describe(numbers, float(config["scale"]), spines.sites_per_contact),
        tuple(str(config.get("grown_with") or "").split()),
    )
    switched = Hypotheses(**config["hypotheses"]).on_circuit(grown, sizes, spines)
    return manipulated(switched, tuple(config["manipulations"]))


def _stored(run: Recorded, subject: str) -> Sheet:
    """The rows of one sheet as they stand in the run's file, in their order."""
    kept = run.groups["numbers"]
    columns = (kept[key].values for key in ("name", "value", "unit", "status", "source", "note"))
    sections: dict[str, dict[str, Row]] = {}
    for name, value, unit, status, source, note in zip(*columns, strict=True):
        whose, _, number = str(name).partition(".")
        if whose == subject:
            section, _, row = number.rpartition(".")
            sections.setdefault(section, {})[row] = Row(float(value), str(unit), status, source, note, None)
    found = sheet("native" if subject == "circuit" else subject).with_sections(sections)
    found.name = str(run.config["circuit"]) if subject == "circuit" else subject
    return found
