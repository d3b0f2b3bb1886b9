"""What is done to the model: when the circuit is looked at, for how long, which looks are the readouts,
stress, inhibitors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

from prelimbic.parameters import target_of
from prelimbic.parameters.errors import UsageError
from prelimbic.parameters.near import shown
from prelimbic.parameters.plain import Refusal, listed, maybe, of_type, real, settle, several, text
from prelimbic.simulation.inhibition import Inhibition
from prelimbic.simulation.times import GivenError, read_at, readout, spells

RELAX_H = (-48.0, -36.0, -24.0, -12.0)  # untreated looks before t = 0
DRUG_H = (0.0, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0)
LATE_H = (6.0, 9.0, 12.0, 16.0, 20.0, 24.0)
ANCHORS_H = (0.0, 2.0, 4.0, 24.0)  # looked at whatever else is
NEARBY_H = 0.05  # grid times this close to the peak give way to it
SHORT_S, LONG_S = 6.0, 12.0
SPARED = 0.5  # of the usual length, of looks that are spared
LONG_STRIDE_H = 2.0  # a look that stands for this long is a long one: its noise is held that long
# after the first day, until something is done again
FIRST_STRIDE_H, STRIDE_GROWTH, LONGEST_STRIDE_H = 6.0, 1.25, 24.0
WINDOW, WINDOW_H = "0-2 h", 2.0  # the mean over the first hours of what is given
DAY = ("rest", "peak", "0-2 h", "2 h", "4 h", "24 h")
GIVEN_H = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)  # after an AMPA antagonist was given
FURTHEST_H = 1e5  # of any hour
LONGEST_REST_S, LARGEST_SCALE = 1e6, 1e3
FAST_H, FAST_STRIDE_H, SLOW_STRIDE_H = 2.0, 2.0, 48.0


class ProtocolError(UsageError):
    """A protocol that the model cannot follow."""


@dataclass(frozen=True)
class Look:
    """`seconds` of spiking at hour `time`, 0 where the look before stands in; the slow world then moves
    `stride` hours.
    """

    time: float
    stride: float
    seconds: float


@dataclass(frozen=True)
class Protocol:
    """The times (h) of all looks and the time of peak unbound concentration; the same for every dose and
    seed.

    The run begins with `rest` seconds untreated, which are its own reference; `look_scale` stretches every
    look.  At the times in `reused` the look before stands in; those in `spared` last half as long.
    `readouts` names looks: rest, peak, or a time such as 24 h or 7 d; 0-2 h and windows such as 24 h..72 h
    are means over looks.  `stress` holds the first and last hour of one spell, or of several one after the
    other.  Raises ProtocolError for times that do not increase or lie too far apart, and for whatever else
    cannot be.
    """

    times: tuple[float, ...]
    peak: float
    look_scale: float = 1.0
    rest: float = 20.0
    readouts: tuple[str, ...] = DAY
    reused: tuple[float, ...] = ()
    stress: tuple[float, ...] | None = None
    inhibitions: tuple[Inhibition, ...] = ()
    spared: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        hour = partial(real, unit="h")
        settle(
            self,
            ProtocolError,
            times=several(hour, "a list of hours"),
            peak=hour,
            look_scale=real,
            rest=partial(real, unit="s"),
            readouts=several(_readout, "a list of texts, such as ('rest', '24 h')"),
            reused=several(hour, "a list of hours"),
            stress=maybe(_spells),
            inhibitions=several(of_type(Inhibition), "a list of Inhibition objects"),
            spared=several(hour, "a list of hours"),
        )
        minutes(self.peak)
        for read in (*self.moments().values(), *(end for ends in self.windows().values() for end in ends)):
            minutes(read)
        if not 0 < self.look_scale <= LARGEST_SCALE:
            raise ProtocolError(
                f"look_scale is {self.look_scale:g} but must be above 0 and at most {LARGEST_SCALE:g}"
            )
        if not 0 <= self.rest <= LONGEST_REST_S:
            raise ProtocolError(f"rest is {self.rest:g} s but must be from 0 to {LONGEST_REST_S:g} s")
        self._check_times()

    def _check_times(self) -> None:
        for time in self.times:
            minutes(time)
        for before, after in pairwise(self.times):
            if minutes(after) <= minutes(before):
                raise ProtocolError(
                    f"looks at {before:g} and {after:g} h do not stand a minute apart in order"
                )
            if after - before > SLOW_STRIDE_H:
                raise ProtocolError(
                    f"the stride from {before:g} to {after:g} h is longer than {SLOW_STRIDE_H:g} h"
                )
            if 0 <= before < FAST_H and after - before > FAST_STRIDE_H:
                raise ProtocolError(
                    f"the stride from {before:g} to {after:g} h is longer than {FAST_STRIDE_H:g} h, which "
                    "is what BDNF, the "
                    f"fastest state that outlasts a look, allows in the {FAST_H:g} h after a dose"
                )
        for strange, done in (
            (set(self.reused) - set(self.times), "for which the look before could stand in"),
            (set(self.spared) - set(self.times), "which could be spared"),
        ):
            if strange:
                raise ProtocolError(f"there is no look at {min(strange):g} h, {done}")
        if self.stress is not None and not set(self.stress) <= set(self.times):
            told = " and ".join(f"{hour:g}" for hour in self.stress)
            raise ProtocolError(f"stress begins and ends at looks, in this order, not at {told} h")

    def looks(self) -> Iterator[Look]:
        for k, time in enumerate(self.times):
            stride = self.times[k + 1] - time if k + 1 < len(self.times) else 0.0
            stands = next((t for t in self.times[k + 1 :] if t not in self.reused), self.times[-1]) - time
            seconds = LONG_S if stands >= LONG_STRIDE_H or time < 0 or stride == 0 else SHORT_S
            seconds *= (SPARED if time in self.spared else 1.0) * self.look_scale
            yield Look(time, stride, 0.0 if k and time in self.reused else seconds)

    @property
    def seconds(self) -> float:
        """Biological seconds that a run simulates, the resting observation included."""
        return self.rest + sum(look.seconds for look in self.looks())

    def moments(self) -> dict[str, float]:
        """Readouts that are one look, by name, with their hour."""
        own, means = {"rest": 0.0, "peak": self.peak}, self.windows()
        return {
            name: own[name] if name in own else read_at(name)[0]
            for name in self.readouts
            if name not in means
        }

    def windows(self, begun: float = 0.0) -> dict[str, tuple[float, float]]:
        """Readouts that are means, by name, with their first and last hour; `0-2 h` counts from `begun`."""
        found = {name: read_at(name) for name in self.readouts if ".." in name}
        return found | ({WINDOW: (begun, begun + WINDOW_H)} if WINDOW in self.readouts else {})

    def spells(self) -> list[tuple[float, float]]:
        """First and last hours of stress."""
        return spells(self.stress)

    def stressed(self, time: float) -> bool:
        """Whether a stride that begins at `time` is under stress."""
        return any(first <= time < last for first, last in self.spells())


def _readout(value: object, what: str, error: Refusal) -> str:
    """The name of a readout that there is, windows of no length aside."""
    try:
        name = readout(text(value, what, error))
        if ".." in name:
            read_at(name)
        return name
    except GivenError as refusal:
        raise error(str(refusal)) from None


def _spells(value: object, what: str, error: Refusal) -> tuple[float, ...]:
    """First and last hours of one spell or several, in order."""
    must = "a first and a last hour, or those of several spells that do not overlap, in order"
    found = tuple(real(hour, f"an hour of {what}", error) for hour in listed(value, what, error, must))
    if not found or len(found) % 2 or any(a >= b for a, b in pairwise(found)):
        raise error(f"{what} is {shown(value)} but must be {must}")
    return found


def minutes(hour: float) -> int:
    """The slow world's clock: whole minutes.  Raises ProtocolError for an hour that never comes."""
    if not abs(hour) <= FURTHEST_H:
        raise ProtocolError(f"an hour of a protocol is within {FURTHEST_H:g} h of the dose, not {hour:g}")
    return round(hour * 60.0)


