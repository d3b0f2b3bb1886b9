"""Plan the looks of any schedule of doses, baths, inhibitors and stress."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from prelimbic.pharmacology import Bath, Exposure
from prelimbic.simulation.inhibition import Inhibition
from prelimbic.simulation.looks import Event, begun, check_begin, check_looks, check_readouts, ends, starts
from prelimbic.simulation.protocol import (
    ANCHORS_H,
    DAY,
    DRUG_H,
    FIRST_STRIDE_H,
    LATE_H,
    LONGEST_STRIDE_H,
    NEARBY_H,
    RELAX_H,
    STRIDE_GROWTH,
    WINDOW_H,
    Protocol,
    apart,
    snapped,
)

SUDDEN_H = (2 / 60, 5 / 60, 10 / 60, 0.25, 0.375)  # after what is there, or gone, at once
BEFORE_H = 0.25  # the last look before what is there at once
BRIEF_H = 1.0  # an infusion so short ends while looks are dense
SPARE_H = 1.2  # by which rounding may lengthen the longest stride
DAY_H = LATE_H[-1]
FIRST_HOURS = (0.0, 2.0)  # a protocol looks then whatever is given


def looks_for(
    exposure: Exposure,
    readouts: tuple[str, ...] = DAY,
    *,
    inhibitions: tuple[Inhibition, ...] = (),
    bath: Bath | None = None,
    stress: tuple[float, float] | None = None,
    reuse: bool = True,
) -> Protocol:
    """A protocol for any schedule; `exposure` holds the doses.  For one dose at 0 h these are the looks of
    `weeks`.

    Two days untreated; dense looks for a day after all that comes or goes, then strides that lengthen from 6
    to 24 h, until the last readout.  With `reuse` every second look is not taken where nothing was given for
    a day.  Of a bath alone the peak is its start.  Raises ProtocolError for what is given after the last
    readout, and for whatever else cannot be.
    """
    doses = exposure.doses
    brief = [dose for dose in doses if dose.duration and dose.duration <= BRIEF_H]
    dense = starts(doses, inhibitions, bath) + ends(tuple(dose for dose in doses if dose not in brief), bath)
    dense = dense or [Event(0.0, "nothing")]
    first = min(event.hour for event in dense)
    hours = [
        hour
        for name, hour in Protocol((), 0.0, readouts=readouts).moments().items()
        if name not in ("rest", "peak")
    ]
    hours += [begun(doses, bath) + hour for hour in (0.0, WINDOW_H) if "0-2 h" in readouts]
    always = [
        *hours,
        *(event.hour + hour for event in dense for hour in ANCHORS_H),
        *(dose.end for dose in brief),
    ]
    always += [item.start for item in inhibitions if item.start < first + RELAX_H[0]] + _each_day(stress)
    always += [hour for hour in FIRST_HOURS if hour > min((first + RELAX_H[0], *always))]
    peak = snapped(exposure.peak_time() if doses else first, tuple(always))
    peaks = [snapped(hour, tuple(always)) for hour in _own_peaks(exposure)]
    last = max((peak, *hours))
    halfway = [(dose.start + hour) / 2.0 for dose, hour in zip(doses, peaks, strict=True)]
    grid = [*peaks, *_dense(dense), *halfway, *(first + hour for hour in RELAX_H), *_between(dense, last)]
    times = _filled([time for time in _thinned([*always, peak], grid) if time <= last])
    acting = [(event.hour, event.hour + DAY_H) for event in dense] + [
        (dose.start, dose.end) for dose in doses
    ]
    acting += [(bath.start, bath.end)] if bath is not None else []
    quiet = [time for time in times if not any(low <= time <= high for low, high in acting)] if reuse else []
    protocol = Protocol(
        tuple(times),
        peak,
        readouts=readouts,
        reused=tuple(quiet[1::2]),
        stress=stress,
        inhibitions=inhibitions,
    )
    check_looks(protocol, doses, bath)
    check_begin(protocol, doses, bath)
    check_readouts(protocol, doses, bath)
    return protocol


def _own_peaks(exposure: Exposure) -> list[float]:
    """The hour at which each dose, given alone, would be highest."""
    alone = [replace(dose, start=0.0) for dose in exposure.doses]
    after = {dose: replace(exposure, doses=(dose,)).peak_time() for dose in set(alone)}
    return [dose.start + after[same] for dose, same in zip(exposure.doses, alone, strict=True)]


def _dense(events: list[Event]) -> list[float]:
    """Looks in the day after each event, and the one before what is there at once before anything else."""
    first = min(event.hour for event in events)
    found = [
        event.hour + hour
        for event in events
        for hour in (*DRUG_H, *LATE_H, *(SUDDEN_H if event.sudden else ()))
    ]
    return (
        [*found, first - BEFORE_H] if any(event.sudden for event in events if event.hour == first) else found
    )


def _between(events: list[Event], last: float) -> list[float]:
    """Strides that lengthen, from a day after each event until the next, or the last look."""
    found: list[float] = []
    for begin, until in pairwise([*sorted(event.hour for event in events), last]):
        hour, stride = begin + DAY_H, FIRST_STRIDE_H
        while hour < until:
            found.append(hour := min(float(round(hour + stride)), until))
            stride = min(stride * STRIDE_GROWTH, LONGEST_STRIDE_H)
    return found


def _each_day(stress: tuple[float, float] | None) -> list[float]:
    """From a day before stress begins until it ends."""
    if stress is None or not stress[0] < stress[1]:
        return []
    days = range(-1, int((stress[1] - stress[0]) / LONGEST_STRIDE_H) + 1)
    return [*(stress[0] + LONGEST_STRIDE_H * day for day in days), stress[1]]


def _thinned(always: Iterable[float], others: Iterable[float]) -> list[float]:
    """All hours that stay, one a minute, and of the others, those named first before the rest, what stands
    apart from them.
    """
    kept = apart(always, ())
    for time in others:
        if all(abs(time - other) > NEARBY_H for other in kept):
            kept.append(time)
    return sorted(kept)


def _filled(times: list[float]) -> list[float]:
    """No stride longer than a day."""
    found = times[:1]
    for before, after in pairwise(times):
        parts = (
            math.ceil((after - before - SPARE_H) / LONGEST_STRIDE_H)
            if after - before > LONGEST_STRIDE_H + SPARE_H
            else 1
        )
        found += [before + (after - before) * part / parts for part in range(1, parts)] + [after]
    return found
