"""`prelimbic doctor`: what this machine gives a run, and what to do where that is little."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from prelimbic.experiments.cli.words import Command
from prelimbic.parameters.system import free_memory, vector_words

OK, SLOW, BROKEN, NONE = "ok", "slow", "broken", "none"
# of what a processor calls its vector units, bytes of a vector, the widest first
VECTORS = (("avx512f", 64), ("avx2", 32), ("avx", 32), ("sse2", 16), ("asimd", 16), ("neon", 16))
SMALL = 1 << 30  # bytes of memory or disk below which a sweep may not get far
GB = 1e9
PATIENCE_S = 3.0
WIDTH = 100


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: how it is (ok, slow, broken, or none), what was found, what to do."""

    what: str
    state: str
    found: str
    do: str = ""


@click.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def doctor(as_json: bool) -> None:
    """What this machine gives a run: compiler, vectors, caches, cores, memory, disk, batch system, versions,
    and what to do about each.  Exit code 1 where no run could be computed here.
    """
    found = [*looked_at()]
    if as_json:
        print(json.dumps([asdict(each) for each in found], indent=1))
    else:
        _show(found)
    if broken := [each.what for each in found if each.state == BROKEN]:
        from prelimbic.parameters.errors import RunError

        raise RunError(f"no run can be computed here before this is repaired: {', '.join(broken)}")


def looked_at() -> Iterator[Finding]:
    """Everything, one after the other; what cannot be looked at is told as such."""
    checks: tuple[tuple[str, Callable[[], Finding]], ...] = (
        ("versions", _versions),
        ("extras", _extras),
        ("compiler", _compiler),
        ("vectors", _vectors),
        ("cache", _cache),
        ("shared states", _states),
        ("cores", _cores),
        ("memory", _memory),
        ("disk", _disk),
        ("batch system", _batch),
    )
    for name, check in checks:
        try:
            yield check()
        except Exception as error:  # a doctor who falls ill says of what
            yield Finding(name, BROKEN, f"cannot be looked at: {' '.join(str(error).split())}")


def _versions() -> Finding:
    from importlib.metadata import PackageNotFoundError
    from platform import python_version

    try:
        needed = _needed("")
    except PackageNotFoundError:
        return Finding("versions", BROKEN, "prelimbic is not installed", "pip install . in its folder")
    installed = {name: _version(name) for name in ("prelimbic", *needed)}
    absent = [name for name, found in installed.items() if not found]
    if absent:
        return Finding(
            "versions", BROKEN, f"not installed: {', '.join(absent)}", f"pip install {' '.join(absent)}"
        )
    told = ", ".join(f"{name} {found}" for name, found in installed.items())
    return Finding("versions", OK, f"Python {python_version()}, {told}")


def _extras() -> Finding:
    """What commands find installed beyond what every run needs."""
    from prelimbic.experiments.exchange.export import FORMATS

    wanted = {"trials": "analysis of trials"}  # those of the tests are left out
    wanted |= {to: f"export --to {to}" for to, kind in FORMATS.items() if kind.package}
    asked = {extra: {name: _version(name) for name in _needed(extra)} for extra in wanted}
    there = [extra for extra, found in asked.items() if all(found.values())]
    absent = [extra for extra in wanted if extra not in there]
    told = [f"{name} {found}" for extra in there for name, found in asked[extra].items()]
    if absent:
        told.append("not there: " + ", ".join(f"{extra} ({wanted[extra]})" for extra in absent))
    do = f"pip install 'prelimbic[{','.join(absent)}]' where you need them" if absent else ""
    return Finding("extras", NONE if absent else OK, "; ".join(told), do)


def _needed(extra: str) -> list[str]:
    """Packages that an extra names, or that everyone needs."""
    from importlib.metadata import requires
    from re import match

    ends = f'extra == "{extra}"'
    lines = (line.replace("'", '"') for line in requires("prelimbic") or [])
    taken = [line for line in lines if (ends in line if extra else "extra ==" not in line)]
    return list(dict.fromkeys(found[0] for line in taken if (found := match(r"[\w.-]+", line))))


