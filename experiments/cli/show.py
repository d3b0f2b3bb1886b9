"""What the command line shows besides runs: switches, and what a file or folder holds."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table
from rich.text import Text

from prelimbic.parameters import (
    INHIBITORS,
    inhibitor,
    sheet,
    target_of,
)


def show_switches() -> None:
    """Print hypothesis switches and manipulations."""
    from prelimbic.circuits import NAMED
    from prelimbic.experiments.sweep.options import as_options, flag
    from prelimbic.simulation.switches import PV_THALAMIC, SWITCHES

    table = Table(title="switches of `prelimbic run`", title_justify="left")
    for heading in ("switch", "option", "meaning and source"):
        table.add_column(heading, overflow="fold")
    for switch, options in SWITCHES.items():
        for option, meaning in options.items():
            table.add_row(flag(switch), option, meaning)
    table.add_row("--sheet", *as_options(PV_THALAMIC).split(": ", 1))
    _print(table)
    named = Table(
        title="manipulations for --manipulate; SITE is a projection such as Pyr->SST, recurrent, background "
        "or all",
        title_justify="left",
    )
    for heading in ("name", "takes"):
        named.add_column(heading, overflow="fold")
    for name, (usage, _) in NAMED.items():
        named.add_row(name, usage)
    _print(named)
    drugs = Table(
        title=Text(
            "inhibitors for --inhibit NAME[=AMOUNT][@HOURh]; AMOUNT times the usual one", "table.title"
        ),
        title_justify="left",
    )
    for heading in ("name", "target", "shut at its peak (brain, blood)", "half-times (h)", "what it is"):
        drugs.add_column(heading, overflow="fold")
    source = sheet("inhibitors")
    for name in INHIBITORS:
        n, note = inhibitor(name, source), source.sections[name]["brain"].note
        drugs.add_row(name, target_of(name), f"{n.brain:g}, {n.blood:g}", f"{n.onset:g}, {n.offset:g}", note)
    _print(drugs)


def show_path(path: Path) -> None:
    """Print what a run file, or a study's folder, holds."""
    from prelimbic.experiments.storage.files import StoreError, there
    from prelimbic.experiments.storage.store import check_run, read_config, tree

    if not there(path):
        raise StoreError(f"{path} does not exist")
    if path.is_dir():
        _show_folder(path)
        return
    head = check_run(path)
    print(f"{path}: whole")
    for key in sorted(k for k in head if k not in ("provenance", "complete", "magic", "version")):
        print(f"  {key}: {head[key]}")
    for name, value in read_config(path)["overrides"]:
        print(f"  overridden: {name} = {value:g}")
    for key, value in sorted(head["provenance"].items()):
        print(f"  {key}: {value}")
    table = Table(title="variables", title_justify="left")
    for heading in ("name", "dimensions", "unit", "meaning"):
        table.add_column(heading, overflow="fold")
    for row in tree(path):
        table.add_row(*row)
    _print(table)


def _show_folder(folder: Path) -> None:
    from prelimbic.experiments.storage.files import (
        StoreError,
        UnreadableError,
        printable,
        there,
        unreadable,
    )
    from prelimbic.experiments.storage.manifest import earlier_ids, read_manifest, strangers
    from prelimbic.experiments.storage.store import check_run

    manifest = read_manifest(folder)
    if told := earlier_ids(folder, manifest):
        print(printable(told))
    mine = [run["file"] for run in manifest["runs"]]
    whole, damaged, causes = 0, 0, dict[str, str]()
    for name in mine:
        try:
            if not there(folder / name):
                print(f"missing: {name}")
                continue
            check_run(folder / name)
            whole += 1
        except UnreadableError as error:
            causes[name] = error.cause
            print(error)
        except StoreError as error:
            damaged += 1
            print(error)
    beside = (f", {damaged} damaged" if damaged else "") + (
        f", {len(causes)} not to be read here" if causes else ""
    )
    print(f"study {manifest['study']}: {whole} of {len(mine)} runs are finished and whole{beside}")
    for other in strangers(folder, mine):
        print(f"not of this study as last asked: {other}")
    if causes:
        raise unreadable(folder, causes)
    if damaged:
        them = "it" if damaged == 1 else "them"
        raise StoreError(f"{folder}: {damaged} damaged; the study's command recomputes {them}")


def _print(table: Table) -> None:
    from prelimbic.experiments.sweep.conduct import console

    console().print(table, markup=False)  # a note may hold brackets
