"""What a sweep says of its runs before it computes them: damage, what they rest on, where it is computed."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from rich.console import Console

from prelimbic.experiments.storage.files import there
from prelimbic.experiments.storage.provenance import target
from prelimbic.experiments.storage.targets import targets_of, unlike
from prelimbic.experiments.sweep.study import Run
from prelimbic.experiments.sweep.unusual import unusual
from prelimbic.parameters.caching import CacheError, the_cache
from prelimbic.parameters.granted import available_cpus, threads_asked


def tell_damaged(todo: list[Run], causes: dict[str, str], folder: Path, screen: Console) -> None:
    """Name the files of runs to compute that are there and not whole, and those that cannot be read here."""
    for name, cause in causes.items():
        screen.print(
            f"cannot be read here, left as it is: {name} ({cause})",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    for run in todo:
        if there(folder / run.file):
            screen.print(f"damaged, recomputing: {run.file}", highlight=False, markup=False, soft_wrap=True)


def tell_unlike(runs: list[Run], todo: list[Run], folder: Path, compiled: bool, screen: Console) -> None:
    """Say which finished runs of the study were not computed as those `todo` will be here."""
    unfinished = {run.file for run in todo}
    found = targets_of(
        folder / run.file for run in runs if run.file not in unfinished and (folder / run.file).exists()
    )
    if text := unlike(found, target(compiled, todo[0].config.numerics)):
        screen.print(text, highlight=False, markup=False, soft_wrap=True)


def tell_unusual(runs: list[Run], screen: Console) -> None:
    """Say which numbers were set, and which circuits were not calibrated for them."""
    for line in unusual(run.config for run in runs):
        screen.print(line, highlight=False, markup=False, soft_wrap=True)


FEW_CELLS = 10_000  # below, threads wait for each other longer than they compute


def tell_threads(runs: list[Run], screen: Console) -> None:
    """Say when several threads a circuit are not worth it."""
    cells = runs[0].config.described().size
    if (threads := threads_asked()) > 1 and cells < FEW_CELLS:
        screen.print(
            f"{threads} threads a circuit: one of {cells:,} cells is hardly faster, and many times slower "
            f"on cores that others use; threads are for {FEW_CELLS:,} cells and more, workers for many runs",
            highlight=False,
            soft_wrap=True,
        )


def tell_surroundings(workers: int, screen: Console) -> None:
    """Say what is unusual about where this is computed: a cache that may not last, more workers than
    CPUs.
    """
    granted, threads = available_cpus(), threads_asked()
    if workers * threads > granted:
        of = f" of {threads} threads" if threads > 1 else ""
        screen.print(
            f"{workers} workers{of} are more than the CPUs granted here, {granted}: they will share them",
            highlight=False,
        )
    with suppress(CacheError):  # raised again by what needs it
        if told := the_cache().told:
            screen.print(told, highlight=False, markup=False, soft_wrap=True)