def _version(name: str) -> str:
    """Of an installed package; nothing where it is not."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _compiler() -> Finding:
    from prelimbic.circuits import toolchain, why_no_compiler

    tools = toolchain()
    if tools is None:
        return Finding(
            "compiler",
            SLOW,
            f"none works, so circuits are interpreted, hundreds of times slower: {why_no_compiler()}",
            "apt install g++, or name a C++ compiler in CXX",
        )
    return Finding("compiler", OK, f"{tools.version}; {' '.join(tools.target) or 'no target of its own'}")


def _vectors() -> Finding:
    from prelimbic.circuits import toolchain

    offered = _offered()
    tools = toolchain()
    if tools is None:
        return Finding("vectors", SLOW, f"the processor has {offered} bytes; interpreted circuits use none")
    native = any("native" in flag for flag in tools.target)
    used = _built()
    told = f"the processor has {offered} bytes" if offered else "of this processor it is not known"
    told += f"; loops that were compiled use up to {used}" if used else "; nothing is compiled yet"
    if not native:
        return Finding(
            "vectors", SLOW, f"{told}; the compiler does not take this processor", "a newer g++ or clang++"
        )
    return Finding("vectors", OK, told)


def _offered() -> int:
    """Bytes of the widest vectors of this processor; 0 where it does not say."""
    words = vector_words()
    return next((size for name, size in VECTORS if name in words), 0)


def _built() -> int:
    """Bytes of the widest vectors that a compiled circuit in the cache uses; 0 where there is none."""
    from prelimbic.circuits import build_record
    from prelimbic.parameters.caching import cache_folder

    widths = [0]
    for place in cache_folder().glob("*/build.json"):
        try:
            found = build_record(place.parent).get("vector_bytes")
        except (OSError, ValueError):
            continue
        if isinstance(found, dict):
            widths += [int(n) for n in found.values() if isinstance(n, int)]
    return max(widths)


def _cache() -> Finding:
    from prelimbic.parameters.caching import ADVICE, CacheError, the_cache, unusable

    try:
        found = the_cache()
    except CacheError as error:
        return Finding("cache", BROKEN, str(error), ADVICE)
    if why := unusable(found.folder):
        return Finding("cache", BROKEN, f"{found.folder} cannot be used: {why}", ADVICE)
    size = sum(path.stat().st_size for path in found.folder.rglob("*") if path.is_file())
    told = f"{found.folder}, {size / GB:.2f} GB of it used, {_free(found.folder) / GB:.0f} GB free"
    return Finding("cache", SLOW, found.told, ADVICE) if found.told else Finding("cache", OK, told)


def _states() -> Finding:
    from prelimbic.experiments.sweep.shelf import SIZE, room

    most = room()
    if not most:
        return Finding(
            "shared states", SLOW, f"none are kept ({SIZE} is 0): runs share no beginning", f"unset {SIZE}"
        )
    return Finding("shared states", OK, f"up to {most / GB:g} GB ({SIZE} says how many)")


def _cores() -> Finding:
    from prelimbic.parameters.granted import THREADS, available_cpus, threads_asked

    granted, there = available_cpus(), os.cpu_count() or 1
    threads = threads_asked()
    told = f"{granted} of {there} granted; {max(1, granted // threads)} workers unless asked otherwise"
    told += f", {threads} threads each ({THREADS})" if threads > 1 else ""
    if granted == 1 < there:
        return Finding(
            "cores",
            SLOW,
            told,
            "ask the batch system for more, such as --cpus-per-task, or widen the cgroup",
        )
    return Finding("cores", OK, told)


def _memory() -> Finding:
    free = free_memory()
    if free is None:
        return Finding("memory", NONE, "how much is free is not known here")
    told = f"{free / GB:.1f} GB available"
    if free < SMALL:
        return Finding("memory", SLOW, told, "fewer --workers, or --mem of the batch system")
    return Finding("memory", OK, told)


def _disk() -> Finding:
    here = Path.cwd()
    free, writable = _free(here), os.access(here, os.W_OK)
    told = f"{here}: {free / GB:.1f} GB free"
    if not writable:
        return Finding("disk", SLOW, f"{here} cannot be written", "results go elsewhere with --out FOLDER")
    if free < SMALL:
        return Finding("disk", SLOW, told, "results go elsewhere with --out FOLDER")
    return Finding("disk", OK, told)


def _free(folder: Path) -> float:
    return float(shutil.disk_usage(folder).free)


def _batch() -> Finding:
    from prelimbic.experiments.sweep.cluster import BACKENDS
    from prelimbic.experiments.sweep.queue import ClusterError

    there = [(name, backend) for name, backend in BACKENDS.items() if backend.there()]
    job = os.environ.get("SLURM_JOB_ID", "")
    if not there:
        names = ", ".join(backend.title for backend in BACKENDS.values())
        return Finding(
            "batch system",
            NONE,
            f"no {names} here",
            "elsewhere --share k/N computes a part; docs/cluster.md",
        )
    told = []
    for name, backend in there:
        try:
            backend(Path.cwd()).look(PATIENCE_S)
            told.append(f"{backend.title} answers (--cluster {name})")
        except ClusterError as error:
            return Finding("batch system", SLOW, str(error), f"see whether {backend.command} works")
    return Finding("batch system", OK, ", ".join(told) + (f"; this is job {job}" if job else ""))


def _show(found: list[Finding]) -> None:
    from rich.table import Table

    from prelimbic.experiments.sweep.screen import console

    screen = console()
    made = Table(width=min(WIDTH, screen.width))
    for head in ("what", "state", "found", "what to do"):
        made.add_column(head, overflow="fold", no_wrap=head in ("what", "state"))
    for each in found:
        made.add_row(each.what, each.state, each.found, each.do)
    screen.print(made, markup=False)
