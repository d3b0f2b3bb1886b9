#!/usr/bin/env bash
# Guess: the index of a SONATA edge file, by which a reader finds the edges of one cell, has one name, and a file that one reader of
#   the format takes is taken by the others.
# Seen: BMTK asks for `node_id_to_range` and refuses a population whose index has `node_id_to_ranges`, even if all edges are wanted;
#   libsonata asks for `node_id_to_ranges` and cannot open an index without it. A file that has both, as two names of
#   one dataset, is read by both.
# Who meets it: whoever writes a network for BMTK and for Blue Brain tools.
# Source: what is run below; seen with bmtk 1.2.0 (without what its simulators need) and libsonata 0.2.2, h5py 3.16.0.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q libsonata==0.2.2 h5py==3.16.0 pandas==2.3.3 2>/dev/null
"$place/venv/bin/pip" install -q --no-deps bmtk==1.2.0 2>/dev/null
cd "$place"
printf 'edge_type_id\n0\n' > types.csv
venv/bin/python -W ignore 2>hdf5.txt - <<'END'
from importlib.metadata import version

import h5py
import libsonata
import numpy as np
from bmtk.utils.sonata import File

print("bmtk", version("bmtk"), "libsonata", version("libsonata"))


def write(name, *called):
    with h5py.File(name, "w") as file:
        file.attrs["magic"], file.attrs["version"] = np.uint32(0x0A7A), np.array([0, 1], dtype=np.uint32)
        edges = file.create_group("edges/a_to_b")
        for end, population in (("source", "a"), ("target", "b")):
            edges[f"{end}_node_id"] = np.arange(3, dtype=np.uint64)
            edges[f"{end}_node_id"].attrs["node_population"] = population
        for key in ("edge_type_id", "edge_group_id", "edge_group_index"):
            edges[key] = np.zeros(3, dtype=np.uint64) if key != "edge_group_index" else np.arange(3, dtype=np.uint64)
        edges.create_group("0")["syn_weight"] = np.ones(3)
        for index in ("source_to_target", "target_to_source"):
            where = edges.create_group(f"indices/{index}")
            ranges = np.column_stack([np.arange(3), np.arange(1, 4)]).astype(np.uint64)
            where["range_to_edge_id"] = ranges
            for each in called:
                where[each] = ranges


def by_bmtk(name):
    try:
        edges = File(data_files=[name], data_type_files=["types.csv"]).edges["a_to_b"]
        return f"{len(list(edges.get_target(1)))} edge"
    except Exception as error:
        return f"fails: {error}"


def by_libsonata(name):
    try:
        return f"{libsonata.EdgeStorage(name).open_population('a_to_b').afferent_edges([1]).flat_size} edge"
    except (RuntimeError, libsonata.SonataError) as error:
        return f"fails: {str(error).splitlines()[0]}"


seen = {}
for name, called in (("range", ["node_id_to_range"]), ("ranges", ["node_id_to_ranges"]),
                     ("both", ["node_id_to_range", "node_id_to_ranges"])):
    write(f"{name}.h5", *called)
    seen[name] = by_bmtk(f"{name}.h5"), by_libsonata(f"{name}.h5")
    print(f"{name}: bmtk {seen[name][0]}; libsonata {seen[name][1]}")
assert seen["both"] == ("1 edge", "1 edge")
assert seen["range"][0] == "1 edge" and seen["range"][1].startswith("fails")
assert seen["ranges"][0].startswith("fails") and seen["ranges"][1] == "1 edge"
END
