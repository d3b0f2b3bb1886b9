"""Where commands print, and how wide."""

from __future__ import annotations

from rich.console import Console

Screen = Console  # where a sweep says what it does

CONSOLE_WIDTH = 160  # of tables where there is no terminal
NARROWEST = 20  # a terminal that says it has fewer columns does not know


def console(beside: bool = False) -> Console:
    """Standard output, or standard error for what is said `beside` an answer in JSON; tables keep a fixed
    width where it is not a terminal.
    """
    shown = Console(markup=False, stderr=beside)  # a sheet may be called [red]
    if shown.is_terminal and shown.width >= NARROWEST:
        return shown
    return Console(width=CONSOLE_WIDTH, markup=False, stderr=beside)
