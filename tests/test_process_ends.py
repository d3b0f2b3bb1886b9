"""The process that simulates when it dies, hangs or is interrupted, and when its owner does: told, replaced,
and gone.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

from prelimbic.circuits import EngineError, cache, engine
from tests.engines import ONE, ROOT, STEP_S, TOY, children, ended, soon, toy, works

pytestmark = pytest.mark.usefixtures("nothing_left")
LONG_S = 1e7  # of biological time: no run of this length ends by itself


def test_a_process_killed_between_two_runs_is_told_and_replaced():
    net = toy()
    used = net.process_id
    os.kill(used, signal.SIGKILL)
    for _ in range(2):
        with pytest.raises(EngineError, match="ended with code -9"):
            net.run(STEP_S)
    net.close()
    assert works() != used


def test_a_process_killed_during_a_run_is_told_and_replaced():
    net = toy()
    used = net.process_id
    threading.Timer(0.2, os.kill, (used, signal.SIGKILL)).start()
    with pytest.raises(EngineError, match="ended with code -9"):
        net.run(LONG_S)
    net.close()
    assert works() != used


def test_an_idle_process_that_died_is_not_used_again():
    first = works()
    os.kill(first, signal.SIGKILL)
    assert soon(lambda: ended(first))
    assert works() != first


def test_a_process_that_does_not_answer_is_stopped(monkeypatch):
    net = toy()
    used = net.process_id
    os.kill(used, signal.SIGSTOP)
    with monkeypatch.context() as hasty:
        hasty.setattr(engine, "PATIENCE_S", 0.3)
        with pytest.raises(EngineError, match=r"gave no answer for 0\.3 s and was stopped"):
            net.run(STEP_S)
    net.close()
    assert works() != used


@pytest.mark.parametrize("crowd", [8192, 200000])
def test_a_process_that_no_longer_listens_is_stopped(monkeypatch, crowd):
    # As much as the pipe holds, with what is written before it; and more than goes through the pipe.
    net = toy((crowd,))
    used = net.process_id
    os.kill(used, signal.SIGSTOP)
    rescue = threading.Timer(20.0, os.kill, (used, signal.SIGKILL))
    rescue.start()
    with monkeypatch.context() as hasty:
        hasty.setattr(engine, "PATIENCE_S", 0.3)
        with pytest.raises(EngineError, match=r"gave no answer for 0\.3 s and was stopped"):
            net.load("cells.v", np.zeros(crowd))
    rescue.cancel()
    net.close()
    assert works() != used


def test_a_process_that_still_owes_an_answer_when_its_user_is_interrupted_is_not_used_again():
    net = toy()
    used = net.process_id
    # Whatever the shell or Brian2 have made of the signal before.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            net.run(LONG_S)
    finally:
        signal.signal(signal.SIGINT, before)
    net.close()
    assert children() == set()
    assert works() != used


def test_a_network_whose_wiring_is_incomplete_leaves_no_process():
    with pytest.raises((KeyError, EngineError)):
        engine.CompiledEngine(cache.program(TOY, 64), TOY, engine.Layout((3, 2)), 64, {"near": ONE}, {})
    assert children() == set()


def test_a_program_that_cannot_be_started_is_told(tmp_path):
    with pytest.raises(EngineError, match="main cannot be started"):
        engine.Process(tmp_path)


@pytest.mark.parametrize("busy", [True, False])
def test_the_process_ends_when_its_owner_is_killed(busy):
    code = (
        "import time\n"
        "from tests.engines import toy\n"
        "net = toy()\n"
        "print(net.process_id, flush=True)\n"
        f"net.run({LONG_S}) if {busy} else time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as owner:
        process = int(owner.stdout.readline())
        assert not ended(process)
        owner.kill()
    assert soon(lambda: ended(process))


def test_idle_processes_end_with_the_program_that_started_them():
    code = (
        "from tests.engines import toy\n"
        "nets = [toy(), toy()]\n"
        "print(*(n.process_id for n in nets))\n"
        "nets[0].close()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr == ""
    for process in done.stdout.split():
        assert soon(lambda process=process: ended(int(process)))


def test_a_fork_takes_no_process_of_its_parent():
    net = toy(v=0.5)
    idle = works()
    child = os.fork()
    if child == 0:  # no assertion here: the status alone is heard
        mine = toy()
        mine.run(STEP_S)
        good = mine.process_id not in (net.process_id, idle) and mine.fetch("cells.v")[0] == 0.0
        mine.close()
        engine.dismiss()
        os._exit(0 if good else 1)
    assert os.waitpid(child, 0)[1] == 0
    net.run(STEP_S)
    assert net.fetch("cells.v")[0] == 0.5
    net.close()
    assert not ended(idle)


def test_a_process_works_for_an_owner_with_more_than_a_thousand_open_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2000:
        pytest.skip("no more than a thousand files may be opened here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2000), hard))
    files = [os.open("/dev/null", os.O_RDONLY) for _ in range(1100)]
    try:
        assert works() > 0
        engine.dismiss()
    finally:
        for file in files:
            os.close(file)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
