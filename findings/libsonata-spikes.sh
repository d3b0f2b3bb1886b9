#!/usr/bin/env bash
# Guess: libsonata reads a SONATA spike file whatever HDF5 writes it with: compressed by gzip, the filter that every HDF5 has, and
#   with the attribute `sorting` as text ("by_time").
# Seen: the wheel reads neither: gzip fails because its own HDF5 is built without zlib, and `sorting` must be an HDF5 enumeration. Not
#   compressed, with an enumeration or without `sorting`, the same spikes are read.
# Who meets it: whoever writes spikes for BMTK, NEURON or Blue Brain tools with h5py.
# Source: what is run below; seen with libsonata 0.2.2 and h5py 3.16.0.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q libsonata==0.2.2 h5py==3.16.0 2>/dev/null
cd "$place"
venv/bin/python 2>hdf5.txt - <<'END'
from importlib.metadata import version

import h5py
import libsonata
import numpy as np

print("libsonata", version("libsonata"))
ORDER = h5py.enum_dtype({"none": 0, "by_id": 1, "by_time": 2}, basetype="u1")


def write(name, sorting, **filters):
    with h5py.File(name, "w") as file:
        file.attrs["magic"], file.attrs["version"] = np.uint32(0x0A7A), np.array([0, 1], dtype=np.uint32)
        group = file.create_group("spikes/Pyr")
        group.create_dataset("timestamps", data=np.arange(1000.0), **filters).attrs["units"] = "ms"
        group.create_dataset("node_ids", data=np.arange(1000, dtype=np.uint64), **filters)
        if sorting == "text":
            group.attrs["sorting"] = "by_time"
        elif sorting == "enumeration":
            group.attrs.create("sorting", 2, dtype=ORDER)


def read(name):
    try:
        return f"{len(libsonata.SpikeReader(name)['Pyr'].get())} spikes"
    except (RuntimeError, libsonata.SonataError) as error:
        return f"fails: {str(error).splitlines()[0]}"


seen = {}
for name, sorting, filters in (("plain", None, {}), ("enumeration", "enumeration", {}), ("text", "text", {}),
                               ("gzip", None, {"compression": "gzip"})):
    write(f"{name}.h5", sorting, **filters)
    seen[name] = read(f"{name}.h5")
    print(f"{name}: {seen[name]}")
assert seen["plain"] == seen["enumeration"] == "1000 spikes"
assert seen["text"].startswith("fails") and seen["gzip"].startswith("fails")
END
