"""The C++ compiler of this machine and the settings that make it fast here, found by trying."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

COMPILERS = (("g++",), ("clang++",))
# The widest vectors first; what a compiler or processor does not take is passed over.
TARGETS = (("-march=native", "-mprefer-vector-width=512"), ("-march=native",), ("-mcpu=native",), ("-march=x86-64-v2",), ())
COMMON = ("-std=c++17", "-O3", "-w", "-static-libstdc++", "-static-libgcc")
# float32: fast, and denormals to zero at the link, which the decaying conductances of silent cells would reach.
# float64: every operation as it is written, so that two programs of one model agree bit for bit.
ARITHMETIC = {32: ("-ffast-math",), 64: ("-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math")}
PROBE = """
int main(int n, char**) {
    float x[16], sum = 0;
    for (int k = 0; k < 16; k++) x[k] = k*n;
    for (float y : x) sum += y;
    return sum != 120;
}
"""


def cache_folder() -> Path:
    """Where compiled programs are kept: $PRELIMBIC_CACHE, or prelimbic in the user's cache folder."""
    base = os.environ.get("PRELIMBIC_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "prelimbic"
    return Path(base).expanduser().resolve()


@dataclass(frozen=True)
class Toolchain:
    """A compiler that works here: its command, the line that names it, its flags, and a digest of the processor it is for.

    A portable program does every operation as it is written in 32 bits too."""

    command: tuple[str, ...]
    version: str
    target: tuple[str, ...]
    processor: str
    portable: bool = False

    def flags(self, precision: int) -> tuple[str, ...]:
        """Flags for a program in 32 or 64 bits."""
        return (*COMMON, *self.target, *ARITHMETIC[64 if self.portable else precision])

    def report_flags(self) -> tuple[str, ...]:
        """What makes the compiler tell which loops it vectorised, on standard error."""
        return ("-Rpass=loop-vectorize",) if "clang" in self.version else ("-fopt-info-vec-optimized",)


@cache
def toolchain() -> Toolchain | None:
    """The first compiler and target that compile a program which runs, or None.  $CXX, where set, is the only compiler tried."""
    asked = os.environ.get("CXX", "")
    try:
        commands = (tuple(shlex.split(asked)),) if asked.strip() else COMPILERS
    except ValueError:  # an open quotation mark
        return None
    for command in commands:
        if shutil.which(command[0]) is None:
            continue
        for target in TARGETS:
            if _works(command, target):
                return Toolchain(command, _first_line(command), target, _processor(command, target))
    return None


def compiler() -> str | None:
    """One line that names the compiler, or None."""
    found = toolchain()
    return found.version if found else None


def vector_bytes(report: str, lines: dict[str, int], precision: int) -> dict[str, int]:
    """From what the compiler told, the width (bytes) of the vectors of each named loop, by its line; 0 where it is scalar."""
    found = {}
    for name, line in lines.items():
        gcc = re.findall(rf":{line}:\d+: optimized: loop vectorized using (\d+) byte", report)
        clang = re.findall(rf":{line}:\d+: remark: vectorized loop \(vectorization width: (\d+)", report)
        found[name] = max([int(b) for b in gcc] + [int(w) * precision // 8 for w in clang], default=0)
    return found


def _works(command: tuple[str, ...], target: tuple[str, ...]) -> bool:
    """Whether a program compiles and runs, if possible where programs will have to run."""
    place = cache_folder()
    with contextlib.suppress(OSError):
        place.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(
            dir=place if place.is_dir() and os.access(place, os.W_OK) else None, prefix=".probe."
        ) as folder:
            program = Path(folder) / "probe"
            compiled = subprocess.run([*command, *COMMON, *target, *ARITHMETIC[32], "-x", "c++", "-", "-o", str(program)],
                                      input=PROBE, text=True, capture_output=True, check=False)  # fmt: skip
            return compiled.returncode == 0 and subprocess.run([str(program)], check=False).returncode == 0
    except OSError:
        return False


def _first_line(command: tuple[str, ...]) -> str:
    shown = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    return shown.stdout.splitlines()[0] if shown.stdout else " ".join(command)


def _processor(command: tuple[str, ...], target: tuple[str, ...]) -> str:
    """What the target means on this machine: a digest of the macros it predefines."""
    shown = subprocess.run(
        [*command, *target, "-dM", "-E", "-x", "c++", "-"], input="", capture_output=True, text=True, check=False
    )
    return f"{os.uname().machine}-{hashlib.sha256(shown.stdout.encode()).hexdigest()[:8]}"
