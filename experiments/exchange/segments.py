"""A run as a Neo block: one segment with a spike train a cell, looks as an epoch, the LFP proxy and
population rates as signals.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from prelimbic.experiments.exchange.recorded import Recorded
from prelimbic.parameters import POPULATIONS

SAID = ("study", "species", "sheet", "baseline", "doses", "bath", "switches", "inhibitors", "scale", "seed")


def write(run: Recorded, path: Path) -> None:
    """Write the block as Neo lays out a .mat file.  Raises NoSpikesError, and ImportError without neo."""
    from neo.io import NeoMatlabIO

    NeoMatlabIO(str(path)).write_block(block(run))


def block(run: Recorded) -> Any:
    """The block in memory; times are ms of spiking time since the first look began."""
    import neo
    import quantities as pq

    looks, stop = run.looks, run.looks.end[-1] * pq.ms
    segment = neo.Segment(name=run.run_id, description="looks of spiking, end to end")
    for name in POPULATIONS:
        for cell, ms in enumerate(run.spikes[name].of_cells(run.cells[name])):
            train = neo.SpikeTrain(ms, units="ms", t_start=0.0 * pq.ms, t_stop=stop, name=f"{name} {cell}")
            train.annotate(population=name, cell=cell)
            segment.spiketrains.append(train)
    segment.epochs.append(
        neo.Epoch(
            times=looks.begin * pq.ms,
            durations=(looks.end - looks.begin) * pq.ms,
            labels=np.array([f"{hour:.6g} h" for hour in looks.hour]),
            name="looks",
            description="labels are hours of the model's clock",
        )
    )
    if (lfp := run.lfp) is not None:
        stamps = looks.begin[:, None] + np.arange(lfp.values.shape[1]) * 1e3 / run.lfp_hz
        segment.irregularlysampledsignals.append(
            neo.IrregularlySampledSignal(
                stamps.ravel() * pq.ms, lfp.values.reshape(-1, 1) * pq.pA, name="lfp_proxy"
            )
        )
    if "rate" in (rates := run.courses("population")):
        told = f"firing rate over the look that begins here, of {', '.join(POPULATIONS)}"
        segment.irregularlysampledsignals.append(
            neo.IrregularlySampledSignal(
                looks.begin * pq.ms, rates["rate"].values * pq.Hz, name="population_rate", description=told
            )
        )
    made = neo.Block(
        name=run.run_id, description=f"simulated: one run of study {run.said['study']} of prelimbic"
    )
    made.annotate(**{key: run.said[key] for key in SAID})
    made.segments.append(segment)
    return made
