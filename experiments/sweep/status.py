"""How far a study is: from the names in its folder and the marks of those who compute it, with no look into
a run file but at its seal.
"""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from prelimbic.experiments.storage.files import UNREAD, StoreError, names_in, printable
from prelimbic.experiments.storage.manifest import SWEEP, read_manifest, studies_in
from prelimbic.experiments.storage.targets import mixture, targets_of
from prelimbic.experiments.sweep.cluster import BACKENDS
from prelimbic.experiments.sweep.marks import JOBS, Failure, Mark, failures, places, running
from prelimbic.experiments.sweep.queue import ClusterError

PATIENCE_S = 1.0
LISTED = 10  # missing runs that are named
LONGEST = 500  # characters of a reason


@dataclass(frozen=True)
class Status:
    """Runs of a study by how far they are; what is missing is neither finished, running nor failed."""

    folder: Path
    study: str
    finished: list[str]
    running: list[Mark]
    failed: list[Failure]
    missing: list[str]
    stopped: set[str]  # those of all that have a place from which they go on
    left_s: float | None  # None: nobody is at work, or nobody yet knows
    jobs: dict[str, int]  # in the queue, by state
    unheard: str  # why the batch system does not tell of jobs that may be there
    others: int  # run files that belong to something asked earlier
    targets: dict[str, int]  # how many of the finished runs were computed by what; "" where it is not known


def status(folder: Path) -> Status:
    """How far the study in a folder is.  Raises StoreError where there is none, or where that cannot be
    seen.
    """
    manifest = read_manifest(folder)
    there = {*names_in(folder)}
    seconds = {str(run["file"]): float(run.get("seconds", 0.0)) for run in manifest["runs"]}
    open_ = {name for name in seconds if name not in there}
    at_work = [mark for mark in running(folder) if mark.run in open_]
    by_run = {mark.run for mark in at_work}
    failed = [failure for failure in failures(folder) if failure.run in open_ - by_run]
    missing = [name for name in seconds if name in open_ - by_run - {failure.run for failure in failed}]
    waiting_s = sum(seconds[name] for name in missing)
    return Status(
        folder,
        manifest["study"],
        [name for name in seconds if name in there],
        at_work,
        failed,
        missing,
        places(folder) & open_,
        _left(at_work, waiting_s),
        *_jobs(folder),
        sum(name.endswith(".h5") for name in there - seconds.keys() - {SWEEP}),
        dict(targets_of(folder / name for name in seconds if name in there)),
    )


def _left(at_work: list[Mark], waiting_s: float) -> float | None:
    """Seconds until all is done at the pace of those at work, failed runs not counted."""
    now = time.time()
    paces = [
        (mark.done_s - mark.resumed_s) / (now - mark.since)
        for mark in at_work
        if mark.done_s > mark.resumed_s and now > mark.since
    ]
    if not paces:
        return None
    pace = len(at_work) * sum(paces) / len(paces)
    left = (waiting_s + sum(mark.total_s - mark.done_s for mark in at_work)) / pace
    return max(0.0, left) if math.isfinite(left) else None


def _jobs(folder: Path) -> tuple[dict[str, int], str]:
    """Jobs of the folder in the queue of a batch system by state, none where there is none; and why it does
    not tell.
    """
    states, silent, heard = Counter[str](), "", False
    if any((folder / JOBS).glob("round-*.sh")):
        for queue in (backend(folder.resolve()) for backend in BACKENDS.values() if backend.there()):
            try:
                heard |= queue.look(PATIENCE_S)
            except ClusterError as error:
                silent = str(error)
            states.update(state.lower() for state in queue.states.values())
    return dict(states), "" if heard else silent


def show_status(path: Path, as_json: bool) -> None:
    """Print how far a study, or every study in a folder, is.  Raises StoreError, when the others were told,
    where one is none.
    """
    found, wrong = list[Status](), list[str]()
    for folder in studies_in(path):
        try:
            found.append(status(folder))
        except StoreError as error:
            wrong.append(str(error))
    if not as_json:
        for one in found:
            print("\n".join(printable(line) for line in _lines(one)))
    elif found:
        print(json.dumps([_as_dict(one) for one in found], indent=1))
    if wrong:
        raise StoreError("; ".join(wrong))


def _lines(one: Status) -> list[str]:
    total = len(one.finished) + len(one.running) + len(one.failed) + len(one.missing)
    parts = [f"{len(one.running)} running", f"{len(one.failed)} failed", f"{len(one.missing)} missing"]
    left = "" if one.left_s is None else f"; about {_duration(one.left_s)} left"
    lines = [
        f"study {one.study} in {one.folder}: {len(one.finished)} of {total} runs finished, "
        f"{', '.join(parts)}{left}"
    ]
    if one.jobs:
        lines.append(
            f"  jobs in the queue: {', '.join(f'{n} {state}' for state, n in sorted(one.jobs.items()))}"
        )
    if one.unheard:
        lines.append(f"  jobs in the queue: not known; {one.unheard[:LONGEST]}")
    if one.others:
        lines.append(
            f"  {one.others} further run {'file belongs' if one.others == 1 else 'files belong'} to "
            "something asked earlier"
        )
    if unread := one.targets.get(UNREAD, 0):
        lines.append(f"  {unread} of the finished runs cannot be read here; prelimbic verify says why")
    if unlike := mixture(Counter(one.targets)):
        lines.append(f"  {unlike}")
    for mark in one.running:
        share = f"{100 * mark.done_s / mark.total_s:.0f} %" if mark.total_s > 0 else "begun"
        job = f", job {mark.holder.job}" if mark.holder.job else ""
        who = (
            f"on {mark.holder.host} (process {mark.holder.process}{job})"
            if mark.holder.host
            else "by whom cannot be read here"
        )
        lines.append(f"  running  {mark.run}: {share}, {who}")
    for failure in one.failed:
        where = failure.holder.log or one.folder / JOBS / f"{failure.run}.failed"
        lines.append(f"  failed   {failure.run}: {failure.reason[:LONGEST]}; log {where}")
    for name in one.missing[:LISTED]:
        lines.append(
            f"  missing  {name}{' (stopped; resumes from its checkpoint)' if name in one.stopped else ''}"
        )
    if len(one.missing) > LISTED:
        lines.append(f"  missing  and {len(one.missing) - LISTED} more")
    return lines


def _as_dict(one: Status) -> dict[str, Any]:
    plain = asdict(one) | {"folder": str(one.folder), "stopped": sorted(one.stopped)}
    left_out = {"left_s"} if one.unheard else {"left_s", "unheard"}
    return {name: value for name, value in plain.items() if name not in left_out} | {
        "seconds_left": one.left_s
    }


def _duration(seconds: float) -> str:
    for size, unit in ((86400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
