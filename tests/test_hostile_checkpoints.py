"""Checkpoints that were made to harm: the run starts again, or goes on from what is right, and ends as it
would have.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prelimbic.circuits import STANDARD, Network
from prelimbic.experiments.storage.files import publish
from prelimbic.experiments.sweep.checkpoint import Place
from prelimbic.experiments.sweep.kept import ABOUT, Arrays, packed, read, write
from prelimbic.pharmacology import Block
from prelimbic.simulation.record import arrange
from prelimbic.simulation.run import Paused, simulate
from prelimbic.simulation.slow import Slow
from tests.conftest import brief
from tests.hostile import Trap

CONFIG = brief(10.0)
RUN_ID = CONFIG.run_id()
MOST_KB = 200_000  # that this process may grow by


def place(path: Path) -> Place:
    return Place(path, RUN_ID, STANDARD)


def numbers(groups: Any) -> str:
    """Everything that a run found, but for what is NaN in one way or another."""
    return repr(
        {
            f"{g}/{name}": (
                v.values.dtype.str,
                v.values.tobytes() if v.values.dtype != object else list(v.values),
            )
            for g, part in groups.items()
            for name, v in part.items()
        }
    )


@pytest.fixture(scope="module")
def right() -> str:
    return numbers(arrange(CONFIG, simulate(CONFIG, True, lambda seconds: None)))


def stopped(path: Path, config=CONFIG, looks: int = 2) -> Path:
    """The checkpoint of a run that was stopped after so many looks."""
    asked = iter(range(100))
    kept = Place(path, config.run_id(), config.numerics, lambda: next(asked) >= looks - 1)
    with pytest.raises(Paused):
        simulate(config, True, lambda seconds: None, kept)
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    return stopped(tmp_path_factory.mktemp("kept") / "run.checkpoint")


@pytest.fixture(scope="module")
def arrays(whole) -> Arrays:
    found = read(whole, place(whole)._about())
    assert found is not None
    return found


def found_by_a_run(paths: list[Path]) -> dict[str, Arrays | None]:
    """What a run that is just about to begin finds in each of some files."""
    found: dict[str, Arrays | None] = {}

    class Reader:
        def find(self, slow: Slow, block: Block, network: Network) -> None:
            for path in paths:
                course = place(path).find(slow, block, network)
                found[path.name] = None if course is None else packed(course)
            raise Paused

        def keep(self, course: object, network: Network) -> None:
            raise AssertionError("the run goes on")

    with pytest.raises(Paused):
        simulate(CONFIG, True, lambda seconds: None, Reader())
    return found


def alike(one: Arrays, two: Arrays) -> bool:
    return one.keys() == two.keys() and all(np.array_equal(one[n], two[n], equal_nan=True) for n in one)


def test_a_checkpoint_as_it_was_kept_is_found(whole, arrays, right):
    found = found_by_a_run([whole])[whole.name]
    assert found is not None
    assert alike(found, {name: values for name, values in arrays.items() if not name.startswith("network/")})
    kept = place(whole)
    assert numbers(arrange(CONFIG, simulate(CONFIG, True, lambda seconds: None, kept))) == right
    assert kept.found == 2


# Arrays with a digest that was forged with them

FORGED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "longer": lambda values: np.concatenate([values.ravel(), values.ravel()[:1], values.ravel()[:1]]),
    "empty": lambda values: values.ravel()[:0],
    "of more dimensions": lambda values: np.stack([values, values]),
    "complex": lambda values: values.astype(complex),
    "text": lambda values: values.astype("U8"),
    "times": lambda values: np.zeros(values.shape, "M8[s]"),
    "records": lambda values: np.zeros(values.shape, [("a", "f8"), ("b", "u1")]),
}


@pytest.mark.faults
def test_an_array_of_another_shape_or_type_starts_the_run_again_whatever_its_digest(arrays, tmp_path):
    # Look 1 is laid out as look 0 is.
    names = [name for name in arrays if not name.startswith("seen/1/")]
    paths = []
    for number, name in enumerate(names):
        change = list(FORGED)[number % len(FORGED)]
        path = tmp_path / f"{name.replace('/', '-')} {change}"
        write(path, place(path)._about(), arrays | {name: FORGED[change](arrays[name])})
        paths.append(path)
    found = found_by_a_run(paths)
    assert [name for name, course in found.items() if course is not None] == []


@pytest.mark.faults
@pytest.mark.parametrize("change", FORGED)
def test_every_array_of_another_shape_or_type_starts_the_run_again(arrays, tmp_path, change):
    paths = []
    for name in (name for name in arrays if arrays[name].size):  # nothing is as long as nothing
        path = tmp_path / f"{name.replace('/', '-')} {change}"
        write(path, place(path)._about(), arrays | {name: FORGED[change](arrays[name])})
        paths.append(path)
    assert [name for name, course in found_by_a_run(paths).items() if course is not None] == []


@pytest.mark.faults
def test_a_course_that_lacks_an_array_starts_the_run_again_whatever_its_digest(arrays, tmp_path):
    paths = []
    for name in [name for name in arrays if not name.startswith("seen/1/")]:
        path = tmp_path / name.replace("/", "-")
        write(
            path, place(path)._about(), {other: values for other, values in arrays.items() if other != name}
        )
        paths.append(path)
    found = found_by_a_run(paths)
    # Without the time of its first look a course has no looks, and without its length the first has no
    # activity.
    assert [name for name, course in found.items() if course is not None] in ([], ["seen-0-look-time"])


def looks_beyond(arrays: Arrays) -> Arrays:
    """More looks than the run has."""
    return arrays | {
        name.replace("seen/1/", f"seen/{k}/"): values
        for k in range(2, 9)
        for name, values in arrays.items()
        if name.startswith("seen/1/")
    }


COURSES: dict[str, Callable[[Arrays], Arrays]] = {
    "nothing": lambda arrays: {},
    "more looks than the run has": looks_beyond,
    "a look at another time": lambda arrays: arrays | {"seen/0/look/time": np.array(5.0)},
    "a look that never ends": lambda arrays: arrays | {"seen/1/look/seconds": np.array(np.inf)},
    "spines of another seed": lambda arrays: arrays | {"slow/seed": arrays["slow/seed"] + np.uint64(1)},
    "spikes of cells that are not there": lambda arrays: (
        arrays | {"rest/spike_cell": arrays["rest/spike_cell"] + 1000}
    ),
    "a network of nothing": lambda arrays: arrays | {"network/engine": np.zeros(300, np.uint8)},
    "a network of noise": lambda arrays: (
        arrays | {"network/engine": np.full_like(arrays["network/engine"], 255)}
    ),
    "a network cut in half": lambda arrays: (
        arrays | {"network/engine": arrays["network/engine"][: len(arrays) // 2]}
    ),
}


@pytest.mark.parametrize("case", COURSES)
def test_a_course_that_is_none_of_the_run_starts_it_again_whatever_its_digest(arrays, tmp_path, case):
    path = tmp_path / "run.checkpoint"
    write(path, place(path)._about(), COURSES[case](arrays))
    assert read(path, place(path)._about()) is not None  # the digest is right
    assert found_by_a_run([path]) == {path.name: None}


# Files


def archive(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", compression) as made:
        for name, content in members.items():
            made.writestr(name, content)


def about(path: Path, **more: object) -> bytes:
    return json.dumps(place(path)._about() | {"sha256": "0" * 64} | more).encode()


def array_file(header: str, content: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    text = header.encode().ljust(116) + b"\n"
    return (
        b"\x93NUMPY" + version + struct.pack("<H" if version < b"\x02" else "<I", len(text)) + text + content
    )


def bomb(path: Path) -> None:
    archive(path, {ABOUT: about(path), "rest/lfp.npy": bytes(1 << 28)}, zipfile.ZIP_DEFLATED)


def bomb_of_words(path: Path) -> None:
    archive(path, {ABOUT: b" " * (1 << 28) + about(path)}, zipfile.ZIP_DEFLATED)


def vast(path: Path) -> None:
    archive(
        path,
        {
            ABOUT: about(path),
            "a.npy": array_file("{'descr': '<f8', 'fortran_order': False, 'shape': (1 << 40,), }"),
            "b.npy": array_file("{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,), }"),
        },
    )


def overlapping(path: Path) -> None:
    """A zip whose directory names one member of a megabyte ten thousand times."""
    archive(path, {"a.npy": bytes(1 << 20)})
    content = path.read_bytes()
    start = content.rindex(b"PK\x01\x02")
    end = content.rindex(b"PK\x05\x06")
    entry, count = content[start:end], 10_000
    closing = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(entry) * count, start, 0)
    publish(path, content[:start] + entry * count + closing)


def with_header(header: str, version: bytes = b"\x01\x00") -> Callable[[Path], None]:
    return lambda path: archive(
        path, {ABOUT: about(path), "rest/lfp.npy": array_file(header, bytes(64), version)}
    )


def objects(path: Path) -> None:
    trap, content = Trap(path.parent / "sprung"), io.BytesIO()
    np.save(content, np.array([trap], dtype=object), allow_pickle=True)
    archive(
        path,
        {
            ABOUT: about(path),
            "rest/lfp.npy": content.getvalue(),
            "x.npy": trap.pickled(),
            "y": trap.pickled(),
        },
    )


def in_bytes(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(change(path.read_bytes())) and None


FILES: dict[str, Callable[[Path], Any]] = {
    "nothing": lambda path: path.write_bytes(b""),
    "noise": lambda path: path.write_bytes(np.random.default_rng(0).bytes(100_000)),
    "a pickle": lambda path: path.write_bytes(Trap(path.parent / "sprung").pickled()),
    "objects": objects,
    "cut in half": in_bytes(lambda content: content[: len(content) // 2]),
    "without its end": in_bytes(lambda content: content[:-1]),
    "one bit changed": in_bytes(
        lambda content: content[:600_000] + bytes([content[600_000] ^ 1]) + content[600_001:]
    ),
    "an array bomb": bomb,
    "a bomb of words": bomb_of_words,
    "arrays of vast shape": vast,
    "one member ten thousand times": overlapping,
    "no archive of ours": lambda path: archive(path, {"hello.txt": b"hello"}),
    "words thousands deep": lambda path: archive(path, {ABOUT: b"[" * 50_000 + b"]" * 50_000}),
    "words that are a list": lambda path: archive(path, {ABOUT: b"[]"}),
    "a header that never closes": with_header("{'descr': ("),
    "a header of another age that never closes": with_header("{'descr': '<f8', 'shape': (3L, ", b"\x02\x00"),
    "a header with bad indents": with_header("{\n    1\n  2", b"\x01\x00"),
    "a header that is a program": with_header("__import__('os').mkdir('sprung')"),
    "a header that is very deep": with_header("(" * 5000 + ")" * 5000),
    "a negative shape": with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }"),
    "a shape beyond any number": with_header(
        f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({10**50},), }}"
    ),
    "a type that is none": with_header(
        "{'descr': [('a', '<f8', -3)], 'fortran_order': False, 'shape': (1,), }"
    ),
    "names outside": lambda path: archive(
        path, {ABOUT: about(path), "../../sprung.npy": b"x", "/sprung.npy": b"x"}
    ),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a device": lambda path: (path.unlink(), path.symlink_to("/dev/zero")),
    "a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
    "another run's": lambda path: stopped(path, brief(3.0)),
    "another seed's": lambda path: stopped(path, brief(10.0, seed=2)),
}


def peak() -> int:
    """The most memory (kB) that this process had."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


