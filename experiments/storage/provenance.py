"""Where and with what a run was computed; nothing here changes what it computed."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from prelimbic import circuits
from prelimbic.circuits import STANDARD, Numerics

ROOMS = ("parameters", "pharmacology", "circuits", "plasticity", "simulation", "patients", "experiments")
PACKAGES = ("prelimbic", "brian2", "sympy", "numpy", "scipy", "numba", "specparam", "h5py")
# those that a last digit can come from
IN_TARGET = ("brian2", "sympy", "numpy", "scipy", "numba", "specparam")
LONGEST_WORD = 24


def provenance(wall_s: float, compiled: bool, numerics: Numerics = STANDARD) -> dict[str, str | float]:
    """Versions, commit, machine and wall time, for the /provenance group of a result file."""
    commit, dirty = git_state(Path(__file__).resolve().parent)
    facts: dict[str, str | float] = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "git_commit": commit,
        "git_dirty": dirty,
        "host": platform.node(),
        "python": platform.python_version(),
        **machine_code(compiled, numerics),
        "target": target(compiled, numerics),
        "wall_time_s": round(wall_s, 3),
        "slurm_job": os.environ.get("SLURM_JOB_ID", ""),
    }
    return facts | {f"version_{name}": installed(name) for name in PACKAGES}


def machine_code(compiled: bool, numerics: Numerics) -> dict[str, str]:
    """How the circuit was turned into machine code."""
    tools, bits = circuits.toolchain() if compiled else None, f"float{numerics.precision}"
    if tools is None:
        return {
            "cpu_target": "interpreted",
            "compiler": "none",
            "compiler_flags": "",
            "code_target": f"numpy {bits}",
        }
    flags = replace(tools, portable=numerics.portable).flags(numerics.precision)
    return {
        "cpu_target": tools.processor,
        "compiler": tools.version,
        "compiler_flags": " ".join(flags),
        "code_target": f"{'portable' if numerics.portable else 'compiled'} {bits}",
    }


def target(compiled: bool, numerics: Numerics) -> str:
    """All that the numbers of a run may depend on besides its configuration, in one word: compiler,
    processor, a digest of what was asked of the compiler, then versions of packages.  What a portable run
    does not depend on is left out.
    """
    tools = circuits.toolchain() if compiled else None
    if tools is None:
        code = ["interpreted", platform.machine(), ""]
    elif numerics.portable:
        code = ["portable", "", ""]
    else:
        asked = hashlib.sha256("\0".join([tools.version, *tools.target]).encode()).hexdigest()[:6]
        code = [compiler_name(tools.version), tools.processor, asked]
    words = [*code, *(f"{name}-{installed(name)}" for name in IN_TARGET)]
    return ",".join(re.sub(r"[^\w.+-]", "_", word)[:LONGEST_WORD] for word in words)


def compiler_name(version_line: str) -> str:
    """`g++-12.2.0`, of what a compiler says of itself."""
    numbers = re.findall(r"\d+(?:\.\d+)+", version_line)
    if "clang" in version_line:  # which may go on with a build's own number
        return f"clang-{numbers[0] if numbers else 'unknown'}"
    return f"g++-{numbers[-1] if numbers else 'unknown'}"


@cache
def installed(package: str) -> str:
    """Version of an installed distribution, or that there is none."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


@cache
def git_state(folder: Path) -> tuple[str, str]:
    """Commit of the checkout around `folder`, and yes/no for uncommitted changes.

    Empty where there is none, or where the code that runs (say, an installed copy) is not that of the
    checkout.  Asked once a process, which runs what it loaded then.
    """
    top = Path(git(folder, "rev-parse", "--show-toplevel"))
    if top == Path():
        return "", ""
    try:
        running = [
            path
            for room in ROOMS
            for end in ("py", "h")
            for path in sorted((folder.parent / room).rglob(f"*.{end}"))
        ]
        if any(
            path.read_bytes() != (top / path.relative_to(folder.parent)).read_bytes() for path in running
        ):
            return "", ""
    except OSError:
        return "", ""
    return git(top, "rev-parse", "HEAD"), "yes" if git(top, "status", "--porcelain", "-uno") else "no"


def git(folder: Path, *words: str) -> str:
    """What git says of a folder; nothing where it is in no checkout."""
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
