#!/usr/bin/env bash
# Guess: Octave's load either reads an HDF5 file or says what it could not read.
# Seen: it warns of the first text that it cannot read, and returns what stands before it in the order of names: all that follows is
#   missing too, numbers as well, and the warning does not say so. It cannot read text of variable length (what h5py and netCDF-4 write
#   by default), text of fixed length that is marked as UTF-8, and text of more than one dimension; text of fixed length in ASCII is read.
# Who meets it: whoever opens a netCDF-4, NWB or other HDF5 file with labels in Octave, and gets a structure with fields missing.
# Source: what is run below; seen with Octave 7.3.0 of Debian 12 (apt-get install octave) and h5py 3.16.0.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q h5py==3.16.0 2>/dev/null
cd "$place"
venv/bin/python - <<'END'
import h5py
import numpy as np

utf8 = h5py.string_dtype("utf-8", 3)
texts = {
    "variable": (np.array(["Pyr", "PV"], dtype=object), h5py.string_dtype()),
    "utf8": (np.array(["Pyr", "PV"], dtype=utf8), utf8),
    "square": (np.array([[b"Pyr", b"PV"], [b"SST", b"VIP"]]), None),
    "fixed": (np.array([b"Pyr", b"PV"]), None),
}
for name, (values, kind) in texts.items():
    with h5py.File(f"{name}.h5", "w") as file:
        file["a_number"], file["z_number"] = np.arange(3.0), np.arange(3.0)
        file.create_dataset("label", data=values, dtype=kind)
END
octave-cli --version | head -n 1
for name in variable utf8 square fixed; do
    octave-cli --no-gui --eval "x = load('$name.h5'); printf('fields: %s\n', strjoin(fieldnames(x)', ' '))" >"$name.txt" 2>"$name.err" \
        || echo "exit code $?"
    echo "$name: $(grep fields "$name.txt"); $(grep -i "^warning" "$name.err" || echo no warning)"
done
for name in variable utf8 square; do ! grep -q z_number "$name.txt"; done
grep -q "a_number label z_number" fixed.txt
