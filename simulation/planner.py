"""Plan the looks of any schedule of doses, baths, inhibitors and stress, for one run or for all that are
compared.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from prelimbic.parameters import target_of
from prelimbic.pharmacology import Bath, Exposure
from prelimbic.simulation.inhibition import Inhibition
from prelimbic.simulation.looks import (
    Event,
    begun,
    check_begin,
    check_looks,
    check_readouts,
    ends,
    later,
    moments,
    starts,
)
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
    Protocol,
    ProtocolError,
    apart,
    minutes,
    snapped,
    sparing,
)
from prelimbic.simulation.times import spells

SUDDEN_H = (2 / 60, 5 / 60, 10 / 60, 0.25, 0.375)  # after what is there, or gone, at once
BEFORE_H = 0.25  # the last look before what is there at once
BRIEF_H = 1.0  # an infusion so short ends while looks are dense
SHORT_H = 0.25  # one that is no longer is as a bolus: its end comes between two looks
SPARE_H = 1.2  # by which rounding may lengthen the longest stride
DAY_H = LATE_H[-1]
FIRST_HOURS = (0.0, 2.0)  # a protocol looks then whatever is given
# after stress, or an inhibitor of the cascade, comes or goes: it moves protein and spines, not receptors
GENTLE_H = (0.0, 4.0, 12.0, 24.0)


@dataclass(frozen=True)
class Done:
    """All that is done in one run; `exposure` holds the doses."""

    exposure: Exposure
    inhibitions: tuple[Inhibition, ...] = ()
    bath: Bath | None = None
    stress: tuple[float, ...] | None = None

    @property
    def spells(self) -> list[tuple[float, float]]:
        """First and last hours of stress."""
        return spells(self.stress)

    def brief(self) -> list[float]:
        """Ends of short infusions, which stand among the dense looks after their start."""
        return [dose.end for dose in self.exposure.doses if dose.duration and dose.duration <= BRIEF_H]

    def dense(self) -> list[Event]:
        """All that comes or goes and moves the circuit at once."""
        doses = self.exposure.doses
        own = (dose for dose in doses if dose.duration and not SHORT_H < dose.duration <= BRIEF_H)
        return self.begun() + ends(tuple(own), self.bath)

    def begun(self) -> list[Event]:
        """All that begins."""
        return starts(self.exposure.doses, self.inhibitions, self.bath)

    def gentle(self) -> list[float]:
        """Hours at which something comes or goes that moves the circuit slowly."""
        slow = [item.start for item in self.inhibitions if target_of(item.name) != "ampa"]
        return slow + [hour for ends in self.spells for hour in ends]

    def acting(self) -> list[tuple[float, float]]:
        """Hours over which doses and baths are given, and those in a day after the doses."""
        found = [(dose.start, dose.end + DAY_H) for dose in self.exposure.doses]
        return found + ([(self.bath.start, self.bath.end)] if self.bath is not None else [])


def looks_for(
    exposure: Exposure,
    readouts: tuple[str, ...] = DAY,
    *,
    inhibitions: tuple[Inhibition, ...] = (),
    bath: Bath | None = None,
    stress: tuple[float, ...] | None = None,
    reuse: bool = True,
) -> Protocol:
    """A protocol for any schedule, as studies that ship have it: a readout may fall on a look that is not
    taken.  `exposure` holds the doses; for one at 0 h these are the looks of `weeks`.  Raises ProtocolError,
    see `looks_for_all`.
    """
    done = Done(exposure, inhibitions, bath, stress)
    return looks_for_all([done], readouts, reuse=reuse, taken=False)[0]


def looks_for_all(
    arms: Sequence[Done], readouts: tuple[str, ...] = DAY, *, reuse: bool = True, taken: bool = True
) -> list[Protocol]:
    """A protocol for each of the runs that are to be compared, with the same looks in all.

    Two days untreated; dense looks for a day after all that comes or goes in any of them, then strides that
    lengthen from 6 to 24 h, until the last readout.  With `reuse` every second look is not taken where
    nothing was given, and nothing came or went, for a day; with `taken` those of readouts are.  Of a bath
    alone the peak is its start, and where nothing moves the circuit it is hour 0, from which such a run
    counts.  Raises ProtocolError for what is given after the last readout, for a readout before the start,
    and for whatever else cannot be.
    """
    dense = [event for arm in arms for event in arm.dense() or [Event(0.0, "nothing")]]
    dense.sort(key=lambda event: event.hour)  # the order of arms is nothing to the looks
    gentle = sorted({hour for arm in arms for hour in arm.gentle()})
    first = dense[0].hour
    for hour in gentle:
        minutes(hour)  # before it is filled with days
    hours = _read(arms, readouts)
    always = [
        *hours,
        *(event.hour + hour for event in dense for hour in ANCHORS_H),
        *sorted(end for arm in arms for end in arm.brief()),
    ]
    before = [hour for hour in gentle if hour < first + RELAX_H[0]]
    always += before + [hour for arm in arms for spell in arm.spells for hour in _each_day(spell)]
    always += [hour for hour in FIRST_HOURS if hour > min((first + RELAX_H[0], *always))]
    begin = min((first + RELAX_H[0], *(hour for hour in always if hour not in hours)))
    if early := [hour for hour in hours if hour < begin]:
        raise ProtocolError(f"a readout at {early[0]:g} h lies before the run, which begins at {begin:g} h")
    if hours and "peak" not in readouts:
        _check_last(arms, max(hours))
    highest = [
        snapped(_highest(arm.exposure) if arm.exposure.doses else _alone(arm), tuple(always)) for arm in arms
    ]
    last = max((*highest, *hours))
    times = _times(arms, dense, gentle, always, highest, last)
    acting = [(hour, hour + DAY_H) for hour in (*gentle, *(event.hour for event in dense))]
    acting += [span for arm in arms for span in arm.acting()]
    kept = {minutes(hour) for hour in (hours if taken else ())}
    quiet = [
        time
        for time in times
        if reuse and minutes(time) not in kept and not any(low <= time <= high for low, high in acting)
    ]
    found = []
    for arm, peak in zip(arms, highest, strict=True):
        given = arm.exposure.doses, arm.bath
        protocol = Protocol(
            tuple(times),
            snapped(peak, tuple(times)) if "peak" in readouts else 0.0,  # so that vehicles are alike
            readouts=readouts,
            reused=tuple(quiet[1::2]),
            stress=arm.stress,
            inhibitions=arm.inhibitions,
        )
        check_looks(protocol, *given)
        check_begin(protocol, *given)
        check_readouts(protocol, *given)
        found.append(protocol)
    read: set[float] = set()
    for arm, protocol in zip(arms, found, strict=True):
        read |= set(moments(protocol, arm.exposure.doses, arm.bath).values())
    return [sparing(protocol, read) for protocol in found]


def _check_last(arms: Sequence[Done], last: float) -> None:
    """Raise ProtocolError for what begins, and for stress that ends, after the last readout."""
    for event in (event for arm in arms for event in arm.begun()):
        if event.hour > last:
            told = f"{event.what} at {event.hour:g} h comes after the last readout, at {last:g} h"
            raise ProtocolError(f"{told}; {later(event.hour)}")
    for _, end in (spell for arm in arms for spell in arm.spells):
        if end > last:
            told = f"stress ends at {end:g} h, after the last readout, at {last:g} h"
            raise ProtocolError(f"{told}; {later(end)}")


def _alone(arm: Done) -> float:
    """The peak where no dose is given: the start of what else is, or hour 0."""
    return min((event.hour for event in arm.dense()), default=0.0)


def _read(arms: Sequence[Done], readouts: tuple[str, ...]) -> list[float]:
    """Hours that the readouts need, but for rest and peak."""
    asked = Protocol((), 0.0, readouts=readouts)
    found = [hour for name, hour in asked.moments().items() if name not in ("rest", "peak")]
    begins = dict.fromkeys(begun(arm.exposure.doses, arm.bath) for arm in arms)
    windows = [ends for begin in begins for ends in asked.windows(begin).values()]
    return found + [hour for ends in windows for hour in ends]


def _times(
    arms: Sequence[Done],
    dense: list[Event],
    gentle: list[float],
    always: list[float],
    highest: list[float],
    last: float,
) -> list[float]:
    """The hours of all looks, in order."""
    first, peaks, halfway = min(event.hour for event in dense), [], []
    for arm in arms:
        own = [snapped(hour, tuple(always)) for hour in _own_peaks(arm.exposure)]
        peaks += own
        halfway += [(dose.start + hour) / 2.0 for dose, hour in zip(arm.exposure.doses, own, strict=True)]
    grid = [
        *sorted(peaks),
        *_dense(dense),
        *sorted(halfway),
        *(first + hour for hour in RELAX_H),
        *_between(dense, last),
    ]
    grid += [begin + hour for begin in gentle for hour in GENTLE_H]
    return _filled([time for time in _thinned([*always, *highest], grid) if time <= last])


@lru_cache(maxsize=4096)
def _highest(exposure: Exposure) -> float:
    """The hour at which the drug is highest, of exposures that many arms have."""
    return exposure.peak_time()


def _own_peaks(exposure: Exposure) -> list[float]:
    """The hour at which each dose, given alone, would be highest."""
    alone = [replace(dose, start=0.0) for dose in exposure.doses]
    after = {dose: _highest(replace(exposure, doses=(dose,))) for dose in set(alone)}
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


def _each_day(spell: tuple[float, float]) -> list[float]:
    """From a day before a spell of stress begins until it ends."""
    days = range(-1, int((spell[1] - spell[0]) / LONGEST_STRIDE_H) + 1)
    return [*(spell[0] + LONGEST_STRIDE_H * day for day in days), spell[1]]


def _thinned(always: Iterable[float], others: Iterable[float]) -> list[float]:
    """All hours that stay, one a minute, and of the others, those named first before the rest, what stands
    apart from them.
    """
    kept = apart(always, ())
    for time in others:
        place = bisect(kept, time)
        if all(abs(time - other) > NEARBY_H for other in kept[max(place - 1, 0) : place + 1]):
            kept.insert(place, time)
    return kept


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
