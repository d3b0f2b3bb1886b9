"""`prelimbic surrogate`: what stands for a circuit where many people are simulated: look, rebuild, check."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prelimbic.experiments.cli.words import PATH, Command
from prelimbic.parameters import CIRCUIT

if TYPE_CHECKING:
    from prelimbic.patients.surrogate import Surrogate

MOST_CHECKED, MOST_WORKERS = 1000, 256


@click.command(cls=Command)
@click.option("--sheet", default=CIRCUIT, show_default=True, help="Circuit sheet that it stands for.")
@click.option("--affinity", help="Receptors of tissue or recombinant.  [default: tissue]")
@click.option("--rebuild", is_flag=True, help="Train it on spikes; what a stopped training had is kept.")
@click.option(
    "--check", type=int, metavar="N", help="Hold it against whole spiking runs of N people it never saw."
)
@click.option("--workers", type=int, default=1, show_default=True, help="Circuits trained at a time.")
@click.option(
    "--out", type=PATH, metavar="FILE.json", help="Write it there.  [default: the cache, where it is found]"
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
def surrogate(
    sheet: str,
    affinity: str | None,
    rebuild: bool,
    check: int | None,
    workers: int,
    out: Path | None,
    as_json: bool,
) -> None:
    """The surrogate of a circuit, with which people are computed in thousands: its identity, its drawn
    circuits, and how far it is from real spikes.
    """
    from prelimbic.parameters.plain import choice
    from prelimbic.patients.surrogate import SurrogateError, named
    from prelimbic.patients.surrogate import surrogate as known
    from prelimbic.simulation.switches import AFFINITIES

    chosen = AFFINITIES[0] if affinity is None else choice(affinity, AFFINITIES, "affinity", SurrogateError)
    if check is not None and not 1 <= check <= MOST_CHECKED:
        raise click.UsageError(f"--check is {check} but must be from 1 to {MOST_CHECKED} people")
    if not 1 <= workers <= MOST_WORKERS:
        raise click.UsageError(f"--workers is {workers} but must be from 1 to {MOST_WORKERS}")
    if out is not None and (not (rebuild or check) or out.suffix != ".json"):
        raise click.UsageError(f"--out is {out} but takes a .json file, with --rebuild or --check")
    circuit = named(sheet)
    found = _rebuilt(circuit, chosen, workers, out) if rebuild else known(circuit, chosen)
    if check:
        found = _checked(found, check, out)
    print(json.dumps(_as_json(found)) if as_json else _told(found))


def _rebuilt(circuit: str, affinity: str, workers: int, out: Path | None) -> Surrogate:
    from prelimbic.patients.rebuild import rebuilt

    with _progress("circuits that rest as recorded") as tell:
        return rebuilt(
            circuit,
            affinity,
            workers,
            out,
            lambda drawn, resting, wanted: tell(resting, wanted, f"{drawn} drawn"),
        )


def _checked(found: Surrogate, n: int, out: Path | None) -> Surrogate:
    """The surrogate with what a check saw, which is written with it."""
    from prelimbic.patients.checking import checked, seconds
    from prelimbic.patients.rebuild import written

    whole, done = seconds(found, n), 0.0
    with _progress("biological s") as tell:

        def hear(more: float) -> None:
            nonlocal done
            done += more
            tell(round(done), round(whole), f"{n} whole runs")

        return written(found.holding(checked(found, n, hear)), out)


@contextmanager
def _progress(unit: str) -> Iterator[Callable[[int, int, str], None]]:
    """A bar in a terminal; elsewhere a line a tenth, with the time left."""
    from rich.console import Console

    from prelimbic.experiments.sweep.watch import progress_bar

    screen, begun, told = Console(stderr=True, markup=False), time.monotonic(), -1
    with progress_bar(screen, unit) as bar:
        task = bar.add_task("", total=None)

        def tell(done: int, whole: int, what: str) -> None:
            nonlocal told
            bar.update(task, completed=done, total=whole, description=what)
            if not screen.is_terminal and (tenth := 10 * done // max(whole, 1)) != told:
                told, spent = tenth, time.monotonic() - begun
                left = f", about {spent * (whole / done - 1):.0f} s left" if done else ""
                screen.print(f"{what}: {done} of {whole} {unit}, {spent:.0f} s{left}", highlight=False)

        yield tell


def _as_json(found: Surrogate) -> dict[str, Any]:
    errors = {name: float(f"{value:.4g}") for name, value in found.errors.items()}
    return {
        "sheet": found.circuit,
        "affinity": found.affinity,
        "identity": found.identity,
        "file": str(found.path),
        "circuits": list(found.circuits),
        "drawn": found.drawn,
        "errors": errors,
        "error": found.error,
        "checked": list(found.checked),
    }


def _told(found: Surrogate) -> str:
    from prelimbic.patients import design

    lines = [
        f"surrogate of sheet {found.circuit} at {found.affinity} receptors, identity {found.identity}",
        f"file      {found.path}",
        f"trained   on spikes of {len(found.circuits)} circuits that rest as recorded, of {found.drawn} "
        f"drawn: {', '.join(map(str, found.circuits))}",
        f"          at {', '.join(f'{uM:g}' for uM in design.CONCENTRATIONS_UM)} uM of unbound ketamine and "
        f"{', '.join(f'{n:g}' for n in design.CONTACTS)} of healthy contacts",
        *_folded(f"error     {found.error}"),
    ]
    for run in found.checked:
        lines.append(
            f"checked   subject {run['subject']}, {run['give']}, {run['hour']:g} h: spines "
            f"{100 * run['spiking']:+.2f} % with spikes, {100 * run['emulated']:+.2f} % without"
        )
    return "\n".join(lines)


def _folded(text: str) -> list[str]:
    from textwrap import wrap

    return wrap(text, 100, subsequent_indent=" " * 10)
