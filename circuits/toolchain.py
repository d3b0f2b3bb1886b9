"""The C++ compiler of this machine and the settings that make it fast here, found by trying."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from prelimbic.parameters.caching import CacheError, cache_folder, unwritable

COMPILERS = (("g++",), ("clang++",))
# The widest vectors first; what a compiler or processor does not take is passed over.
TARGETS = (
    ("-march=native", "-mprefer-vector-width=512"),
    ("-march=native",),
    ("-mcpu=native",),
    ("-mcpu=apple-m1",),  # what clang calls an Apple processor where it knows no native one
    ("-march=x86-64-v2",),
    (),
)
COMMON = ("-std=c++17", "-O3", "-w", "-static-libstdc++", "-static-libgcc")
# Of these, what is left out where it alone does not work: a static C++ library is often not installed.
OPTIONAL = ("-w", "-static-libstdc++", "-static-libgcc")
PATIENCE_S = 60.0  # for the compiler of a few lines, and for what it made
# float32: fast, and denormals to zero at the link, which the decaying conductances of silent cells would
# reach.
# float64: every operation as it is written, so that two programs of one model agree bit for bit.
ARITHMETIC = {32: ("-ffast-math",), 64: ("-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math")}
PROBE = """
#if !__has_include(<vector>) || !__has_include(<cmath>)
#error the headers of the C++ library are not installed
#endif
int main(int n, char**) {
    float* x = new float[16*n], sum = 0;
    for (int k = 0; k < 16; k++) x[k] = k*n;
    for (int k = 0; k < 16; k++) sum += x[k];
    delete[] x;
    return sum != 120;
}
"""


@dataclass(frozen=True)
class Toolchain:
    """A compiler that works here: its command, the line that names it, its flags, and a digest of the
    processor it is for.

    A portable program does every operation as it is written in 32 bits too.
    """

    command: tuple[str, ...]
    version: str
    target: tuple[str, ...]
    processor: str
    common: tuple[str, ...] = COMMON
    portable: bool = False

    def flags(self, precision: int) -> tuple[str, ...]:
        """Flags for a program in 32 or 64 bits."""
        return (*self.common, *self.target, *ARITHMETIC[64 if self.portable else precision])

    def report_flags(self) -> tuple[str, ...]:
        """What makes the compiler tell which loops it vectorised, on standard error."""
        return ("-Rpass=loop-vectorize",) if "clang" in self.version else ("-fopt-info-vec-optimized",)


@cache
def toolchain() -> Toolchain | None:
    """The first compiler and target that compile a program which runs, or None.  $CXX, where set, is the
    only compiler tried.
    """
    return _found(
        os.environ.get("CXX", "").strip(), os.environ.get("PATH", ""), os.environ.get("PRELIMBIC_CACHE", "")
    )[0]


def why_no_compiler() -> str:
    """Which compilers were tried, and what each said, in a line."""
    return _found(
        os.environ.get("CXX", "").strip(), os.environ.get("PATH", ""), os.environ.get("PRELIMBIC_CACHE", "")
    )[1]


def compiler() -> str | None:
    """One line that names the compiler, or None."""
    found = toolchain()
    return found.version if found else None


def vector_bytes(report: str, lines: dict[str, int], precision: int) -> dict[str, int]:
    """From what the compiler told, the width (bytes) of the vectors of each named loop, by its line; 0 where
    it is scalar.
    """
    found = {}
    for name, line in lines.items():
        gcc = re.findall(rf":{line}:\d+: optimized: loop vectorized using (\d+) byte", report)
        clang = re.findall(rf":{line}:\d+: remark: vectorized loop \(vectorization width: (\d+)", report)
        found[name] = max([int(b) for b in gcc] + [int(w) * precision // 8 for w in clang], default=0)
    return found


class _Unfit(Exception):  # noqa: N818 - a compiler that is none is no error
    """Why a compiler does not do, in words that follow its name."""


@cache
def _found(asked: str, path: str, kept: str) -> tuple[Toolchain | None, str]:
    """The compiler that works with $CXX, $PATH and $PRELIMBIC_CACHE as they are; without one, why each does
    not.
    """
    try:
        commands = (tuple(shlex.split(asked)),) if asked else COMPILERS
    except ValueError:
        return None, f"CXX is {asked!r}, which has an open quotation mark"
    tried = []
    for command in commands:
        try:
            return _fitted(command), ""
        except _Unfit as error:
            tried.append(f"CXX is {asked!r}, which {error}" if asked else f"{command[0]} {error}")
    return None, "; ".join(tried)


def _fitted(command: tuple[str, ...]) -> Toolchain:
    """A compiler with the first target, and with those of the common flags, that work here.  Raises
    _Unfit.
    """
    if not command or not command[0]:
        raise _Unfit("names no program")
    if shutil.which(command[0]) is None:
        raise _Unfit("is no program" if "/" in command[0] else "is not on the PATH")
    if _refused(command, (*COMMON, *TARGETS[0])) is None:
        return _described(command, COMMON, TARGETS[0])
    common: tuple[str, ...] = COMMON
    if _refused(command, COMMON) is not None:
        common = tuple(flag for flag in COMMON if flag not in OPTIONAL)
        if refused := _refused(command, common):
            raise refused
        for flag in OPTIONAL:
            more = tuple(known for known in COMMON if known in (*common, flag))
            common = common if _refused(command, more) else more
    for target in TARGETS:
        if (refused := _refused(command, (*common, *target))) is None:
            return _described(command, common, target)
    raise refused or _Unfit("takes no target")


def _described(command: tuple[str, ...], common: tuple[str, ...], target: tuple[str, ...]) -> Toolchain:
    shown = _run([*command, "--version"])
    version = shown.stdout.splitlines()[0] if shown.stdout.strip() else " ".join(command)
    # what the target means on this machine
    macros = _run([*command, *target, "-dM", "-E", "-x", "c++", "-"]).stdout
    return Toolchain(
        command,
        version,
        target,
        f"{os.uname().machine}-{hashlib.sha256(macros.encode()).hexdigest()[:8]}",
        common,
    )


def _refused(command: tuple[str, ...], flags: tuple[str, ...]) -> _Unfit | None:
    """Why a program does not compile with flags, or does not run where programs will have to; None where it
    does.

    Raises _Unfit where no other flags need be tried.
    """
    try:
        with tempfile.TemporaryDirectory(dir=_place(), prefix=".probe.") as folder:
            program = Path(folder) / "probe"
            made = _run([*command, *flags, *ARITHMETIC[32], "-x", "c++", "-", "-o", str(program)], PROBE)
            if made.returncode != 0 or not program.exists():
                why = first_error(made.stderr) or f"it ended with code {made.returncode} and no word"
                return _Unfit(f"fails: {why}")
            return _does_not_run(program)
    except OSError as error:
        raise _Unfit(f"cannot be tried: {error}") from None


def _does_not_run(program: Path) -> _Unfit | None:
    try:
        done = _run([str(program)])
    except PermissionError:
        return _Unfit(
            f"compiles, but programs may not run in {program.parent.parent}; PRELIMBIC_CACHE names another "
            "folder"
        )
    except OSError as error:
        return _Unfit(f"makes what is no program here ({error.strerror})")
    if done.returncode == 0:
        return None
    how = f"by signal {-done.returncode}" if done.returncode < 0 else f"with code {done.returncode}"
    return _Unfit(f"makes programs that do not run here: {first_error(done.stderr) or f'one ended {how}'}")


def _place() -> Path | None:
    """Where programs will be, if it can be written; else among temporary files."""
    try:
        return None if unwritable(cache_folder()) else cache_folder()
    except CacheError:
        return None


def first_error(said: str) -> str:
    """The first line of a compiler's words that tells of an error: of the linker, what comes before the
    last.
    """
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = ("collect2: error", "linker command failed")
    own = [
        line
        for line in lines
        if re.search(r"\berror\b", line, re.I) and not any(word in line for word in last)
    ]
    return next(iter([*own, *lines]), "")


def _run(words: Sequence[str], given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a compiler, or what it made, in English and not for ever.  Raises OSError, and _Unfit when it does
    not end.
    """
    process = subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "LC_ALL": "C"},
    )
    try:
        out, told = process.communicate(given, PATIENCE_S)
    except BaseException as error:
        os.killpg(process.pid, signal.SIGKILL)  # with what it started
        process.wait()
        if isinstance(error, subprocess.TimeoutExpired):
            raise _Unfit(f"gave no answer in {PATIENCE_S:.0f} s") from None
        raise
    return subprocess.CompletedProcess(words, process.returncode, out, told)
