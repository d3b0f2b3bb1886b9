"""Whether a protocol sees what is given: doses, baths and inhibitors that come and go, and its readouts.

A look stands for the stride that follows, so whatever is given needs a look soon after it comes and after it
goes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from prelimbic.parameters import target_of
from prelimbic.pharmacology import Bath, Dose
from prelimbic.simulation.inhibition import Inhibition
from prelimbic.simulation.protocol import FAST_H, FAST_STRIDE_H, NEARBY_H, Protocol, ProtocolError, minutes

NEAR_H = 0.5  # the first look after something comes or goes
ALSO = "take a look there too, or give no protocol of your own, and looks are planned for what is given"


@dataclass(frozen=True)
class Event:
    """Something comes or goes at `hour`; `what` says it.

    `sudden`: its effect is all there at that very moment.  `lasts`: what follows moves by itself, so that
    looks stay dense.
    """

    hour: float
    what: str
    sudden: bool = False
    lasts: bool = True


def starts(
    doses: tuple[Dose, ...], inhibitions: tuple[Inhibition, ...] = (), bath: Bath | None = None
) -> list[Event]:
    """All that begins to act on the circuit, in order.  A bath that has always been there does not begin."""
    found = [Event(dose.start, _told(dose), dose.route == "iv" and dose.duration is None) for dose in doses]
    found += [Event(item.start, item.name) for item in inhibitions if target_of(item.name) == "ampa"]
    found += (
        [Event(bath.start, "the bath", True, False)]
        if bath is not None and abs(bath.start) < math.inf
        else []
    )
    return sorted(found, key=lambda event: event.hour)


def ends(doses: tuple[Dose, ...], bath: Bath | None = None) -> list[Event]:
    """All that stops, in order: infusions and baths."""
    found = [Event(dose.end, f"the end of {_told(dose)}", True) for dose in doses if dose.duration]
    found += (
        [Event(bath.end, "the end of the bath", True, False)]
        if bath is not None and bath.end < math.inf
        else []
    )
    return sorted(found, key=lambda event: event.hour)


def check_looks(protocol: Protocol, doses: tuple[Dose, ...], bath: Bath | None = None) -> None:
    """Raise ProtocolError where the protocol would miss something that is given, or that it stops.

    A look is taken within half an hour after it (for what is there at once, at its hour or after), and for
    two hours from then on the looks that are taken stand no further apart than two hours.  What ends after
    the last look does not end.  A dose of nothing, as a vehicle's, is not missed.
    """
    doses = tuple(dose for dose in doses if dose.amount)
    first, last = (protocol.times[0], protocol.times[-1]) if protocol.times else (0.0, 0.0)
    for item in protocol.inhibitions:
        if item.start >= last:
            raise ProtocolError(
                f"{item.name} is given at {item.start:g} h, but the last look is at {last:g} h; "
                f"{later(item.start)}"
            )
    if (
        bath is not None
        and minutes(min(bath.end, last)) - minutes(max(bath.start, first)) < 1
        and bath.start < last
    ):
        raise ProtocolError(
            f"a bath lasts at least a minute of the protocol, not from {bath.start:g} to {bath.end:g} h"
        )
    taken = [time for k, time in enumerate(protocol.times) if k == 0 or time not in protocol.reused]
    for event in starts(doses, protocol.inhibitions, bath):
        _check_followed(event, taken)
    for event in ends(doses, bath):
        if event.hour < last:
            _check_followed(event, taken)


def check_begin(protocol: Protocol, doses: tuple[Dose, ...], bath: Bath | None = None) -> None:
    """Raise ProtocolError where a run would not begin untreated: something is given before its first look,
    or is there at it.
    """
    first = protocol.times[0]
    told = [*starts(doses, (), bath), *(Event(item.start, item.name) for item in protocol.inhibitions)]
    if bath is not None and bath.start == -math.inf:
        told.append(Event(bath.start, "the bath", True))
    for event in told:
        if event.hour < first or (event.sudden and event.hour <= first):
            raise ProtocolError(
                f"a run begins untreated, but {event.what} is given at {event.hour:g} h and the first look "
                f"is at {first:g} h; "
                f"look earlier"
            )


def check_readouts(protocol: Protocol, doses: tuple[Dose, ...], bath: Bath | None = None) -> None:
    """Raise ProtocolError for a readout at an hour at which nobody looks."""
    wanted = list(moments(protocol, doses, bath).items())
    windows = protocol.windows(begun(doses, bath))
    wanted += [(name, hour) for name, ends in windows.items() for hour in ends]
    looked = {minutes(time) for time in protocol.times}
    for name, hour in wanted:
        if minutes(hour) not in looked:
            raise ProtocolError(
                f"the readout {name} needs a look at {hour:g} h, where the protocol has none"
            )


def begun(doses: tuple[Dose, ...], bath: Bath | None = None) -> float:
    """The hour from which `0-2 h` counts: 0 where something is given then or nothing is, else that of the
    first dose, or without doses of the bath.
    """
    hours = [event.hour for event in (starts(doses) or starts((), (), bath))]
    return 0.0 if not hours or 0.0 in hours else hours[0]


def moments(protocol: Protocol, doses: tuple[Dose, ...], bath: Bath | None = None) -> dict[str, float]:
    """Readouts that are one look, by name, with their hour.

    `rest` is the last look before any drug is there: a bolus is there at its hour, what is infused or
    absorbed only after it.  A bath from hour 0 on keeps its rest at 0 h, and so do runs without a drug.
    """
    found, given = (
        protocol.moments(),
        starts(doses, (), bath if bath is not None and bath.start != 0.0 else None),
    )
    if "rest" in found and given:
        there = min((event.hour for event in given if event.sudden), default=math.inf)
        before = [time for time in protocol.times if time <= given[0].hour and time < there]
        taken = [time for time in before if time not in protocol.reused]
        found["rest"] = (taken or before or [given[0].hour])[-1]
    return found


def a_day_after(hour: float) -> str:
    """The readout, in whole hours, a day after something at an hour."""
    return f"{math.ceil(hour) + 24} h"


def later(hour: float) -> str:
    """What to do where nobody looks after an hour."""
    return f"ask for a later readout, such as {a_day_after(hour)}"


def _check_followed(event: Event, taken: list[float]) -> None:
    after = [time for time in taken if time > event.hour or (event.sudden and time == event.hour)]
    if not after or minutes(after[0]) - minutes(event.hour) > minutes(NEAR_H + NEARBY_H):
        then = f"the next is at {after[0]:g} h" if after else "there is none after it"
        raise ProtocolError(
            f"{event.what} at {event.hour:g} h would be missed: no look is taken within half an hour, "
            f"{then}; {ALSO if after else later(event.hour)}"
        )
    for before, time in pairwise(after if event.lasts else ()):
        if before < event.hour + FAST_H and minutes(time) - minutes(before) > minutes(FAST_STRIDE_H):
            raise ProtocolError(
                f"{event.what} at {event.hour:g} h would be lost from sight: no look is taken between "
                f"{before:g} and {time:g} h; "
                f"{ALSO}"
            )


def _told(dose: Dose) -> str:
    return f"the {dose.route} dose of {dose.amount:g} mg/kg {dose.compound}"