def one_day(peak: float, halved: bool = False) -> Protocol:
    """Two days untreated, a dose at 0 h, looks until 24 h: dense while the drug is there, sparse after.

    peak: hour of peak unbound concentration, which becomes a look.  `halved` puts a look in the middle of
    every stride.
    """
    peak = snapped(peak, ANCHORS_H)
    grid = [t for t in (*DRUG_H, *LATE_H) if t in ANCHORS_H or abs(t - peak) > NEARBY_H]
    early = [peak / 2] if peak / 2 > NEARBY_H and all(abs(peak / 2 - t) > NEARBY_H for t in grid) else []
    times = apart((*ANCHORS_H, peak), (*RELAX_H, *grid, *early))
    return sparing(Protocol(tuple(_halved(times) if halved else times), peak))


def weeks(
    peak: float,
    readouts: tuple[str, ...],
    *,
    also: tuple[float, ...] = (),
    stress: tuple[float, ...] | None = None,
    reuse: bool = True,
    halved: bool = False,
) -> Protocol:
    """A day as above, then strides that lengthen from 6 to 24 h until the last readout; before it, if asked
    for, stress.

    `also`: further hours at which to look.  With `reuse` every second look a day or more after the dose, and
    before it, is not taken: the one before stands in.  None of this depends on dose or seed.
    """
    asked = Protocol((), peak, readouts=readouts)
    hours = tuple(hour for name, hour in asked.moments().items() if name != "peak")
    hours += tuple(hour for window in asked.windows().values() for hour in window)
    peak = snapped(peak, (*hours, *ANCHORS_H))
    last = max((peak, *hours))
    times = {*one_day(peak).times, *also}
    hour, stride = 24.0, FIRST_STRIDE_H
    while hour < last:
        times.add(hour := min(float(round(hour + stride)), last))
        stride = min(stride * STRIDE_GROWTH, LONGEST_STRIDE_H)
    if stress is not None and minutes(stress[0]) < minutes(stress[1]):  # others are refused below
        times |= {
            stress[0] + LONGEST_STRIDE_H * k
            for k in range(int((stress[1] - stress[0]) / LONGEST_STRIDE_H) + 1)
        } | {stress[1]}
    ordered = [t for t in apart((*hours, peak), sorted(times)) if t <= last]
    ordered = _halved(ordered) if halved else ordered
    quiet = [t for t in ordered if t < 0 or t > 24.0]
    return sparing(
        Protocol(
            tuple(ordered),
            peak,
            readouts=readouts,
            reused=tuple(quiet[1::2]) if reuse else (),
            stress=stress,
        )
    )


