#!/usr/bin/env bash
# Guess: a netCDF-4 or HDF5 file whose text has fixed length (what numpy's 'S' and MATLAB write) gives the same labels in xarray
#   whichever engine reads it, and the attribute _Encoding = "utf-8", by which xarray marks encoded text, does no harm.
# Seen: without _Encoding the engine h5netcdf gives bytes (b'Pyr') and netcdf4 gives text ('Pyr'); with it h5netcdf gives text, and
#   netcdf4 fails with "'numpy.str_' object has no attribute 'decode'" when the file is opened, for the label is a coordinate.
# Who meets it: whoever labels populations, regions or electrodes in HDF5 with fixed-length text (Octave's load needs it) and hands the
#   file to somebody who has the other engine installed; xarray takes netcdf4 where it is there.
# Source: what is run below; seen with xarray 2026.9.0, h5netcdf 1.8.2, netCDF4 1.7.5.1.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q xarray==2026.9.0 h5netcdf==1.8.2 netCDF4==1.7.5.1 h5py==3.16.0 2>/dev/null
cd "$place"
venv/bin/python - <<'END'
import h5py, netCDF4, h5netcdf, xarray as xr
import numpy as np

print("xarray", xr.__version__, "h5netcdf", h5netcdf.__version__, "netCDF4", netCDF4.__version__)
for name, marked in (("plain.nc", False), ("marked.nc", True)):
    with h5py.File(name, "w") as file:
        label = file.create_dataset("population", data=np.array([b"Pyr", b"PV"]))
        label.make_scale("population")
        if marked:
            label.attrs["_Encoding"] = "utf-8"
        rate = file.create_dataset("rate", data=np.array([1.0, 2.0]))
        rate.dims[0].attach_scale(label)


def read(name, engine):
    try:
        with xr.open_dataset(name, engine=engine) as found:
            return found["population"].values.tolist()
    except AttributeError as error:
        return str(error)


seen = {(name, engine): read(name, engine) for name in ("plain.nc", "marked.nc") for engine in ("h5netcdf", "netcdf4")}
for key, value in seen.items():
    print(*key, "->", value)
assert seen["plain.nc", "h5netcdf"] == [b"Pyr", b"PV"] and seen["plain.nc", "netcdf4"] == ["Pyr", "PV"]
assert seen["marked.nc", "h5netcdf"] == ["Pyr", "PV"] and "no attribute 'decode'" in seen["marked.nc", "netcdf4"]
END
