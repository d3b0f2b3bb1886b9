"""What a cluster is asked: options and their mistakes, the batch script, and when a job has itself queued
again.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import stat
from pathlib import Path

import pytest

from prelimbic.experiments.storage.manifest import publish_manifest
from prelimbic.experiments.studies.registry import find_study
from prelimbic.experiments.sweep import cluster
from prelimbic.experiments.sweep.cluster import requeued
from prelimbic.experiments.sweep.execute import Stopped
from prelimbic.experiments.sweep.queue import REQUEUE, ClusterError, Jobs
from prelimbic.experiments.sweep.slurm import OWN, Slurm, limit_s, slurm
from prelimbic.experiments.sweep.study import Options, StudyError
from prelimbic.parameters.sheet import SHEETS
from tests.said import FAILURE, USAGE, is_one_sentence

ASK = ("run", "dose_response", "--seeds", "1", "--scale", "0.5")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5", 300),
        ("1:30", 90),
        ("4:00:00", 14400),
        ("1-0", 86400),
        ("2-12:30", 217800),
        ("0-0:0:7", 7),
        ("", None),
        ("4h", None),
        ("-5", None),
        ("1:2:3:4", None),
        ("1-", None),
    ],
)
def test_a_time_limit_is_read_as_slurm_reads_it(text, seconds):
    assert limit_s(text) == seconds


MISTAKES = {
    "another system": (("--cluster", "pbs"), ("'pbs'", "slurm", "--share")),
    "jobs of nothing": (("--jobs", "3"), ("--jobs", "--cluster")),
    "a time of nothing": (("--time", "5"), ("--time", "--cluster")),
    "no jobs": (("--cluster", "slurm", "--jobs", "0"), ("--jobs", "0")),
    "a time in words": (("--cluster", "slurm", "--time", "soon"), ("--time", "'soon'", "HH:MM:SS")),
    "two partitions in one": (("--cluster", "slurm", "--partition", "a b"), ("--partition", "'a b'")),
    "memory in words": (("--cluster", "slurm", "--mem", "lots"), ("--mem", "'lots'", "4G")),
    "no option": (("--cluster", "slurm", "--sbatch", "qos=long"), ("--sbatch", "'qos=long'")),
    "a share": (("--cluster", "slurm", "--share", "1/2"), ("--share", "--cluster")),
    "runs of a list": (("--cluster", "slurm", "--among", "x.txt"), ("--among", "--cluster")),
    "a list that is not there": (("--among", "x.txt", "--list"), ("--among", "x.txt")),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_what_is_asked_wrongly_of_a_cluster_is_one_sentence_and_nothing_is_written(call, tmp_path, case):
    words, named = MISTAKES[case]
    code, out, err = call(*ASK, *words)
    is_one_sentence(err, *named)
    assert (code, out, list(tmp_path.iterdir())) == (USAGE, "", [])


@pytest.mark.parametrize(
    "option", [f"--{name}" for name in OWN] + ["--job-name=mine", "--array=1-4%2", "--out=x"]
)
def test_what_the_driver_finds_its_jobs_by_cannot_be_set_beside_it(option):
    with pytest.raises(StudyError, match="are set by this command"):
        Slurm.check(Jobs(further=(option,)))


def test_other_options_of_sbatch_go_through():
    jobs = Jobs(further=("--qos=long", "--exclude=n7", "--nodes=1"))
    Slurm.check(jobs)
    assert Slurm(Path("/x")).options(jobs, 1)[-3:] == ["--qos=long", "--exclude=n7", "--nodes=1"]


def test_without_slurm_the_sentence_names_the_command_that_is_missing(call, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, err = call(*ASK, "--cluster", "slurm")
    is_one_sentence(err, "--cluster slurm", "squeue")
    assert code == FAILURE


@pytest.fixture
def pretended(tmp_path, monkeypatch):
    """Makes a command of Slurm that says what it is told to, and keeps what it was asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def make(name: str, lines: str) -> Path:
        script = folder / name
        script.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$@" >> {folder / name}.asked\nenv > {folder / name}.env\n{lines}\n'
        )
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        return folder / f"{name}.asked"

    return make


def test_jobs_are_asked_for_by_number_of_the_user_whatever_the_environment_says(
    pretended, tmp_path, monkeypatch
):
    asked = pretended(
        "squeue",
        "echo '7_1 PENDING Priority'; echo '7_2 PENDING PartitionTimeLimit'; echo '7_3 RUNNING None'",
    )
    for name, value in (("SQUEUE_STATES", "SUSPENDED"), ("SQUEUE_PARTITION", "low"), ("LOGNAME", "nobody")):
        monkeypatch.setenv(name, value)
    queue = Slurm(tmp_path / "res ults%a,#'")
    assert queue.look()
    assert queue.states == {"7_1": "PENDING", "7_2": "PENDING (PartitionTimeLimit)", "7_3": "RUNNING"}
    words = asked.read_text().split("\n")
    assert f"--user={os.getuid()}" in words and "--all" in words and f"--name={queue.name}" in words
    assert queue.name.startswith("prelimbic-res_ults_a___-") and queue.name.isascii()
    assert "SQUEUE_" not in (tmp_path / "bin" / "squeue.env").read_text()


