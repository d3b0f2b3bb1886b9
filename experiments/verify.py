"""Read every file of a study again and find what is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from experiments.conduct import console
from experiments.files import StoreError, printable, seal_holds
from experiments.manifest import SWEEP, read_manifest, strangers, studies_in
from experiments.store import check_run, tree


def verify(path: Path) -> None:
    """Say of a file, a study's folder, or a folder of such, what is damaged.  Raises StoreError when anything is."""
    if path.is_file():
        check_file(path, None)
        print(f"{path}: whole")
        return
    damaged = sum(_damaged(folder) for folder in studies_in(path))
    if damaged:
        raise StoreError(f"{damaged} damaged {'file' if damaged == 1 else 'files'}; the study's command computes runs anew")


def check_file(path: Path, run_id: str | None) -> None:
    """Compute seal and digest of a file again.  Raises StoreError where it is not what it was, or not the run `run_id`."""
    if path.name == SWEEP:
        holds = seal_holds(path, "sweep")
        if holds is False:
            raise StoreError(f"{path} is damaged: its content does not match its seal")
        if holds is None:  # one of an earlier version
            tree(path)
        return
    head = check_run(path)
    if run_id is not None and head["run_id"] != run_id:
        raise StoreError(f"{path} is run {head['run_id']}, not {run_id}")


def _damaged(folder: Path) -> int:
    """Print what is damaged in the folder of a study, and how much is whole; how many files are damaged."""
    try:
        manifest = read_manifest(folder)
    except StoreError as error:
        print(error)
        return 1
    ids = {str(run["file"]): str(run["run_id"]) for run in manifest["runs"]}
    others = strangers(folder, ids)
    there = [folder / name for name in (*ids, *others, SWEEP) if (folder / name).exists()]
    damaged: dict[str, str] = {}
    for path in _progress(there):
        try:
            check_file(path, ids.get(path.name))
        except StoreError as error:
            damaged[path.name] = str(error)
        except OSError as error:
            damaged[path.name] = printable(f"{path} cannot be read: {error.strerror}")
    for line in damaged.values():
        print(line)
    names = {path.name for path in there}
    whole, missing = len(ids.keys() & names - damaged.keys()), len(ids.keys() - names)
    print(printable(f"study {manifest['study']} in {folder}: {whole} of {len(ids)} runs are whole, {len(damaged)} files damaged, "
                    f"{missing} missing"))  # fmt: skip
    return len(damaged)


def _progress(paths: list[Path]) -> Iterator[Path]:
    screen = console()
    bar = Progress(TextColumn("verifying"), BarColumn(), MofNCompleteColumn(), TextColumn("files"), console=screen,
                   disable=not screen.is_terminal, transient=True)  # fmt: skip
    with bar:
        yield from bar.track(paths)
