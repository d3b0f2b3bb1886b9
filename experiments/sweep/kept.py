"""What the loop of a run carries from look to look as named arrays in one file, and back, bit for bit.

The file is a plain zip of numpy arrays, none of which may hold objects, with a digest of all of them:
nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Collection, Iterable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np

from prelimbic.circuits import Activity, EngineError, Network, Numerics
from prelimbic.experiments.storage.files import UnreadableError, content_of, publish, trouble
from prelimbic.experiments.storage.provenance import installed, machine_code
from prelimbic.parameters import COMPOUNDS
from prelimbic.pharmacology import Block
from prelimbic.plasticity import READOUTS, CascadeError, SpineError, restored, saved
from prelimbic.simulation.run import Course, Snapshot
from prelimbic.simulation.slow import Slow

MOVING = ("time", "value", "occupancy")  # of a block
ABOUT = "about.json"
MOST_BYTES = 1 << 34
# Arrays of a look; all others have a number a Pyr cell.
BY_POPULATION = ("rate", "cv_isi", "burst_fraction", "potential", "open_potential", "nmda_share")
BY_SUBUNIT = ("nmda_open_probability", "magnesium_free")
OF_SPIKES = ("spike_cell", "spike_time", "spike_release")
WHOLE = ("spike_count", "spike_cell", "formed", "lost")  # numbers
UNFIT = (
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    EngineError,
    SpineError,
    CascadeError,
)
Arrays = dict[str, np.ndarray]


def made_by(numerics: Numerics) -> dict[str, str]:
    """The programs and the kind of machine that a network's state belongs to."""
    made = {package: installed(package) for package in ("prelimbic", "numpy", "numba")}
    return made | machine_code(True, numerics)


def arrays_of(course: Course, network: Network) -> Arrays:
    """A course and its network as named arrays; nothing of an interpreted network, which has no state."""
    state = network.state()
    whole = packed(course) | {f"network/{name}": value for name, value in state.items()}
    return whole if state["engine"].size else {}


def course_of(arrays: Arrays, slow: Slow, block: Block, network: Network) -> Course | None:
    """The course that was kept, its network brought to where it was; nothing where it is none of this run,
    whose `slow` and `block` are those at rest.
    """
    try:
        course = unpacked(arrays, slow, block)
        _check(course, slow)
        _go_on(network, {"engine": arrays["network/engine"], "elapsed": arrays["network/elapsed"]})
    except UNFIT:
        return None
    return course


def write(path: Path, about: dict[str, str], arrays: Arrays) -> None:
    """Publish named arrays as one file.  Raises StoreError."""
    whole = io.BytesIO()
    write: Any = np.lib.format.write_array  # which has no types
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr(ABOUT, json.dumps(about | {"sha256": _digest(arrays)}, sort_keys=True))
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                write(member, np.asanyarray(values, order="C"), allow_pickle=False)
    publish(path, whole.getvalue())


def read(path: Path, about: dict[str, str]) -> Arrays | None:
    """The arrays of a file, if it is whole and of this; else nothing.  Raises UnreadableError."""
    try:
        content = content_of(path, MOST_BYTES)
    except UnreadableError as error:
        raise UnreadableError(
            path, f"{error.cause}; the run resumes from this checkpoint, or starts again if you remove it"
        ) from None
    if content is None:
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if not _plain(archive, len(content)):
                return None
            told = json.loads(archive.read(ABOUT))
            sha256 = told.pop("sha256")
            if told != about:
                return None
            names = [name for name in archive.namelist() if name != ABOUT]
            arrays = {name.removesuffix(".npy"): _array(archive.read(name)) for name in names}
        numbers = all(array.dtype.kind in "fiub" for array in arrays.values())
        return arrays if numbers and _digest(arrays) == sha256 else None
    except MemoryError as error:
        raise UnreadableError(path, trouble(error)) from None
    except Exception:  # whatever is wrong with it, it is none of ours
        return None


def packed(course: Course) -> Arrays:
    """A course as named arrays; a look in which the one before stands in has no activity of its own."""
    found = _packed(course.rest, "rest") | _packed_slow(course.slow, "slow")
    found |= {f"block/{f.name}": np.asarray(getattr(course.block, f.name)) for f in _moving(course.block)}
    for k, seen in enumerate(course.seen):
        without = {"slow"} if seen.look.seconds > 0 else {"slow", "activity"}
        found |= _packed(seen, f"seen/{k}", without) | _packed_slow(seen.slow, f"seen/{k}/slow")
    return found


def unpacked(arrays: Arrays, slow: Slow, block: Block) -> Course:
    """The course that was packed, with the constants of `slow` and `block`, which are those at rest.

    Raises KeyError, ValueError, TypeError, SpineError or CascadeError where the arrays are none of such a
    course.
    """
    rest: Activity = _unpacked(Activity, "rest", arrays)
    seen: list[Snapshot] = []
    while f"seen/{len(seen)}/look/time" in arrays:
        name = f"seen/{len(seen)}"
        given: dict[str, Any] = {"slow": _unpacked_slow(arrays, f"seen/{len(seen)}/slow", slow)}
        if f"{name}/activity/seconds" not in arrays:
            given["activity"] = seen[-1].activity
        seen.append(_unpacked(Snapshot, name, arrays, given))
    moving = {f.name: _value(getattr(block, f.name), arrays[f"block/{f.name}"]) for f in _moving(block)}
    moved: Block = replace(block, **moving)  # type: ignore[type-var]
    return Course(rest, tuple(seen), _unpacked_slow(arrays, "slow", slow), moved)


