"""`prelimbic export`: a run or a study for other programs."""

from __future__ import annotations

import warnings
from pathlib import Path

import click

from prelimbic.experiments.cli.words import PATH, Command


@click.command(cls=Command)
@click.argument("path", type=PATH)
@click.option("--to", required=True, metavar="FORMAT", help="nwb, sonata, neo, csv, parquet or zarr.")
@click.option(
    "--out",
    type=PATH,
    help="The file or folder to write.  [default: the name of PATH and that of the format, here]",
)
@click.option("--force", is_flag=True, help="Replace an earlier export that nobody has changed.")
def export(path: Path, to: str, out: Path | None, force: bool) -> None:
    """Write PATH, a run file or the folder of a study, for other programs.

    nwb, sonata and neo hold the spikes of runs that kept them (--spikes), of a study one a run; csv, parquet
    and zarr hold all numbers. docs/export.md has a snippet for each that reads it.
    """
    from prelimbic.experiments.cli.ends import say
    from prelimbic.experiments.exchange.export import exported
    from prelimbic.experiments.sweep.screen import console
    from prelimbic.experiments.sweep.watch import progress_bar

    bar = progress_bar(console(), "runs")
    task = bar.add_task(f"to {to}", total=None)
    with warnings.catch_warnings(record=True, action="always", category=UserWarning) as told, bar:
        made = exported(path, to, out, force, lambda done, of: bar.update(task, completed=done, total=of))
    for each in told:
        if each.category.__module__.startswith("prelimbic."):
            say(str(each.message))
    print(f"wrote {made} ({_size(made) / 1e6:.3g} MB)")


def _size(made: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = [path for path in made.rglob("*") if path.is_file()] if made.is_dir() else [made]
    return sum(path.stat().st_size for path in files)
