"""Many times kill -9 at a random moment: nothing that was finished is lost, nothing half-written passes for
whole.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from rich.console import Console

from prelimbic.experiments.storage.files import seal_holds
from prelimbic.experiments.storage.store import check_run
from prelimbic.experiments.sweep.execute import execute
from prelimbic.experiments.sweep.marks import JOBS
from prelimbic.experiments.sweep.study import prepare
from tests.engines import soon
from tests.test_store import digests, planned, stamped

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1500)]
ROOT = Path(__file__).resolve().parent.parent
SEEDS = 16
LONGEST_S, AT_WORK_S = 5.0, 2.5  # until a kill: since the start, and since a worker has done a look

SWEEP = f"""
import sys
from pathlib import Path
from rich.console import Console
from prelimbic.experiments.sweep.execute import execute
from tests.test_store import planned
execute(planned({SEEDS}), Path(sys.argv[1]), 2, True, Console(quiet=True))
"""
# In every worker: a run keeps its place after each look, and that it does so is told.
OFTEN = """
import pathlib, sys
if any("spawn_main" in word for word in sys.orig_argv):
    from prelimbic.experiments.sweep import checkpoint
    checkpoint.EVERY_S, checkpoint.SHARE = 0.0, 1e9
    keep = checkpoint.Place.keep
    def kept(*asked):
        pathlib.Path(__file__).with_name("at-work").touch()
        keep(*asked)
    checkpoint.Place.keep = kept
"""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("undisturbed")
    prepare(planned())
    execute(planned(SEEDS), folder, 2, True, Console(quiet=True))
    return digests(folder)


def read_whole(folder: Path, known: dict[str, tuple[int, str]]) -> dict[str, tuple[int, str]]:
    """When each run file was written, and its digest; of one that is known and not written since, the seal
    is enough.
    """
    found = {}
    for path in sorted(folder.glob("*seed*.h5")):
        when = path.stat().st_mtime_ns
        if path.name in known and known[path.name][0] == when:
            assert seal_holds(path, path.stem.rpartition("_")[2])
            found[path.name] = known[path.name]
        else:
            found[path.name] = (when, check_run(path)["provenance"]["content_sha256"])
    return found


def descendants(process: int) -> list[int]:
    """A process and all below it."""
    below = subprocess.run(["pgrep", "-P", str(process)], capture_output=True, text=True).stdout.split()
    return [process, *(deeper for child in below for deeper in descendants(int(child)))]


def killed(
    words: list[object],
    after_s: float,
    chance: random.Random,
    at_work: Path | None = None,
    **environment: str,
) -> bool:
    """Start a sweep and kill the whole of it, its owner alone, or one of its processes, so long after the
    start, or after a worker has made the file `at_work`; whether it had not ended before.
    """
    process = subprocess.Popen(
        [str(word) for word in words],
        cwd=ROOT,
        env=os.environ | environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if at_work is not None:
        assert soon(lambda: at_work.exists() or process.poll() is not None, 60)
    try:
        process.wait(after_s)
        return False
    except subprocess.TimeoutExpired:
        pass
    how = chance.choice(("all", "owner", "one"))
    # and a moment later the rest: what a dying worker leaves behind is met by a living owner
    if how == "one":
        with suppress(ProcessLookupError):  # one that has just ended
            os.kill(chance.choice(descendants(process.pid)), signal.SIGKILL)
        time.sleep(chance.uniform(0.0, 0.5))
    if how == "owner":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return True


def test_thirty_kills_of_a_sweep_whose_runs_keep_their_places(tmp_path, undisturbed):
    chance, kills, sweeps = random.Random(1), 0, 0
    (tmp_path / "sitecustomize.py").write_text(OFTEN)
    at_work = tmp_path / "at-work"
    while kills < 30:
        sweeps += 1
        folder = tmp_path / str(sweeps)
        folder.mkdir()
        ended, before = False, {}
        while not ended and kills < 30:
            at_work.unlink(missing_ok=True)
            early = chance.random() < 0.2
            ended = not killed(
                [sys.executable, "-c", SWEEP, folder],
                chance.uniform(0.0, LONGEST_S if early else AT_WORK_S),
                chance,
                None if early else at_work,
                PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}",
                PRELIMBIC_STATES="0",  # a sweep whose states are there ends before it is killed
            )
            kills += not ended
            now = read_whole(folder, before)
            assert before.items() <= now.items()
            assert {name: digest for name, (_, digest) in now.items()}.items() <= undisturbed.items()
            before = now
        execute(planned(SEEDS), folder, 2, True, Console(quiet=True))
        assert digests(folder) == undisturbed
        assert before.items() <= stamped(folder).items()
        assert not (folder / JOBS).exists()
