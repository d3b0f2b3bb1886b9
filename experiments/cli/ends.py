"""How the command line ends: one sentence for every known error, and an exit code."""

from __future__ import annotations

import os
import re
import signal
import sys
from contextlib import suppress
from typing import NoReturn

from prelimbic.experiments.sweep.options import as_options

NO_MEMORY = re.compile("failed to map|[Cc]annot allocate")  # of what the dynamic linker says
# the last: stopped by a batch system, may be queued again
USAGE, FAILURE, INTERRUPTED, LATER = 2, 1, 130, 75
ENDED = "stopped; nothing is left half-written"


def hear_signals() -> None:
    """Let SIGTERM end a command as Ctrl-C does, and the warnings of batch systems as they should be
    answered.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    for warning in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU):
        signal.signal(warning, _warned)


def told(error: Exception) -> int:
    """Say an error in one sentence and return its exit code.  One that is ours, and no user's or machine's,
    is raised.
    """
    if isinstance(error, MemoryError) or (isinstance(error, ImportError) and NO_MEMORY.search(str(error))):
        # nothing more can be imported
        say(f"there is not enough memory{f' ({error})' if str(error) else ''}")
        return FAILURE
    from prelimbic.experiments.sweep.cluster import requeued
    from prelimbic.experiments.sweep.execute import Stopped

    code = _code(error)
    if code is None:
        raise error
    say(
        as_options(_sentence(error))
        + (
            f", which {by} has queued again"
            if isinstance(error, Stopped) and (by := requeued(error))
            else ""
        )
    )
    return code


def _sentence(error: Exception) -> str:
    """What an error says; of the system, with what it is about."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error) or type(error).__name__
    if error.filename is not None:
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    if isinstance(error, FileNotFoundError) and not os.path.exists("."):
        return "the current folder is gone; go to one that is there"
    return _unprintable() or f"standard output cannot be written: {error.strerror}"


def _unprintable() -> str:
    """Why standard output cannot be written, or nothing."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError) as error:
        return f"standard output cannot be written: {getattr(error, 'strerror', None) or error}"
    return ""


def say(text: str) -> None:
    """One line on standard error, of what a terminal can print."""
    words = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in " ".join(text.split()))
    with suppress(OSError, ValueError):  # nobody hears it
        print(f"prelimbic: {words}", file=sys.stderr)


def leave(code: int) -> NoReturn:
    """End with an exit code; what could not be printed is a failure too."""
    if why := _unprintable():
        if code == 0:
            say(why)
        code = code or FAILURE
        with suppress(OSError, ValueError):  # else Python tries again, and complains
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _warned(told: int, frame: object) -> NoReturn:
    """A batch system says that the time is over soon."""
    from prelimbic.experiments.sweep.execute import Stopped

    raise Stopped(told)


def _code(error: Exception) -> int | None:
    """Exit code of an error that is the user's or the machine's; None for one that is ours."""
    from prelimbic.experiments.sweep.execute import Stopped
    from prelimbic.parameters.errors import RunError, UsageError  # with all numbers, which take time

    if isinstance(error, UsageError):
        return USAGE
    if isinstance(error, Stopped):
        return LATER if error.warned else INTERRUPTED
    return FAILURE if isinstance(error, (RunError, OSError)) else None
