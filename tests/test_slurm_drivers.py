"""Drivers, folders and files that are disturbed: in the end every run is there once, and as if nothing had
been.
"""

from __future__ import annotations

import os
import shutil

import h5py
import pytest

import prelimbic as pl
from tests.conftest import COMMAND
from tests.disturbed import Command, disk
from tests.said import is_one_sentence

pytestmark = pytest.mark.slurm
EVERYWHERE = pytest.mark.parametrize("here", [True, False], ids=["here", "slurm"])


def options(here: bool) -> tuple[str, str]:
    return ("--workers", "2") if here else ("--jobs", "2")


# Drivers


def test_a_question_of_ones_own_is_computed_by_jobs(scene):
    words = [
        COMMAND,
        "ask",
        "--species",
        "rat",
        "--give",
        "10 mg/kg ip at 1h",
        "--read",
        "2h",
        "--seeds",
        "1",
    ]
    words += ["--scale", "0.5", "--out", scene.out, "--cluster", "slurm", "--jobs", "2"]
    driver = Command(words, scene.slurm.environment, scene.faults.folder / "question")
    driver.completes()
    assert "One seed is an anecdote." in driver.said
    assert len(list(scene.out.glob("*_seed-1_*.h5"))) == 2 and len(scene.arrays()) == 1
    assert {*pl.load(scene.out)["arm"].values} == {"vehicle", "ketamine"}


def test_a_driver_that_is_killed_as_soon_as_slurm_has_the_jobs_does_not_submit_them_again(scene, tmp_path):
    scene.lacking("3", "10")
    real, fake = shutil.which("sbatch", path=scene.slurm.environment["PATH"]), tmp_path / "bin" / "sbatch"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\n{real} "$@" && kill -9 $PPID\n')
    fake.chmod(0o755)
    path = os.pathsep.join((str(fake.parent), scene.slurm.environment["PATH"]))
    assert scene.run("--jobs", "2", PATH=path).code() == -9
    second = scene.run("--jobs", "2")
    second.completes()
    assert "attached" in second.said
    scene.is_whole()
    assert scene.began() == ["10", "3"]
    assert len(scene.arrays()) == 1


def test_jobs_that_are_cancelled_are_told_in_one_sentence_and_the_same_command_completes_the_sweep(scene):
    scene.lacking("3", "10", "30")
    scene.faults.hold("3", "10", "30")
    driver = scene.run("--jobs", "3", "--workers", "2")  # one job a node: the third waits
    driver.until(lambda: len(scene.faults.told("look")) == 6, "two runs in their middle")
    scene.slurm.command("scancel", "--user=root")
    assert driver.code() == 1
    is_one_sentence(driver.errors, "jobs were cancelled; 3 runs are missing")
    scene.faults.let_go()
    scene.run("--jobs", "3").completes()
    scene.is_whole()


def test_a_driver_goes_on_after_the_controller_was_away(scene):
    scene.lacking("3", "10")
    scene.faults.hold("3", "10")
    driver = scene.run("--jobs", "2")
    scene.hold(driver, "3", "10")
    scene.slurm.stop_controller()
    try:
        driver.until(lambda: "Slurm does not answer" in driver.said, "the word that Slurm does not answer")
        scene.faults.let_go("3")
        driver.until(lambda: scene.faults.told("ended", "3"), "the end of a run meanwhile")
    finally:
        scene.slurm.start_controller()
    scene.faults.let_go()
    driver.completes()
    scene.is_whole()
    assert scene.began() == ["10", "3"]
    assert len(scene.arrays()) == 1


@EVERYWHERE
def test_two_commands_on_one_folder_at_once_share_the_work(scene, here):
    scene.lacking("1", "3", "10", "30")
    both = [scene.run(*options(here), here=here) for _ in range(2)]
    for driver in both:
        driver.completes()
    scene.is_whole()
    assert scene.began() == ["1", "10", "3", "30"]
    assert len(scene.arrays()) == (0 if here else 1)


# Folders


@EVERYWHERE
def test_a_full_disk_is_told_and_when_there_is_room_the_same_command_goes_on(scene, here):
    with disk(scene.out, scene.room_but_for_half_of("10")) as remount:
        scene.lacking("3", "10")
        driver = scene.run(*options(here), here=here)
        assert driver.code() == 1
        is_one_sentence(driver.errors)
        assert "No space left on device" in driver.said
        assert not list(scene.out.rglob("*.tmp"))
        remount("size=100m")
        scene.run(*options(here), here=here).completes()
        scene.is_whole()


@EVERYWHERE
def test_a_disk_without_a_single_byte_left_is_told_and_with_room_the_same_command_goes_on(scene, here):
    with disk(scene.out, "100m"):
        scene.lacking("3", "10")
        scene.faults.hold("3", "10")
        driver = scene.run(*options(here), here=here)
        scene.hold(driver, "3", "10")
        filler = scene.out / "filler"
        with filler.open("wb", buffering=0) as full, pytest.raises(OSError, match="No space left"):
            while True:
                full.write(bytes(2**16))
        scene.faults.let_go()
        assert driver.code() == 1
        is_one_sentence(driver.errors, str(scene.out))
        filler.unlink()
        scene.run(*options(here), here=here).completes()
        scene.is_whole()


@EVERYWHERE
def test_a_folder_that_cannot_be_written_is_named_and_when_it_can_the_same_command_goes_on(scene, here):
    with disk(scene.out, "100m") as remount:
        scene.lacking("10")
        before = {path.name: path.stat().st_mtime_ns for path in scene.out.iterdir()}
        remount("ro")
        driver = scene.run(*options(here), here=here)
        assert driver.code() == 1
        is_one_sentence(driver.errors, f"{scene.out} cannot be written: Read-only file system")
        assert {path.name: path.stat().st_mtime_ns for path in scene.out.iterdir()} == before
        assert scene.began() == []
        remount("rw")
        scene.run(*options(here), here=here).completes()
        scene.is_whole()


def test_a_folder_of_any_name_will_do(scene, tmp_path):
    scene.out = tmp_path / "50% of my 'doses', \"so\" #1 $HOME %j"
    scene.lacking("3", "10")
    scene.run("--jobs", "2").completes()
    scene.is_whole()
    assert len(scene.arrays()) == 1
    assert len(list(scene.out.glob("jobs/*.log"))) == 2


# Files


@EVERYWHERE
def test_runs_whose_files_are_damaged_are_computed_anew_and_no_others(scene, here):
    scene.lacking()
    scene.forget("3", "30")
    flipped, cut = scene.run_of("3"), scene.run_of("30")
    with h5py.File(flipped) as file:
        stored = file["spikes/Pyr/timestamps"].id
        middle = stored.get_offset() + stored.get_storage_size() // 2
    content = bytearray(flipped.read_bytes())
    content[middle] ^= 1
    flipped.write_bytes(content)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    scene.run(*options(here), here=here).completes()
    scene.is_whole()
    assert scene.began() == ["3", "30"]
