"""The process that reads result files when it hangs or dies: the file is refused or asked for again, and the
next one is read.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from prelimbic.experiments.storage import reader
from prelimbic.experiments.storage.files import DamagedError, StoreError, UnreadableError
from prelimbic.experiments.storage.store import check_run, read_groups
from tests.engines import ended, soon
from tests.hostile import NO_ANSWER
from tests.results import planned, reworked, written
from tests.test_hostile_files import bomb

RUN, OTHER = planned(seed=1), planned(seed=2)


def reading() -> int:
    """The process that reads, after it has read."""
    assert reader._reader is not None
    return reader._reader._process.pid


@pytest.fixture
def path(tmp_path) -> Path:
    path = written(tmp_path, RUN)
    check_run(path)
    return path


class Dying(reader._Reader):
    """A reading process that dies of every file."""

    def call(self, request, patience):
        os.kill(self._process.pid, signal.SIGSEGV)
        return super().call(request, patience)


class Stopped(reader._Reader):
    """A reading process that waits for a disk for ever."""

    def call(self, request, patience):
        os.kill(self._process.pid, signal.SIGSTOP)
        return super().call(request, 0.3)


class Busy(reader._Reader):
    """A reading process that comes to no end with any file."""

    def end(self) -> float:
        return super().end() + 60.0


class Hanging(Stopped, Busy):
    pass


class Killed(reader._Reader):
    """A reading process of which the machine gets rid."""

    def call(self, request, patience):
        os.kill(self._process.pid, signal.SIGKILL)
        return super().call(request, patience)


KINDS = {
    Dying: (DamagedError, NO_ANSWER),
    Hanging: (DamagedError, NO_ANSWER),
    Killed: (UnreadableError, "was ended by SIGKILL"),
    Stopped: (UnreadableError, "gave no answer within 0.3 s"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_kills_or_stops_the_reader_is_refused_and_the_next_is_read(path, monkeypatch, kind):
    with monkeypatch.context() as hostile:
        hostile.setattr(reader, "_Reader", kind)
        hostile.setattr(reader, "_reader", None)
        with pytest.raises(KINDS[kind][0], match=KINDS[kind][1]) as error:
            check_run(path)
        process = reading()
    assert str(path) in str(error.value)
    assert not Path(f"/proc/{process}").exists()
    assert check_run(path)["run_id"] == RUN.config.run_id()


@pytest.mark.parametrize("told_to_end", [signal.SIGSEGV, signal.SIGKILL])
def test_a_reader_that_died_between_two_files_is_not_missed(path, told_to_end):
    process = reading()
    os.kill(process, told_to_end)
    assert check_run(path)["run_id"] == RUN.config.run_id()  # it may only be dying
    assert reading() != process
    assert soon(lambda: ended(process))


def test_a_question_that_was_interrupted_leaves_no_answer_for_the_next(path, monkeypatch, tmp_path):
    other = written(tmp_path, OTHER)

    def interrupted(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as busy:
        busy.setattr(reader._Reader, "_take", interrupted)
        with pytest.raises(KeyboardInterrupt):
            check_run(path)
    assert check_run(other)["run_id"] == OTHER.config.run_id()


def test_a_process_that_was_forked_reads_with_a_process_of_its_own(path):
    before = reading()
    child = os.fork()
    if not child:
        same = check_run(path)["run_id"] == RUN.config.run_id() and reading() != before
        assert reader._reader is not None
        reader._reader.end()
        os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert check_run(path)["run_id"] == RUN.config.run_id() and reading() == before


def test_a_bomb_is_refused_before_it_has_the_memory_of_the_machine(path):
    # Two gigabytes of zeros, well compressed: the reading process may not have them.
    reworked(path, bomb, digest=False)
    with pytest.raises(StoreError, match="not stored in it"):
        read_groups(path, ("fine",))
    reader.ask("tree", path, of=path)
    status = Path(f"/proc/{reading()}/status").read_text()
    assert int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) < 1 << 20
