#!/usr/bin/env bash
# Guess: where a disk fails while h5py looks up a dataset (EIO of a bad block, ESTALE of NFS), it raises OSError, as it does while
#   opening a file and while reading values.
# Seen: `file["group/data"]` raises KeyError, and `file.get("group/data")` returns None, just as for a dataset that is not there; only
#   the text of the KeyError tells the error number. So `except KeyError` and `get` take a failing disk for a missing dataset.
# Who meets it: whoever reads optional groups of HDF5 files (SONATA, NWB, netCDF-4) on network disks.
# Source: what is run below, on a file that h5py has just written, while a preloaded library lets reads of it fail with EIO (it
#   needs gcc); seen with h5py 3.16.0 (HDF5 2.0.0).
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q h5py==3.16.0 2>/dev/null
cd "$place"
cat > bad.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* Reads of a file whose path holds BAD fail as a disk with a bad block lets them fail. */
static ssize_t bad(const char *name, int handle, void *to, size_t size, off_t at) {
    char link[64], path[4096];
    const char *about = getenv("BAD");
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = 0;
    if (about && strstr(path, about)) { errno = EIO; return -1; }
    ssize_t (*real)(int, void *, size_t, off_t) = dlsym(RTLD_NEXT, name);
    return real(handle, to, size, at);
}
ssize_t pread(int handle, void *to, size_t size, off_t at) { return bad("pread", handle, to, size, at); }
ssize_t pread64(int handle, void *to, size_t size, off_t at) { return bad("pread64", handle, to, size, at); }
END
gcc -shared -fPIC -o bad.so bad.c -ldl
LD_PRELOAD="$place/bad.so" venv/bin/python - <<'END'
import os

import h5py
import numpy as np

print("h5py", h5py.version.version, "HDF5", h5py.version.hdf5_version)
with h5py.File("run.h5", "w") as file:
    file["group/data"] = np.arange(10.0)


def told(ask):
    try:
        return repr(ask())
    except Exception as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())[:60]}"


with h5py.File("run.h5", "r") as file:
    os.environ["BAD"] = "run.h5"
    seen = {
        'file.get("group/data")': told(lambda: file.get("group/data")),
        'file["group/data"]': told(lambda: file["group/data"]),
    }
    del os.environ["BAD"]
    seen["without the fault, the same file"] = told(lambda: float(file["group/data"][3]))
with h5py.File("run.h5", "r") as file:
    data = file["group/data"]
    os.environ["BAD"] = "run.h5"
    seen["reading values that were found"] = told(lambda: data[()])
    del os.environ["BAD"]
for what, answer in seen.items():
    print(f"{what}: {answer}")
get, index, sound, values = seen.values()
assert get == "None" and index.startswith("KeyError") and sound == "3.0" and values.startswith("OSError")
END
