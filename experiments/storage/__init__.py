"""Bytes on disk: whole files, HDF5, run files, folders as datasets, and where a run was computed."""
