"""Asking for files that were made to harm: all readers and commands, and what may come of it."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from prelimbic import load
from prelimbic.experiments.storage.files import StoreError
from prelimbic.experiments.storage.store import check_run, is_whole, read_config, read_groups, tree
from tests.fuzz import ask
from tests.said import FAILURE, is_one_sentence

READ = ("summary", "traces", "fine", "cells", "numbers", "spikes/Pyr")
NO_ANSWER = "the HDF5 library failed"


class Trap:
    """Whoever unpickles it makes a file."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)

    def pickled(self) -> bytes:
        return pickle.dumps(self)


def answers(path: Path, run_id: str, patiently: bool = True) -> list[str]:
    """What every reader of a run file answers, or the one line in which it refuses; anything else is
    raised.  Not `patiently`, none is asked after one that got no answer.
    """
    readers: list[Callable[[], Any]] = [
        lambda: check_run(path),
        lambda: read_config(path),
        lambda: tree(path),
        lambda: read_groups(path, READ),
        lambda: is_whole(path, run_id),
    ]
    said: list[str] = []
    for reader in readers:
        said.append(_answer(reader))
        if not patiently and NO_ANSWER in said[-1]:
            break
    return said


def loaded(folder: Path) -> xr.Dataset | None:
    """The dataset of a folder, if it can be loaded."""
    try:
        return load(folder)
    except StoreError as error:
        is_one_line(str(error))
        return None


def told(*words: object) -> str:
    """All that a command says, which is printable; it works or fails in one sentence."""
    answer = ask(*words)
    assert answer.code in (0, FAILURE)
    assert answer.written == ()
    for line in (answer.out + answer.err).splitlines():
        is_one_line(line)
    if answer.code:
        is_one_sentence(answer.err)
    else:
        assert answer.err == ""
    if "--json" in words and answer.out:
        json.loads(answer.out, parse_constant=_no_constant)
    return answer.out + answer.err


def is_one_line(text: str) -> None:
    assert text.isprintable() and text.strip(), ascii(text[:500])


def _answer(reader: Callable[[], Any]) -> str:
    try:
        with np.printoptions(threshold=100000):
            return repr(reader())
    except StoreError as error:
        is_one_line(str(error))
        return f"refused: {error}"


def _no_constant(text: str) -> None:
    raise AssertionError(f"{text} is no JSON")


def put(path: Path, content: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
