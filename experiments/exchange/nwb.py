"""A run as Neurodata Without Borders (NWB 2): a unit a cell, an epoch a look, the LFP proxy and population
rates as time series.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np

from prelimbic.experiments.exchange.recorded import Recorded
from prelimbic.experiments.storage.hdf5 import image_of
from prelimbic.parameters import POPULATIONS

SPECIES = {"rat": "Rattus norvegicus", "mouse": "Mus musculus", "human": "Homo sapiens"}
SEXES = {"female": "F", "male": "M"}
PICO = 1e-12  # amperes in a pA
ANY_AGE = "P0D/"  # an open range: inspectors ask for an age, and the model has none of animals
RAREST_S = 1e-9  # to which time stamps of a series that has a rate are apart alike


def image(run: Recorded) -> bytes:
    """The bytes of an NWB file.  Times are seconds of spiking time since the first look began.  Raises
    NoSpikesError, and ImportError without pynwb.
    """
    from pynwb import NWBHDF5IO

    made = _file(run)

    def fill(file: Any) -> None:
        NWBHDF5IO(file=file, mode="w").write(made)  # closing it would close the file

    return image_of(fill)


def _file(run: Recorded) -> Any:
    from pynwb import NWBFile

    head = run.said
    version = str(head["provenance"].get("version_prelimbic", ""))
    made = NWBFile(
        session_description=f"simulated, not recorded: one run of study {head['study']} of prelimbic; looks "
        "of spiking are laid end to end",
        identifier=run.run_id,
        session_id=run.run_id,
        session_start_time=_created(run),
        experiment_description=f"Simulation of a prefrontal circuit: sheet {head['sheet']}, baseline "
        f"{head['baseline']}, switches {head['switches']}, overrides {head['overrides']}, manipulations "
        f"{head['manipulations']}, scale {head['scale']:g}, seed {head['seed']}",
        pharmacology=f"doses: {head['doses']}; bath: {head['bath']}; inhibitors: {head['inhibitors']}",
        keywords=["simulation", "ketamine", "prefrontal cortex", "NMDA receptor", "spiking network"],
        notes=json.dumps(run.config),
        was_generated_by=[["prelimbic", version]],
        subject=_subject(run),
    )
    _epochs(made, run)
    _units(made, run)
    _series(made, run)
    return made


def _created(run: Recorded) -> datetime:
    """When the run was computed: a simulation has no other date."""
    try:
        found = datetime.fromisoformat(str(run.head["provenance"]["created"]))
    except (KeyError, ValueError):
        found = datetime.fromtimestamp(run.path.stat().st_mtime, UTC)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _subject(run: Recorded) -> Any:
    """Who is simulated; weight and age where the run has its own."""
    from pynwb.file import Subject

    body = run.config.get("body") or {}
    own = {
        "weight": f"{body['weight']:g} kg" if body.get("weight") is not None else None,
        "age": f"P{body['age']:g}Y" if body.get("age") is not None else ANY_AGE,
    }
    return Subject(
        subject_id=f"simulated-{run.run_id}",
        species=SPECIES[str(run.said["species"])],
        sex=SEXES.get(str(body.get("sex")), "U"),
        description="a simulated animal or patient; nothing was recorded",
        **{name: value for name, value in own.items() if value is not None},
    )


def _epochs(made: Any, run: Recorded) -> None:
    """A look a row, with the hour on the model's clock and what is stored of it as one number."""
    looks = run.looks
    columns = {
        "hour": (looks.hour, "hour of the model's clock at which the look stands (h)"),
        "settle_seconds": (looks.settled, "spiking time before the look that is not counted (s)"),
    }
    columns |= {
        name: (course.values, f"{course.meaning} ({course.unit})")
        for name, course in run.courses().items()
        if name != "time"
    }
    columns = {name: told for name, told in columns.items() if np.isfinite(told[0]).any()}
    for name, (_, meaning) in columns.items():
        made.add_epoch_column(name, meaning)
    for k, (begin, end) in enumerate(zip(looks.begin / 1e3, looks.end / 1e3, strict=True)):
        made.add_epoch(
            float(begin), float(end), **{name: float(values[k]) for name, (values, _) in columns.items()}
        )


def _units(made: Any, run: Recorded) -> None:
    """A cell a row; its spikes to the step of integration."""
    made.add_unit_column("population", "class of the cell: Pyr, PV, SST or VIP")
    made.add_unit_column("cell", "cell within its population")
    for name in POPULATIONS:
        for cell, ms in enumerate(run.spikes[name].of_cells(run.cells[name])):
            made.add_unit(spike_times=ms / 1e3, population=name, cell=cell)
    made.units.resolution = run.step_ms / 1e3


def _series(made: Any, run: Recorded) -> None:
    from pynwb import TimeSeries

    begin = run.looks.begin / 1e3
    if (lfp := run.lfp) is not None:
        stamps = (begin[:, None] + np.arange(lfp.values.shape[1]) / run.lfp_hz).ravel()
        told = "LFP proxy: summed synaptic currents, of the first part of every look"
        about = {"description": told, "unit": "amperes", "conversion": PICO}
        made.add_acquisition(
            TimeSeries(name="lfp_proxy", data=lfp.values.ravel(), **about, **_timed(stamps))
        )
    if "rate" in (rates := run.courses("population")):
        told = f"firing rate over the look that begins here, of {', '.join(POPULATIONS)}"
        made.add_acquisition(
            TimeSeries(
                name="population_rate",
                data=rates["rate"].values,
                unit="Hz",
                description=told,
                **_timed(begin),
            )
        )


def _timed(stamps: np.ndarray) -> dict[str, Any]:
    """Time stamps (s) of a series, or where it begins and its rate where they are evenly spaced."""
    apart = np.diff(stamps)
    if len(apart) and np.ptp(apart) < RAREST_S:
        return {"starting_time": float(stamps[0]), "rate": float(1.0 / apart.mean())}
    return {"timestamps": stamps}
