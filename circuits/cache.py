"""Compiled networks on disk: each is built once for all that it depends on, and shared by every process.

A program depends on the model's texts and the precision alone; sizes, wiring and constants are loaded when
it runs.  It is compiled in a temporary folder beside its place and renamed into it, and its digest is
compared before it is used, so a half-built one never is; a lock file lets other processes wait for it
instead of compiling the same thing.  The text that Brian2 makes of a model is kept too, since it is the same
for every compiler and processor.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shutil
import site
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

from prelimbic.circuits import model as texts
from prelimbic.circuits import translate
from prelimbic.circuits.model import Model
from prelimbic.circuits.toolchain import Toolchain, first_error, toolchain, vector_bytes, why_no_compiler
from prelimbic.parameters.caching import cache_folder
from prelimbic.parameters.errors import RunError
from prelimbic.parameters.origin import import_path

KERNEL = Path(__file__).with_name("kernel")
RECORD = "build.json"
LONGEST_S = 1800.0  # for a compiler, which takes half a minute


class BuildError(RunError):
    """The compiler is there but the network did not compile."""


def program(model: Model, precision: int = 32, portable: bool = False) -> Path:
    """Folder of the compiled network of a model, compiling it if need be: `main`, and `build.json` that
    tells how it was made.

    A portable one does the same with every compiler and every width of vectors, bit for bit.
    Raises BuildError without a compiler, and when compiling fails.
    """
    tools = toolchain()
    if tools is None:
        raise BuildError(
            f"no C++ compiler works: {why_no_compiler()}; install g++ or clang++, or name one in CXX"
        )
    tools = replace(tools, portable=portable)
    place = cache_folder() / _key(model, precision, tools)
    if _sound(place):
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with _locked(place.with_suffix(".lock")):
            if not _sound(place):
                _compile(model, precision, tools, place)
    except OSError as error:
        raise BuildError(
            f"the build cache {place.parent} cannot be written ({error.strerror}); set PRELIMBIC_CACHE"
        ) from None
    return place


def build_record(place: Path) -> dict[str, object]:
    """How a program was made: compiler, flags, processor, and bytes of the vectors of each of its loops (0
    is scalar).
    """
    return json.loads((place / RECORD).read_text(encoding="utf-8"))


def _sound(place: Path) -> bool:
    """Whether a program is there and is the one that was compiled."""
    try:
        return hashlib.sha256((place / "main").read_bytes()).hexdigest() == build_record(place)["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _key(model: Model, precision: int, tools: Toolchain) -> str:
    parts = [*_words(model, precision), *tools.command, tools.version, tools.processor]
    parts += [*tools.flags(precision), *platform.libc_ver()]
    parts += [path.read_text(encoding="utf-8") for path in sorted(KERNEL.glob("*.h"))]
    return _digest("\0".join(parts))[:20]


def _words(model: Model, precision: int) -> list[str]:
    """What the text of a program depends on."""
    modules = [Path(str(module.__file__)).read_text(encoding="utf-8") for module in (translate, texts)]
    return [model.digest, str(precision), version("brian2"), *modules]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _compile(model: Model, precision: int, tools: Toolchain, place: Path) -> None:
    work = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    try:
        text = _translated(model, precision, place, work)
        source, ready = work / "main.cpp", work / "ready"
        source.write_text(text, encoding="utf-8")
        ready.mkdir()
        flags = tools.flags(precision)
        for report in (tools.report_flags(), ()):  # not every compiler tells of its loops
            what = ["-I", str(KERNEL), "-pthread", str(source), "-o", str(ready / "main")]
            done = _run([*tools.command, *flags, *report, *what])
            if done.returncode == 0:
                break
        else:
            log = place.with_suffix(".log")
            log.write_text(done.stdout + done.stderr, encoding="utf-8")
            said = first_error(done.stderr) or f"ended with code {done.returncode}"
            raise BuildError(
                f"{tools.command[0]} says {said!r}: the circuit did not compile; the compiler's output is "
                f"in {log}"
            )
        loops = {
            line.rpartition(" ")[2]: k for k, line in enumerate(text.splitlines(), 1) if "// loop " in line
        }
        record = {
            "compiler": tools.version,
            "flags": flags,
            "processor": tools.processor,
            "vector_bytes": vector_bytes(done.stderr, loops, precision),
            "sha256": hashlib.sha256((ready / "main").read_bytes()).hexdigest(),
        }
        (ready / RECORD).write_text(json.dumps(record, indent=1))
        if place.exists():  # what is there is damaged, or another process without a lock was faster
            os.replace(place, work / "old")
        os.replace(ready, place)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _run(words: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a compiler.  Raises BuildError where it does not end."""
    try:
        return subprocess.run(
            words,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=LONGEST_S,
        )
    except subprocess.TimeoutExpired:
        raise BuildError(f"{words[0]} did not compile the circuit within {LONGEST_S / 60:.0f} min") from None


def _translated(model: Model, precision: int, place: Path, work: Path) -> str:
    """The program's text: the kept one where it is whole, and else that of Brian2."""
    kept = place.with_name(_digest("\0".join(_words(model, precision)))[:20] + ".cpp")
    with suppress(OSError, ValueError):
        head, _, text = kept.read_text(encoding="utf-8").partition("\n")
        if head == f"// {_digest(text)}":
            return text
    text = _by_brian2(model, precision, place, work)
    (work / kept.name).write_text(f"// {_digest(text)}\n{text}", encoding="utf-8")
    os.replace(work / kept.name, kept)
    return text


def _by_brian2(model: Model, precision: int, place: Path, work: Path) -> str:
    """The program's text, written by a process of its own, which finds no preferences, home or leftovers of
    the user's.
    """
    theirs = ("MATPLOTLIBRC", "PYTHONOPTIMIZE", "PYTHONWARNINGS")
    plain = {name: value for name, value in os.environ.items() if name not in theirs}
    plain |= dict.fromkeys(("HOME", "TMPDIR", "MPLCONFIGDIR"), str(work))
    plain |= {
        "PYTHONPATH": import_path(),
        "PYTHONUSERBASE": site.getuserbase(),
        "PYTHONIOENCODING": "utf-8",
        "MPLBACKEND": "agg",
    }
    asked = json.dumps({"model": asdict(model), "precision": precision})
    done = subprocess.run(
        [sys.executable, "-P", "-m", "prelimbic.circuits.translate"],
        input=asked,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        env=plain,
        cwd=work,
    )
    if done.returncode != 0:
        log = place.with_suffix(".log")
        log.write_text(done.stderr, encoding="utf-8")
        raise BuildError(f"the equations could not be translated; what Brian2 says of them is in {log}")
    return done.stdout


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Alone among the processes of this machine; where the folder knows no locks, as best it can be."""
    with open(path, "w") as handle:
        with suppress(OSError):  # some shared folders; then two may compile the same, and either is whole
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
