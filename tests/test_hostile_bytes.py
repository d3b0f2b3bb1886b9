"""Result files with bytes changed anywhere: every reader works or refuses in one line."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from prelimbic.experiments.storage import reader
from prelimbic.experiments.storage.files import sealed
from tests import test_hostile_files
from tests.hostile import NO_ANSWER, answers, put
from tests.test_hostile_files import RUN, RUN_ID, survived

impatient, small, folder = test_hostile_files.impatient, test_hostile_files.small, test_hostile_files.folder


# Mutated files

WORDS = (0, 1, 0x7F, 0x10000, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF, 1 << 40, 1 << 63)


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """A file with a few bits, words or ranges changed, cut, or put together with itself."""
    data = bytearray(content)
    for _ in range(1 + rng.integers(4)):
        size = len(data)
        at = int(rng.integers(min(size, 4096) if rng.random() < 0.5 else size)) if size > 64 else 0
        length = int(rng.integers(1, 65))
        match rng.integers(7):
            case 0:
                data[at] ^= 1 << int(rng.integers(8))
            case 1:
                data[at : at + length] = rng.bytes(min(length, size - at))
            case 2:
                data[at : at + 8] = WORDS[rng.integers(len(WORDS))].to_bytes(8, "little")[: size - at]
            case 3:
                data[at : at + length] = bytes(min(length, size - at))
            case 4 if size > 4096:
                other = int(rng.integers(size - 4096))
                data[at : at + 512] = data[other : other + 512][: size - at]
            case 5 if size > 4096 and rng.random() < 0.3:
                del data[int(rng.integers(2048, size)) :]
            case _:
                data[at] = int(rng.integers(256))
    return bytes(data)


class Ready(reader._Reader):
    """A reading process that has begun before it is asked, so that one may be impatient with it."""

    def __init__(self) -> None:
        super().__init__()
        assert self.call([os.getcwd(), "rows", []], 60.0) == {"found": [[], [], []]}


@pytest.fixture
def hasty(monkeypatch) -> None:
    """One file in twenty keeps the library busy for ever."""
    monkeypatch.setattr(reader, "_Reader", Ready)
    monkeypatch.setattr(reader, "PATIENCE_S", 0.3)


def fuzzed(small: bytes, folder: Path, seeds: range, patiently: bool) -> Counter[str]:
    """Have readers read mutated files, with a forged seal but every fifth; how many were read, refused, or
    killed the reader.
    """
    ends: Counter[str] = Counter()
    for seed in seeds:
        content = mutated(small, np.random.default_rng(seed))
        put(folder / RUN.file, content if seed % 5 == 0 else sealed(content, RUN_ID))
        said = (
            survived(folder) if patiently or seed % 8 == 1 else answers(folder / RUN.file, RUN_ID, patiently)
        )
        killed, refused = (
            any(NO_ANSWER in line for line in said),
            said[min(3, len(said) - 1)].startswith("refused"),
        )
        ends["killed" if killed else "refused" if refused else "read"] += 1
    return ends


@pytest.mark.faults
@pytest.mark.usefixtures("hasty")
def test_mutated_files_are_read_or_refused_in_one_line(small, folder):
    ends = fuzzed(small, folder, range(120), patiently=False)
    # The library is reached: it refuses some, and reads some in which numbers or words were changed.
    assert ends["refused"] > 20 and ends["read"] > 20


@pytest.mark.faults
@pytest.mark.parametrize("part", range(4))
@pytest.mark.usefixtures("hasty")
def test_a_thousand_mutated_files_are_read_or_refused_in_one_line(small, folder, part):
    ends = fuzzed(small, folder, range(1000 + 250 * part, 1250 + 250 * part), patiently=part == 0)
    assert ends["refused"] > 50 and ends["read"] > 50
