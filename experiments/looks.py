"""Where to look: the hours at which a schedule of doses, baths and inhibitors has to be looked at, and whether a protocol does.

A look stands for the stride that follows, so whatever is given needs a look soon after it comes and after it goes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from experiments.inhibition import Inhibition
from experiments.protocol import (
    ANCHORS_H,
    DAY,
    DRUG_H,
    FAST_H,
    FAST_STRIDE_H,
    FIRST_STRIDE_H,
    LATE_H,
    LONGEST_STRIDE_H,
    NEARBY_H,
    RELAX_H,
    STRIDE_GROWTH,
    WINDOW_H,
    Protocol,
    ProtocolError,
    apart,
    minutes,
    snapped,
)
from parameters import target_of
from pharmacology import Bath, Dose, Exposure

NEAR_H = 0.5  # the first look after something comes or goes
SUDDEN_H = (2 / 60, 5 / 60, 10 / 60, 0.25, 0.375)  # after what is there, or gone, at once
BEFORE_H = 0.25  # the last look before what is there at once
BRIEF_H = 1.0  # an infusion so short ends while looks are dense
ALSO = "looks_for plans looks for any schedule"


@dataclass(frozen=True)
class Event:
    """Something comes or goes at `hour`; `what` says it.

    `sudden`: its effect is all there at that very moment.  `lasts`: what follows moves by itself, so that looks stay dense.
    """

    hour: float
    what: str
    sudden: bool = False
    lasts: bool = True


def starts(doses: tuple[Dose, ...], inhibitions: tuple[Inhibition, ...] = (), bath: Bath | None = None) -> list[Event]:
    """All that begins to act on the circuit, in order.  A bath that has always been there does not begin."""
    found = [Event(dose.start, _told(dose), dose.route == "iv" and dose.duration is None) for dose in doses]
    found += [Event(item.start, item.name) for item in inhibitions if target_of(item.name) == "ampa"]
    found += [Event(bath.start, "the bath", True, False)] if bath is not None and abs(bath.start) < math.inf else []
    return sorted(found, key=lambda event: event.hour)


def ends(doses: tuple[Dose, ...], bath: Bath | None = None) -> list[Event]:
    """All that stops, in order: infusions and baths."""
    found = [Event(dose.start + dose.duration, f"the end of {_told(dose)}", True) for dose in doses if dose.duration]
    found += [Event(bath.end, "the end of the bath", True, False)] if bath is not None and bath.end < math.inf else []
    return sorted(found, key=lambda event: event.hour)


def check_looks(protocol: Protocol, doses: tuple[Dose, ...], bath: Bath | None = None) -> None:
    """Raise ProtocolError where the protocol would miss something that is given, or that it stops.

    A look is taken within half an hour after it (for what is there at once, at its hour or after), and for two hours from then on
    the looks that are taken stand no further apart than two hours.  What ends after the last look does not end.
    """
    first, last = (protocol.times[0], protocol.times[-1]) if protocol.times else (0.0, 0.0)
    for item in protocol.inhibitions:
        if item.start >= last:
            raise ProtocolError(f"{item.name} is given at {item.start:g} h, but the last look is at {last:g} h")
    if bath is not None and minutes(min(bath.end, last)) - minutes(max(bath.start, first)) < 1 and bath.start < last:
        raise ProtocolError(f"a bath lasts at least a minute of the protocol, not from {bath.start:g} to {bath.end:g} h")
    taken = [time for k, time in enumerate(protocol.times) if k == 0 or time not in protocol.reused]
    for event in starts(doses, protocol.inhibitions, bath):
        _check_followed(event, taken)
    for event in ends(doses, bath):
        if event.hour < last:
            _check_followed(event, taken)


def check_begin(protocol: Protocol, doses: tuple[Dose, ...], bath: Bath | None = None) -> None:
    """Raise ProtocolError where a run would not begin untreated: something is given before its first look, or is there at it."""
    first = protocol.times[0]
    told = [*starts(doses, (), bath), *(Event(item.start, item.name) for item in protocol.inhibitions)]
    if bath is not None and bath.start == -math.inf:
        told.append(Event(bath.start, "the bath", True))
    for event in told:
        if event.hour < first or (event.sudden and event.hour <= first):
            raise ProtocolError(
                f"a run begins untreated, but {event.what} is given at {event.hour:g} h and the first look is at {first:g} h; "
                f"look earlier"
            )


def check_readouts(protocol: Protocol, doses: tuple[Dose, ...], bath: Bath | None = None) -> None:
    """Raise ProtocolError for a readout at an hour at which nobody looks."""
    wanted = list(moments(protocol, doses, bath).items())
    if "0-2 h" in protocol.readouts:
        wanted += [("0-2 h", begun(doses, bath) + hour) for hour in protocol.window()]
    looked = {minutes(time) for time in protocol.times}
    for name, hour in wanted:
        if minutes(hour) not in looked:
            raise ProtocolError(f"the readout {name} needs a look at {hour:g} h, where the protocol has none")


def begun(doses: tuple[Dose, ...], bath: Bath | None = None) -> float:
    """The hour from which `0-2 h` counts: 0 where something is given then or nothing is, else that of the first dose, or without
    doses of the bath."""
    hours = [event.hour for event in (starts(doses) or starts((), (), bath))]
    return 0.0 if not hours or 0.0 in hours else hours[0]


def moments(protocol: Protocol, doses: tuple[Dose, ...], bath: Bath | None = None) -> dict[str, float]:
    """Readouts that are one look, by name, with their hour.  `rest` is the last look before any drug is there: a bolus is there at
    its hour, what is infused or absorbed only after it.  A bath from hour 0 on keeps its rest at 0 h; so do runs without drug."""
    found, given = protocol.moments(), starts(doses, (), bath if bath is not None and bath.start != 0.0 else None)
    if "rest" in found and given:
        there = min((event.hour for event in given if event.sudden), default=math.inf)
        before = [time for time in protocol.times if time <= given[0].hour and time < there]
        found["rest"] = before[-1] if before else given[0].hour
    return found


def looks_for(exposure: Exposure, readouts: tuple[str, ...] = DAY, *, inhibitions: tuple[Inhibition, ...] = (),
              bath: Bath | None = None, stress: tuple[float, float] | None = None, reuse: bool = True) -> Protocol:  # fmt: skip
    """A protocol for any schedule; `exposure` holds the doses.  For one dose at 0 h these are the looks of `weeks`.

    Two days untreated; dense looks for a day after all that comes or goes, then strides that lengthen from 6 to 24 h, until the
    last readout.  With `reuse` every second look is not taken where nothing was given for a day.  Of a bath alone the peak is its
    start.  Raises ProtocolError for what is given after the last readout, and for whatever else cannot be.
    """
    doses = exposure.doses
    begin, stop = starts(doses, inhibitions, bath), ends(doses, bath)
    brief = {dose.start + dose.duration for dose in doses if dose.duration and dose.duration <= BRIEF_H}
    dense = [*begin, *(event for event in stop if event.hour not in brief)] or [Event(0.0, "nothing")]
    first = min(event.hour for event in dense)
    named = Protocol((), 0.0, readouts=readouts).moments()
    hours = [hour for name, hour in named.items() if name not in ("rest", "peak")]
    hours += [begun(doses, bath) + hour for hour in (0.0, WINDOW_H) if "0-2 h" in readouts]
    always = [*hours, *(event.hour for event in stop), *(event.hour + hour for event in dense for hour in ANCHORS_H)]
    always += [first] + [item.start for item in inhibitions if item.start < first + RELAX_H[0]] + _each_day(stress)
    peak = snapped(exposure.peak_time() if doses else first, tuple(always))
    peaks = [snapped(dose.start + after, tuple(always)) for dose, after in zip(doses, _delays(exposure), strict=True)]
    last = max((peak, *hours))
    grid = [event.hour + hour for event in dense for hour in (*DRUG_H, *LATE_H, *(SUDDEN_H if event.sudden else ()))]
    grid += [first - BEFORE_H] if any(event.sudden for event in dense if event.hour == first) else []
    grid += [(dose.start + hour) / 2.0 for dose, hour in zip(doses, peaks, strict=True)]
    grid += [first + hour for hour in RELAX_H] + _between([event.hour for event in dense], last)
    times = [time for time in _thinned([*always, peak], [*peaks, *grid]) if time <= last]
    times = apart(times, (a + (b - a) * k / n for a, b in pairwise(times) if (n := math.ceil((b - a) / LONGEST_STRIDE_H - 0.05)) > 1
                           for k in range(1, n)))  # fmt: skip
    acting = [(event.hour, event.hour + LATE_H[-1]) for event in dense] + [
        (d.start, d.start + d.duration) for d in doses if d.duration
    ]
    acting += [(bath.start, bath.end)] if bath is not None else []
    quiet = [time for time in times if not any(low <= time <= high for low, high in acting)]
    protocol = Protocol(tuple(times), peak, readouts=readouts, reused=tuple(quiet[1::2]) if reuse else (), stress=stress,
                        inhibitions=inhibitions)  # fmt: skip
    check_looks(protocol, doses, bath)
    check_begin(protocol, doses, bath)
    check_readouts(protocol, doses, bath)
    return protocol


def _delays(exposure: Exposure) -> list[float]:
    """Hours from the start of each dose to its own peak."""
    alone = [replace(dose, start=0.0) for dose in exposure.doses]
    found = {dose: replace(exposure, doses=(dose,)).peak_time() for dose in set(alone)}
    return [found[dose] for dose in alone]


def _between(hours: list[float], last: float) -> list[float]:
    """Strides that lengthen from 6 to 24 h from a day after each event until the next, or the last look."""
    found: list[float] = []
    for hour, until in pairwise([*sorted(hours), last]):
        hour, stride = hour + LATE_H[-1], FIRST_STRIDE_H
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
    """All hours that stay, one a minute, and of the others, in the order of their weight, those that stand apart."""
    kept = apart(always, ())
    for time in others:
        if all(abs(time - other) > NEARBY_H for other in kept):
            kept.append(time)
    return sorted(kept)


def _check_followed(event: Event, taken: list[float]) -> None:
    after = [time for time in taken if time > event.hour or (event.sudden and time == event.hour)]
    if not after or minutes(after[0]) - minutes(event.hour) > minutes(NEAR_H):
        then = f"the next is at {after[0]:g} h" if after else "there is none after it"
        raise ProtocolError(
            f"{event.what} at {event.hour:g} h would be missed: no look is taken within half an hour, {then}; {ALSO}"
        )
    for before, time in pairwise(after if event.lasts else ()):
        if before < event.hour + FAST_H and minutes(time) - minutes(before) > minutes(FAST_STRIDE_H):
            raise ProtocolError(
                f"{event.what} at {event.hour:g} h would be lost from sight: no look is taken between {before:g} and {time:g} h; {ALSO}"
            )


def _told(dose: Dose) -> str:
    return f"the {dose.route} dose of {dose.amount:g} mg/kg {dose.compound}"
