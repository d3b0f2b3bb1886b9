"""A run as a SONATA network: nodes, edges and their types, spikes, and a configuration that names the files.

Nothing is compressed: libsonata reads nothing compressed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from prelimbic.circuits import Circuit
from prelimbic.experiments.exchange.network import Drawn, drawn
from prelimbic.experiments.exchange.recorded import Recorded
from prelimbic.experiments.storage.hdf5 import image_of, note_order
from prelimbic.parameters import ABSENT, POPULATIONS

MAGIC, VERSION = np.uint32(0x0A7A), np.array([0, 1], dtype=np.uint32)
TEMPLATE = "prelimbic:"
NULL = "NULL"
BASE = "$BASE_DIR"
FILES = (
    "circuit_config.json",
    "nodes.h5",
    "node_types.csv",
    "edges.h5",
    "edge_types.csv",
    "spikes.h5",
    "looks.csv",
)


@dataclass(frozen=True)
class Edges:
    """One population of edges: ids within their populations, weight in nS, delay in ms, `apical` 1 on the
    dendrite; each (edge,), by target.
    """

    source: str
    target: str
    source_id: np.ndarray
    target_id: np.ndarray
    weight: float
    delay: np.ndarray
    apical: np.ndarray

    @property
    def name(self) -> str:
        return f"{self.source}_to_{self.target}"


def write(run: Recorded, folder: Path) -> None:
    """Write the files into a folder that is there.  Raises NoSpikesError and UndrawnError."""
    spikes = image_of(lambda file: _fill_spikes(file, run))
    made = drawn(run)
    edges = list(_edges(made))
    counts = dict(zip(POPULATIONS, made.circuit.counts, strict=True))
    contents: dict[str, bytes] = {
        "circuit_config.json": _configuration(run, made).encode(),
        "nodes.h5": image_of(lambda file: _fill_nodes(file, made)),
        "node_types.csv": _node_types(made.circuit).encode(),
        "edges.h5": image_of(lambda file: _fill_edges(file, edges, counts)),
        "edge_types.csv": _edge_types(made.circuit, edges).encode(),
        "spikes.h5": spikes,
        "looks.csv": _looks(run).encode(),
    }
    for name in FILES:
        (folder / name).write_bytes(contents[name])


def _edges(made: Drawn) -> Iterator[Edges]:
    """Every contact; of the plastic projection those that hold a mature spine."""
    for p in made.wiring.drawn:
        cells, degree = p.picks.shape
        kept = made.standing if p.group == "plastic" else np.ones((cells, degree), dtype=bool)
        target = np.repeat(np.arange(cells), degree).reshape(cells, degree)
        apical = np.tile(p.apical, (cells, 1))
        source_first = made.circuit.cells(p.source).start
        yield Edges(
            p.source,
            p.target,
            (p.sources - source_first)[kept],
            target[kept],
            p.weight,
            p.known_delays().ms()[kept],
            apical[kept].astype(np.uint8),
        )


def _start(file: Any) -> None:
    file.attrs["magic"], file.attrs["version"] = MAGIC, VERSION


def _fill_nodes(file: Any, made: Drawn) -> None:
    _start(file)
    for k, (name, count) in enumerate(zip(POPULATIONS, made.circuit.counts, strict=True)):
        nodes, own = file.create_group(f"nodes/{name}"), made.circuit.cells(name)
        nodes["node_id"] = np.arange(count, dtype=np.uint64)
        nodes["node_type_id"] = np.full(count, k, dtype=np.uint32)
        nodes["node_group_id"] = np.zeros(count, dtype=np.uint32)
        nodes["node_group_index"] = np.arange(count, dtype=np.uint64)
        group = nodes.create_group("0")
        group["threshold"], group["rest"] = made.wiring.threshold[own], made.wiring.rest[own]
        for each in ("threshold", "rest"):
            group[each].attrs["units"] = "mV"


def _fill_edges(file: Any, edges: list[Edges], counts: dict[str, int]) -> None:
    _start(file)
    for k, each in enumerate(edges):
        made, size = file.create_group(f"edges/{each.name}"), len(each.source_id)
        for end, population in (("source", each.source), ("target", each.target)):
            made[f"{end}_node_id"] = getattr(each, f"{end}_id").astype(np.uint64)
            made[f"{end}_node_id"].attrs["node_population"] = population
        made["edge_type_id"] = np.full(size, k, dtype=np.uint32)
        made["edge_group_id"] = np.zeros(size, dtype=np.uint32)
        made["edge_group_index"] = np.arange(size, dtype=np.uint64)
        group = made.create_group("0")
        for name, values, unit in (
            ("syn_weight", np.full(size, each.weight), "nS"),
            ("delay", each.delay, "ms"),
            ("apical", each.apical, "1"),
        ):
            group[name] = values
            group[name].attrs["units"] = unit
        for index, ids, population in (
            ("source_to_target", each.source_id, each.source),
            ("target_to_source", each.target_id, each.target),
        ):
            nodes, ranges = _index(ids, counts[population])
            where = made.create_group(f"indices/{index}")
            where["node_id_to_ranges"], where["range_to_edge_id"] = nodes, ranges
            where["node_id_to_range"] = where["node_id_to_ranges"]  # BMTK's name for what libsonata reads


def _index(ids: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Which ranges of edges a node has, (node, 2), and where each range begins and ends, (range, 2)."""
    order = np.argsort(ids, kind="stable")
    ordered = ids[order]
    new = np.flatnonzero((np.diff(ordered, prepend=-1) != 0) | (np.diff(order, prepend=-2) != 1))
    ends = np.append(new[1:], len(ids)) - 1
    ranges = (
        np.column_stack([order[new], order[ends] + 1]).astype(np.uint64) if len(ids) else np.zeros((0, 2))
    )
    of = np.searchsorted(ordered[new], np.arange(count + 1)) if len(ids) else np.zeros(count + 1)
    return np.column_stack([of[:-1], of[1:]]).astype(np.uint64), ranges.astype(np.uint64)


