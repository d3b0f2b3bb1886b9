"""A worker process: computes one run after the other, and keeps the place of one that it has to leave."""

from __future__ import annotations

import os
import signal
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from prelimbic.circuits import EngineLost
from prelimbic.experiments.storage.files import StoreError
from prelimbic.experiments.sweep.shelf import Branches, shelf
from prelimbic.experiments.sweep.study import Run, carry_out
from prelimbic.experiments.sweep.surroundings import settle_figures

# by which batch systems say that the time is over soon
WARNINGS = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU)
# Told to a worker by its owner, or to all processes of a job or of a terminal at once.
LEAVE = (*WARNINGS, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_leaving = threading.Event()


@dataclass(frozen=True)
class Order:
    """One run to compute; `checkpoint` is where it is saved when it is stopped, `branches` are the looks
    after which its state is shared.
    """

    run: Run
    folder: Path
    compiled: bool
    checkpoint: Path
    branches: Branches = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """What a worker says of its run: `what` is did, done, paused, failed, or lost with its engine; `seconds`
    biological ones were done since it last spoke; of those of the whole run an earlier process did
    `resumed`.
    """

    what: str
    seconds: float = 0.0
    resumed: float = 0.0
    moved: bool = False  # whether the place kept is further on than the one found
    reason: str = ""
    trace: str = ""


def work(orders: Connection, owner: int) -> None:
    """Carry out orders until the owner has no more, or is gone."""
    for told in LEAVE:
        if told != signal.SIGHUP or signal.getsignal(told) != signal.SIG_IGN:  # nohup
            signal.signal(told, lambda *_: _leaving.set())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, LEAVE)
    threading.Thread(target=_leave_with, args=(owner,), daemon=True).start()
    settle_figures()
    with suppress(EOFError, OSError):  # the owner is gone
        while not _leaving.is_set() and (order := orders.recv()) is not None:
            orders.send(_carried_out(order, orders))


def _carried_out(order: Order, orders: Connection) -> Told:
    from prelimbic.experiments.sweep.checkpoint import Place
    from prelimbic.simulation.run import Paused

    run = order.run
    shared = shelf(run.config.numerics) if order.branches and order.compiled else None
    place = Place(
        order.checkpoint, run.config.run_id(), run.config.numerics, _leaving.is_set, shared, order.branches
    )

    def tell(seconds: float) -> None:
        if shared is not None:
            shared.beat()
        orders.send(Told("did", seconds, place.resumed_s, place.kept > place.found))

    try:
        carry_out(run, order.folder, order.compiled, tell, place)
    except Paused:
        return Told("paused", moved=place.kept > place.found)
    except Exception as error:
        if _leaving.is_set():  # what was told to leave may have told its own helpers
            return Told("paused")
        if isinstance(error, EngineLost):
            return Told("lost", reason=reason(error))
        # not the machine's fault: the next time from its begin
        if place.found and not isinstance(error, (StoreError, OSError)):
            with suppress(OSError):
                order.checkpoint.unlink(missing_ok=True)
        return Told("failed", reason=reason(error), trace="".join(traceback.format_exception(error)))
    finally:
        if shared is not None:
            shared.leave()
    return Told("done")


def reason(error: BaseException) -> str:
    """The first line of an error."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _leave_with(owner: int) -> None:
    """End this process when the one that started it is gone, however it went."""
    while os.getppid() == owner:
        time.sleep(1.0)
    os._exit(1)
