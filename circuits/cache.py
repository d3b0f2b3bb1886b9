"""Compiled networks on disk: each is built once for all that it depends on, and shared by every process.

A program is compiled in a temporary folder beside its place and renamed into it, so a half-built one is never used;
a lock file lets other processes wait for it instead of compiling the same thing.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path

from circuits import background, build
from circuits import equations as eq
from circuits.build import Structure

# -ffast-math without Brian2's -fno-finite-math-only, and room for many alias checks: without both, GCC leaves the
# neuron update scalar.  At the link it turns denormals off, which decaying conductances of silent cells would reach.
FLAGS = ["-w", "-O3", "-ffast-math", "-march=native", "-mprefer-vector-width=512",
         "--param=vect-max-version-for-alias-checks=1000", "-std=c++17"]  # fmt: skip
LINK_FLAGS = ["-ffast-math"]


class BuildError(RuntimeError):
    """The compiler is there but the network did not compile."""


def cache_folder() -> Path:
    """$PRELIMBIC_CACHE, or prelimbic in the user's cache folder."""
    base = os.environ.get("PRELIMBIC_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "prelimbic"
    return Path(base).expanduser().resolve()


@cache
def compiler() -> str | None:
    """One line that names the C++ compiler, or None when g++ or make is missing."""
    if shutil.which("make") is None or shutil.which("g++") is None:
        return None
    shown = subprocess.run(["g++", "--version"], capture_output=True, text=True, check=False)
    return shown.stdout.splitlines()[0] if shown.returncode == 0 and shown.stdout else None


@cache
def cpu_target() -> str:
    """What -march=native means here: the architecture's name and a digest of every target option."""
    if compiler() is None:
        return "interpreted"
    shown = subprocess.run(["g++", "-march=native", "-Q", "--help=target"], capture_output=True, text=True, check=False)
    named = [line.split()[-1] for line in shown.stdout.splitlines() if line.strip().startswith("-march=")]
    return f"{named[0] if named else 'unknown'}-{hashlib.sha256(shown.stdout.encode()).hexdigest()[:8]}"


def program(structure: Structure) -> Path:
    """Folder of the compiled network for this structure, compiling it if need be.  Raises BuildError."""
    place = cache_folder() / _key(structure)
    if (place / "main").exists():
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with _locked(place.with_suffix(".lock")):
            if not (place / "main").exists():
                _compile(structure, place)
    except OSError as error:
        raise BuildError(f"the build cache {place.parent} cannot be written ({error.strerror}); set PRELIMBIC_CACHE") from None
    return place


def _key(structure: Structure) -> str:
    parts = [repr(structure), background.cpp_source(), str(FLAGS + LINK_FLAGS)]
    parts += [version("brian2"), str(compiler()), cpu_target()]
    parts += [Path(source).read_text() for source in (build.__file__, Path(build.__file__).with_name("server.h"))]
    parts += eq.compiled(structure.dendrites)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def _compile(structure: Structure, place: Path) -> None:
    work = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    try:
        request = work / "request.json"
        request.write_text(build.request_text(structure, FLAGS, LINK_FLAGS))
        command = [sys.executable, "-m", "circuits.build", str(request), str(work / "code")]
        root = str(Path(build.__file__).resolve().parent.parent)
        paths = os.pathsep.join(p for p in (root, os.environ.get("PYTHONPATH", "")) if p)
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=work, env={**os.environ, "PYTHONPATH": paths}
        )
        if done.returncode != 0 or not (work / "code" / "main").exists():
            log = place.with_suffix(".log")
            log.write_text(done.stdout + done.stderr)
            raise BuildError(f"the circuit did not compile; the compiler's output is in {log}")
        ready = work / "ready"
        ready.mkdir()
        shutil.move(work / "code" / "main", ready / "main")
        shutil.move(work / "code" / "static_arrays", ready / "static_arrays")
        os.replace(ready, place)
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with open(path, "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
