#!/usr/bin/env bash
# Guess: two h5py types that are other types in a file are other types in Python, so a type may be compared, be the key of a dictionary or
#   of functools.cache, and tell which datasets of two files are stored alike.
# Seen: what makes them special is metadata of a numpy dtype, which neither == nor hash() sees. Text of any length, ragged rows of int32 and
#   references are all equal to object and to one another; an enumeration is equal to its plain integer, and so is another enumeration. A
#   function cached by dtype gives the first one's answer to all: asked for uint8 after an enumeration, it makes an enumeration.
# Who meets it: whoever caches HDF5 types to write many small datasets, compares schemas of NWB, AnnData or sweep files by dtype, or
#   asks `dataset.dtype == h5py.string_dtype()`; h5py.check_string_dtype, check_enum_dtype, check_vlen_dtype and check_ref_dtype tell.
# Source: what is run below; seen with h5py 3.15.1 and numpy 2.3.5.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q h5py==3.15.1 numpy==2.3.5 2>/dev/null
cd "$place"
venv/bin/python - <<'END'
from functools import cache
from importlib.metadata import version

import h5py
import numpy as np

print("h5py", version("h5py"), "numpy", version("numpy"))
text, ragged, reference = h5py.string_dtype(), h5py.vlen_dtype(np.int32), h5py.ref_dtype
site, sex = (h5py.enum_dtype(names, "u1") for names in ({"vacant": 0, "mature": 2}, {"F": 0, "M": 1}))
plain = np.dtype("u1")
print("text == ragged rows == reference:", text == ragged == reference, "; one hash:", len({hash(t) for t in (text, ragged, reference)}) == 1)
print("enumeration == uint8 == another enumeration:", site == plain == sex)


@cache
def stored(dtype):
    return h5py.h5t.py_create(dtype, logical=True).get_class()


first, second = stored(site), stored(plain)
fresh = h5py.h5t.py_create(plain, logical=True).get_class()
print("class of uint8 after an enumeration was asked for:", second, "; asked alone:", fresh)
told = [h5py.check_string_dtype(text) is not None, h5py.check_string_dtype(ragged) is None, h5py.check_enum_dtype(plain) is None]
print("check_string_dtype and check_enum_dtype tell them apart:", all(told))
assert text == ragged == reference and len({hash(t) for t in (text, ragged, reference)}) == 1
assert site == plain == sex
assert first == second == h5py.h5t.ENUM and fresh == h5py.h5t.INTEGER
assert all(told)
END
