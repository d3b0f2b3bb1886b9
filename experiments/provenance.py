"""Where and with what a run was computed; nothing here changes what it computed."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import circuits

ROOMS = ("parameters", "pharmacology", "circuits", "plasticity", "experiments")
PACKAGES = ("prelimbic", "brian2", "numpy", "scipy", "numba", "h5py")


def provenance(wall_s: float, compiled: bool, precision: int = 32) -> dict[str, str | float]:
    """Versions, commit, machine and wall time, for the /provenance group of a result file."""
    commit, dirty = git_state(Path(__file__).resolve().parent)
    facts: dict[str, str | float] = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "git_commit": commit,
        "git_dirty": dirty,
        "host": platform.node(),
        "python": platform.python_version(),
        **machine_code(compiled, precision),
        "wall_time_s": round(wall_s, 3),
        "slurm_job": os.environ.get("SLURM_JOB_ID", ""),
    }
    return facts | {f"version_{name}": installed(name) for name in PACKAGES}


def machine_code(compiled: bool, precision: int) -> dict[str, str]:
    """How the circuit was turned into machine code."""
    tools = circuits.toolchain() if compiled else None
    if tools is None:
        return {"cpu_target": "interpreted", "compiler": "none", "compiler_flags": "", "code_target": f"numpy float{precision}"}
    return {"cpu_target": tools.processor, "compiler": tools.version, "compiler_flags": " ".join(tools.flags(precision)),
            "code_target": f"compiled float{precision}"}  # fmt: skip


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

    Empty where there is none, or where the code that runs (say, an installed copy) is not that of the checkout.  Asked once a
    process, which runs what it loaded then.
    """
    top = Path(git(folder, "rev-parse", "--show-toplevel"))
    if top == Path():
        return "", ""
    try:
        running = [path for room in ROOMS for end in ("py", "h")
                   for path in sorted((folder.parent / room).rglob(f"*.{end}"))]  # fmt: skip
        if any(path.read_bytes() != (top / path.relative_to(folder.parent)).read_bytes() for path in running):
            return "", ""
    except OSError:
        return "", ""
    return git(top, "rev-parse", "HEAD"), "yes" if git(top, "status", "--porcelain", "-uno") else "no"


def git(folder: Path, *words: str) -> str:
    """What git says of a folder; nothing where it is in no checkout."""
    try:
        return subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