def test_folders_of_one_name_have_jobs_of_their_own(tmp_path):
    assert Slurm(tmp_path / "a" / "dose").name != Slurm(tmp_path / "b" / "dose").name


def test_a_command_that_fails_or_hangs_is_told_with_its_own_words(pretended):
    pretended("squeue", "echo 'error: Unable to contact slurm controller' >&2; exit 1")
    with pytest.raises(ClusterError, match="squeue: error: Unable to contact"):
        slurm("squeue")
    pretended("squeue", "sleep 20")
    with pytest.raises(ClusterError, match="no answer within"):
        slurm("squeue", patience=0.2)


def test_the_script_is_the_plain_command_for_a_share_and_can_be_given_to_a_shell(tmp_path):
    queue, jobs = (
        Slurm(tmp_path / 'my "doses", #1 %a'),
        Jobs(workers=2, threads=3, time="20", memory="4G", further=("--qos=long",)),
    )
    words = ["dose_response", "--sheet=it's mine.toml", "--set=circuit.Pyr.leak=9"]
    options, command = (
        queue.options(jobs, 5),
        cluster._command(queue, jobs, tmp_path / "round-1.txt", words),
    )
    lines = queue.script(5, command, options, "round-1.sh").splitlines()
    assert lines[0] == "#!/bin/bash" and lines[1].startswith("# sbatch ") and REQUEUE in lines[2]
    told = shlex.split(lines[3].removeprefix("exec "))
    assert told[3:8] == ["prelimbic", "run", *words]
    assert told[-2:] == ["--share", "$SLURM_ARRAY_TASK_ID/5"]
    assert f"--out={queue.folder}" in told and {"--workers=2", "--threads=3"} <= set(told)
    assert {
        "--array=1-5",
        "--time=20",
        "--mem=4G",
        "--cpus-per-task=6",
        "--qos=long",
        "--signal=B:USR1@120",
    } <= set(options)
    assert not any(option.startswith("--partition") for option in options)
    assert any(
        option.startswith("--output=") and "%%a" in option and option.endswith("slurm-%A_%a.log")
        for option in options
    )


@pytest.mark.parametrize(("time", "warning"), [("", 120), ("1", 15), ("4", 60), ("4:00:00", 120)])
def test_a_job_is_warned_two_minutes_before_its_end_or_at_three_quarters_of_a_short_one(
    tmp_path, time, warning
):
    assert f"--signal=B:USR1@{warning}" in Slurm(tmp_path).options(Jobs(time=time), 1)


# script asks for it, signal, whether anything moved, restarts, whether it is queued again
TURNS = [
    ("1", signal.SIGUSR1, True, "0", True),
    ("1", signal.SIGUSR1, True, "9", True),
    ("1", signal.SIGUSR1, False, "2", True),
    ("1", signal.SIGUSR1, False, "3", False),
    ("", signal.SIGUSR1, True, "0", False),
    ("1", signal.SIGTERM, True, "0", False),
    ("1", signal.SIGINT, True, "0", False),
]


@pytest.mark.parametrize(("asks", "told", "moved", "turn", "again"), TURNS)
def test_a_job_is_queued_again_when_it_was_warned_asks_for_it_and_moves_on(
    pretended, monkeypatch, asks, told, moved, turn, again
):
    asked = pretended("scontrol", "")
    settings = {
        "SLURM_JOB_ID": "70",
        "SLURM_ARRAY_JOB_ID": "70",
        "SLURM_ARRAY_TASK_ID": "3",
        "SLURM_RESTART_COUNT": turn,
        REQUEUE: asks,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert requeued(Stopped(told, moved)) == ("Slurm" if again else "")
    assert (asked.read_text().split() if asked.exists() else []) == (["requeue", "70_3"] if again else [])


def test_a_folder_that_holds_another_study_is_refused_and_stays_as_it_is(call, tmp_path):
    (tmp_path / "out").mkdir()
    publish_manifest(tmp_path / "out", "acute", {}, [{"file": "a.h5", "run_id": "a", "place": {"seed": 1}}])
    before = (tmp_path / "out" / "study.json").read_bytes()
    code, _, err = call(*ASK, "--out", tmp_path / "out")
    is_one_sentence(err, "--out", "acute", "dose_response")
    assert (code, (tmp_path / "out" / "study.json").read_bytes()) == (USAGE, before)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["study.json"]


def test_jobs_are_given_a_copy_of_a_users_sheet_as_it_was_planned(tmp_path):
    path = tmp_path / "mine.toml"
    shutil.copy(SHEETS / "point.toml", path)
    runs = find_study("acute").plan(Options(1, sheets=(str(path),)))
    path.write_text("edited since")
    words = cluster._frozen(runs, ["acute", f"--sheet={path}", "--seeds=1"], tmp_path)
    assert words[0] == "acute" and words[2] == "--seeds=1" and words[1] != f"--sheet={path}"
    again = find_study("acute").plan(Options(1, sheets=(words[1].partition("=")[2],)))
    assert [run.file for run in again] == [run.file for run in runs]