@pytest.fixture(scope="module")
def finds(whole, tmp_path_factory) -> dict[str, Arrays | None]:
    """What a run finds in all of these."""
    folder = tmp_path_factory.mktemp("files")
    for case, make in FILES.items():
        shutil.copy(whole, folder / case)
        make(folder / case)
    archive(folder / "warm", {ABOUT: b"{}"})
    found_by_a_run([folder / "warm"])
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    before = peak()
    found = found_by_a_run([folder / case for case in FILES])
    assert peak() - before < MOST_KB
    assert not list(folder.glob("**/sprung*")) and not Path("sprung").exists()
    return found


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_checkpoint_of_this_run_starts_it_again(finds, case):
    assert finds[case] is None


@pytest.mark.faults
@pytest.mark.faults
def test_mutated_checkpoints_are_as_they_were_or_none(whole, arrays, tmp_path):
    content, rng = whole.read_bytes(), np.random.default_rng(0)
    for k in range(1000):
        data = bytearray(content)
        for _ in range(1 + rng.integers(3)):
            at = (
                int(rng.integers(len(data)))
                if rng.random() < 0.3
                else int(len(data) - 1 - rng.integers(30_000))
            )
            data[at] = int(rng.integers(256))
        path = tmp_path / "run.checkpoint"
        path.write_bytes(data)
        found = read(path, place(path)._about())
        assert found is None or alike(found, arrays), k


@pytest.mark.parametrize(
    "forged", ["a network of noise", "more looks than the run has", "one bit changed", "another run's"]
)
def test_a_run_that_finds_a_hostile_checkpoint_ends_with_the_right_result(
    whole, arrays, right, tmp_path, forged
):
    path = tmp_path / "run.checkpoint"
    if forged in COURSES:
        write(path, place(path)._about(), COURSES[forged](arrays))
    else:
        shutil.copy(whole, path)
        FILES[forged](path)
    kept = place(path)
    assert numbers(arrange(CONFIG, simulate(CONFIG, True, lambda seconds: None, kept))) == right
    assert kept.found == 0
