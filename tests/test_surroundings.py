"""The same is computed, printed and drawn whatever environment a command is started in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from prelimbic.experiments.figures import FigureError, dose_response, drawing
from prelimbic.experiments.sweep import surroundings
from prelimbic.parameters import CIRCUIT
from tests.said import FAILURE, PRELIMBIC, RAT, is_one_sentence, shell

SLOW = ("brian2", "numba", "matplotlib")
HOSTILE = {
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONIOENCODING": "ascii",
    "MPLBACKEND": "module://nothing.here",
    "MATPLOTLIBRC": "/nonexistent",
    "HOME": "/proc/nobody",
    "XDG_CACHE_HOME": "",
    "PYTHONWARNINGS": "error",
    "PYTHONSAFEPATH": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_NUM_THREADS": "many",
    "NUMBA_NUM_THREADS": "0",
    "NUMBA_DISABLE_JIT": "1",
    "COLUMNS": "0",
    "TERM": "dumb",
}


@pytest.fixture
def copied(sweep, tmp_path) -> Path:
    """A finished study that may be changed."""
    return Path(shutil.copytree(sweep, tmp_path / "dose_response"))


def again(folder: Path) -> list[str]:
    return [
        PRELIMBIC,
        "run",
        "dose_response",
        "--seeds",
        "1",
        "--scale",
        "0.5",
        "--spikes",
        "--out",
        str(folder),
    ]


# Start


@pytest.mark.slow
def test_commands_that_do_not_simulate_load_no_compiler_and_no_figures(sweep, tmp_path):
    run = str(next(sweep.glob(f"{CIRCUIT}_*.h5")))
    commands = [
        ["--help"],
        ["studies"],
        ["switches"],
        ["numbers"],
        [*RAT, "1h"],
        ["run", "cascade", "--list"],
        ["equations"],
        ["inspect", str(sweep)],
        ["inspect", run],
        ["status", str(sweep)],
        ["verify", run],
        ["claims", "V4"],
    ]
    script = f"""
import sys
from prelimbic.experiments.cli import command
for words in {commands!r}:
    try:
        command.main(words)
    except SystemExit as end:
        assert not end.code, words
    print(words[0], sorted(set({SLOW!r}) & set(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=200, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [f"{words[0]} []" for words in commands]


@pytest.mark.slow
def test_everything_hostile_at_once_changes_neither_answer_nor_figure(copied, sweep, tmp_path):
    (tmp_path / "matplotlibrc").write_bytes(b"font.size: 30\ntext.usetex: True\n# caf\xe9\n")
    environment = {**os.environ, **HOSTILE, "TMPDIR": str(tmp_path)}
    environment.pop("PRELIMBIC_CACHE", None)
    (copied / "dose_response.png").unlink()
    done = subprocess.run(again(copied), capture_output=True, timeout=200, cwd=tmp_path, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    told = done.stdout.decode("ascii")
    kind = (sweep / "screen.txt").read_text()
    assert "mean +- SD over seeds" in told
    assert kind[kind.index("Untreated, sheet") : kind.index("figure:")] in told
    shown, before = (matplotlib.image.imread(folder / "dose_response.png") for folder in (copied, sweep))
    np.testing.assert_array_equal(shown, before)


# Figures


def test_a_figure_that_fails_is_one_sentence_after_the_answer(copied, call, monkeypatch):
    def fails(*shown):
        raise OSError("no fonts\nat all")

    monkeypatch.setattr(dose_response, "draw", fails)
    (copied / "sweep.h5").unlink()
    code, out, err = call(*again(copied)[1:])
    assert code == FAILURE
    is_one_sentence(err, "figure dose_response could not be drawn (OSError: no fonts)")
    assert "spines change" in out and "figure:" not in out
    assert (copied / "sweep.h5").exists() and (copied / "summary.csv").exists()


def test_what_a_user_has_set_for_figures_stays_the_users(monkeypatch):
    seen = []
    monkeypatch.setattr(dose_response, "draw", lambda *shown: seen.append(matplotlib.rcParams["font.size"]))
    with matplotlib.rc_context({"font.size": 33.0}):
        drawing("dose_response")()
        assert matplotlib.rcParams["font.size"] == 33.0
    assert seen == [10.0]
    with pytest.raises(FigureError, match="ModuleNotFoundError"):
        drawing("no_such_figure")()


# Output


@pytest.mark.parametrize("unbuffered", ["1", ""])
def test_an_output_that_takes_nothing_is_one_sentence(unbuffered):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [PRELIMBIC, "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    assert done.returncode == FAILURE
    is_one_sentence(done.stderr, "standard output", "No space left on device")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_inputs_and_outputs_do_no_harm(closed):
    assert shell("sh", "-c", f"'{PRELIMBIC}' --help {closed}").returncode == 0


def test_no_file_gets_the_number_of_a_closed_output():
    script = (
        "from prelimbic.experiments.sweep.surroundings import settle; settle(); "
        "raise SystemExit(open('/dev/null').fileno())"
    )
    done = shell("sh", "-c", f"'{sys.executable}' -c \"{script}\" <&- >&- 2>&-")
    assert done.returncode > 2


def test_in_a_folder_that_is_gone_a_command_ends_in_one_sentence(tmp_path):
    script = f"mkdir gone && cd gone && rmdir ../gone && '{PRELIMBIC}' run acute --seeds 1"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.returncode == FAILURE
    is_one_sentence(done.stderr, "results/acute cannot be written")


def test_what_an_output_does_not_have_is_spelled():
    surroundings.settle()
    assert "1 ± 2 µM, 3–4, Zürich".encode("ascii", "prelimbic") == b"1 +- 2 uM, 3-4, Z\\xfcrich"
    assert "r\udce9sultats".encode("utf-8", "prelimbic") == b"r\\udce9sultats"
    with pytest.raises(UnicodeDecodeError):
        b"\xe9".decode("utf-8", "prelimbic")


def test_texts_are_there_where_python_is_told_to_drop_them():
    done = subprocess.run(
        [PRELIMBIC, "run", "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONOPTIMIZE": "2"},
    )
    assert done.returncode == 0
    assert "Run STUDY, one of those that `prelimbic studies` lists." in done.stdout