def sparing(protocol: Protocol, read: Iterable[float] = ()) -> Protocol:
    """The protocol with looks half as long, but for short ones that are read: its own readouts, and those at
    further hours.  What slow states make of many looks hardly feels it; a rate that is read in one does.
    """
    kept = {minutes(hour) for hour in (*protocol.moments().values(), *read)}
    spared = [
        look.time
        for look in replace(protocol, look_scale=1.0, reused=(), spared=()).looks()
        if look.seconds == LONG_S or minutes(look.time) not in kept
    ]
    return replace(protocol, spared=tuple(spared))


def given(protocol: Protocol, inhibitions: tuple[Inhibition, ...]) -> Protocol:
    """The protocol with inhibitors; one that acts on the circuit itself is looked at while it comes and
    goes.
    """
    times, reused, spared = set(protocol.times), set(protocol.reused), set(protocol.spared)
    first, last = (protocol.times[0], protocol.times[-1]) if protocol.times else (0.0, 0.0)
    for item in inhibitions:
        if target_of(item.name) == "ampa":
            for time in (item.start + hours for hours in GIVEN_H):
                if first < time < last and all(abs(time - other) > NEARBY_H for other in times):
                    times.add(time)
                    spared |= {time} if spared else set()
            reused -= {time for time in reused if item.start <= time <= item.start + SLOW_STRIDE_H}
    return replace(
        protocol,
        times=tuple(sorted(times)),
        reused=tuple(sorted(reused)),
        spared=tuple(sorted(spared)),
        inhibitions=(*protocol.inhibitions, *inhibitions),
    )


def snapped(hour: float, anchors: tuple[float, ...]) -> float:
    """The anchor in the same minute, or the hour itself."""
    return next((t for t in anchors if minutes(t) == minutes(hour)), hour)


def apart(first: Iterable[float], times: Iterable[float]) -> list[float]:
    """All times in order, one for every minute; those named first stay."""
    kept: dict[int, float] = {}
    for time in (*first, *times):
        kept.setdefault(minutes(time), time)
    return sorted(kept.values())


def _halved(times: list[float]) -> list[float]:
    return apart(times, ((a + b) / 2 for a, b in pairwise(times)))