def _packed(record: Any, name: str, without: Collection[str] = ()) -> Arrays:
    found: Arrays = {}
    for f in fields(record):
        value = getattr(record, f.name)
        if f.name not in without:
            found |= (
                _packed(value, f"{name}/{f.name}")
                if is_dataclass(value)
                else {f"{name}/{f.name}": np.asarray(value)}
            )
    return found


def _unpacked(kind: Any, name: str, arrays: Arrays, given: dict[str, Any] | None = None) -> Any:
    values, hints = dict(given or {}), get_type_hints(kind)
    for f in fields(kind):
        if f.name not in values:
            hint, inner = hints[f.name], f"{name}/{f.name}"
            values[f.name] = (
                _unpacked(hint, inner, arrays)
                if is_dataclass(hint)
                else float(arrays[inner])
                if hint is float
                else arrays[inner]
            )
    return kind(**values)


def _moving(block: Block) -> list[Any]:
    return [f for f in fields(block) if f.name in MOVING]  # type: ignore[arg-type]


def _value(like: Any, array: np.ndarray) -> Any:
    """What is stored, of the type and shape of what it replaces."""
    if isinstance(like, float):
        return float(array)
    if array.shape != like.shape or array.dtype != like.dtype:
        raise ValueError(
            f"an array of {array.dtype} {array.shape} does not fit one of {like.dtype} {like.shape}"
        )
    return array


def _packed_slow(slow: Slow, name: str) -> Arrays:
    found = {f"{name}/{key}": value for key, value in saved(slow.cascade, slow.spines).items()}
    found[f"{name}/hours"] = np.array([hour for hour, _ in slow.sampled])
    found[f"{name}/means"] = np.array([means for _, means in slow.sampled])
    return found


def _unpacked_slow(arrays: Arrays, name: str, slow: Slow) -> Slow:
    own = {
        key.removeprefix(f"{name}/"): value for key, value in arrays.items() if key.startswith(f"{name}/")
    }
    cascade, spines = restored(own, slow.cascade, slow.spines)
    sampled = tuple((float(hour), means) for hour, means in zip(own["hours"], own["means"], strict=True))
    return replace(slow, cascade=cascade, spines=spines, sampled=sampled)


def _go_on(network: Network, state: Arrays) -> None:
    """Bring a network to a state.  Raises EngineError where it is none of such a network, which is then as
    it was.
    """
    before = {name: values.copy() for name, values in network.state().items()}
    try:
        network.go_on(state)
    except EngineError:
        if before["engine"].size:
            network.go_on(before)
        raise


def _check(course: Course, slow: Slow) -> None:
    """Raise ValueError where a course has other looks than its run, or arrays of other shapes or types than
    its circuit.
    """
    if [seen.look for seen in course.seen] != list(slow.config.protocol.looks())[: len(course.seen)]:
        raise ValueError("the looks are not those of the run")
    pyr, populations, subunits = slow.circuit.counts[0], *slow.circuit.mixtures.shape
    shapes: dict[str, tuple[int, ...]] = {"spike_count": (slow.circuit.size,), "unbound": (len(COMPOUNDS),)}
    shapes |= dict.fromkeys(BY_POPULATION, (populations,))
    shapes |= dict.fromkeys((*BY_SUBUNIT, "block"), (populations, subunits))
    activities = [course.rest, *(seen.activity for seen in course.seen)]
    for seen in activities:
        # a value a millisecond
        lfp = round(1000 * (seen.seconds - course.rest.seconds)) + course.rest.lfp.size
        shapes |= dict.fromkeys(OF_SPIKES, seen.spike_time.shape[:1]) | {"lfp": (lfp,)}
        shapes |= {f.name: course.rest.currents.sepsc_rate.shape[:1] for f in fields(seen.currents)}
        _check_arrays((seen, seen.currents), shapes, (pyr,))
        if not ((seen.spike_cell >= 0) & (seen.spike_cell < slow.circuit.size)).all():
            raise ValueError("a cell that is not there fires")
    _check_arrays(course.seen, shapes, (pyr,))
    for means in (
        means for part in (course.slow, *(seen.slow for seen in course.seen)) for _, means in part.sampled
    ):
        if means.shape != (len(READOUTS),):
            raise ValueError(f"means have shape {means.shape}")


def _check_arrays(
    records: Iterable[Any], shapes: dict[str, tuple[int, ...]], other: tuple[int, ...]
) -> None:
    for f, value in ((f, getattr(record, f.name)) for record in records for f in fields(record)):
        fits = (shapes.get(f.name, other), "i" if f.name in WHOLE else "f")
        if isinstance(value, np.ndarray) and (value.shape, value.dtype.kind) != fits:
            raise ValueError(f"{f.name} is {value.dtype} of shape {value.shape}")


def _plain(archive: zipfile.ZipFile, size: int) -> bool:
    """Whether nothing in an archive is compressed, and all together no larger than it."""
    members = archive.infolist()
    return (
        all(m.compress_type == zipfile.ZIP_STORED for m in members)
        and sum(m.file_size for m in members) <= size
    )


def _digest(arrays: Arrays) -> str:
    total = hashlib.sha256()
    for name in sorted(arrays):
        values = np.asanyarray(arrays[name], order="C")
        total.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
        total.update(values.tobytes())
    return total.hexdigest()


def _array(content: bytes) -> np.ndarray:
    """An array, which is no larger than what it is read from."""
    head = io.BytesIO(content)
    first = np.lib.format.read_magic(head) == (1, 0)  # type: ignore[no-untyped-call]
    layout: Any = np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
    shape, _, kind = layout(head)
    if math.prod(shape) * kind.itemsize > len(content):
        raise ValueError("it claims more than it holds")
    return np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)  # type: ignore[no-untyped-call]
