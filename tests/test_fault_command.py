"""The command of a sweep killed at random moments, and its files cut anywhere."""

from __future__ import annotations

import os
import random
import subprocess

import pytest

from prelimbic.experiments.storage.store import check_run
from prelimbic.experiments.sweep.marks import JOBS
from tests.conftest import MAIN_JOB
from tests.faults import Faults
from tests.said import is_one_sentence
from tests.test_fault_loop import killed, read_whole
from tests.test_store import digests, stamped

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1500)]


def test_twenty_five_kills_of_the_command_itself(tmp_path, quick_sweep):
    chance = random.Random(2)
    quick = Faults(tmp_path / "faults").environment
    before: dict[str, tuple[int, str]] = {}
    folder, kills = tmp_path / "0", 0
    while kills < 25:
        if not killed([*MAIN_JOB, folder], chance.uniform(0.0, 9.0), chance, **quick):
            folder, before = tmp_path / str(kills), {}
            continue
        kills += 1
        now = read_whole(folder, before)
        assert before.items() <= now.items()
        before = now
    done = subprocess.run([*MAIN_JOB, str(folder)], capture_output=True, text=True, env=os.environ | quick)
    assert (done.returncode, done.stderr) == (0, "")
    assert digests(folder) == digests(quick_sweep)
    assert before.items() <= stamped(folder).items()
    assert not [path for path in folder.rglob("*") if path.name.endswith(".tmp") or path.parent.name == JOBS]


def test_what_is_cut_short_anywhere_is_refused(tmp_path, quick_sweep):
    whole = next(iter(sorted(quick_sweep.glob("*seed*.h5")))).read_bytes()
    chance = random.Random(3)
    for keep in sorted(chance.sample(range(len(whole)), 200)):
        (tmp_path / "cut.h5").write_bytes(whole[:keep])
        with pytest.raises(Exception, match=r"cut\.h5") as caught:
            check_run(tmp_path / "cut.h5")
        is_one_sentence(f"prelimbic: {caught.value}", "cut.h5")