def _fill_spikes(file: Any, run: Recorded) -> None:
    _start(file)
    for name, spikes in run.spikes.items():
        group = file.create_group(f"spikes/{name}")
        order = np.argsort(spikes.ms, kind="stable")
        group["timestamps"] = spikes.ms[order]
        group["node_ids"] = spikes.cell[order].astype(np.uint64)
        group["timestamps"].attrs["units"] = "ms"
        note_order(group, ascending=True)


def _node_types(circuit: Circuit) -> str:
    """Every class with its numbers in the units of a sheet; what each cell has of its own is in nodes.h5."""
    every = [f.name for f in fields(circuit.populations[0]) if f.name != "count"]  # of scale 1
    named = [n for n in every if any(getattr(p, n) != ABSENT for p in circuit.populations)]
    rows = [
        [k, name, "point_neuron", TEMPLATE + name, *(_told(getattr(p, n)) for n in named)]
        for k, (name, p) in enumerate(zip(POPULATIONS, circuit.populations, strict=True))
    ]
    told = [f"type_{n}" if n in ("threshold", "rest") else n for n in named]  # beside those of each cell
    return _spaced(["node_type_id", "population", "model_type", "model_template", *told], rows)


def _told(value: float) -> float | str:
    return NULL if value == ABSENT else value


def _edge_types(circuit: Circuit, edges: list[Edges]) -> str:
    named = ["release", "recovery", "facilitation", "apical_share"]
    rows = []
    for k, each in enumerate(edges):
        projection = circuit.projection(each.source, each.target)
        values = [getattr(projection, n) for n in named]
        rows.append([k, each.name, each.source, each.target, TEMPLATE + each.name, NULL, *values])
    head = ["edge_type_id", "population", "source", "target", "model_template", "dynamics_params"]
    return _spaced([*head, *named], rows)


def _looks(run: Recorded) -> str:
    looks = run.looks
    rows = zip(looks.begin.tolist(), looks.end.tolist(), looks.hour.tolist(), strict=True)
    return "look,begin_ms,end_ms,hour\n" + "".join(
        f"{k},{b!r},{e!r},{h!r}\n" for k, (b, e, h) in enumerate(rows)
    )


def _spaced(head: list[str], rows: list[list[Any]]) -> str:
    """A table as SONATA has it: one space between columns."""
    return "".join(" ".join(map(str, row)) + "\n" for row in [head, *rows])


def _configuration(run: Recorded, made: Drawn) -> str:
    def of(kind: str) -> list[dict[str, str]]:
        return [{f"{kind}s_file": f"{BASE}/{kind}s.h5", f"{kind}_types_file": f"{BASE}/{kind}_types.csv"}]

    told = {
        "manifest": {BASE: "."},
        "networks": {"nodes": of("node"), "edges": of("edge")},
        "spikes": {"spikes_file": f"{BASE}/spikes.h5", "looks_file": f"{BASE}/looks.csv"},
        "prelimbic": {
            "run_id": run.run_id,
            "circuit": made.circuit.name,
            "spines_at_hour": made.hour,
            "units": {
                "syn_weight": "nS",
                "delay": "ms",
                "threshold": "mV",
                "rest": "mV",
                "timestamps": "ms",
            },
            "types": "one number a class or projection, in the units that prelimbic numbers lists",
        },
    }
    return json.dumps(told, indent=1) + "\n"
