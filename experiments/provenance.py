"""Where and with what a run was computed; nothing here changes what it computed."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from circuits import compiler, cpu_target

PACKAGES = ("prelimbic", "brian2", "numpy", "scipy", "numba", "h5py")


def provenance(wall_s: float, compiled: bool) -> dict[str, str | float]:
    """Versions, commit, machine and wall time, for the /provenance group of a result file."""
    commit, dirty = git_state(Path(__file__).resolve().parent)
    facts: dict[str, str | float] = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "git_commit": commit,
        "git_dirty": dirty,
        "host": platform.node(),
        "python": platform.python_version(),
        "cpu_target": cpu_target() if compiled else "interpreted",
        "compiler": (compiler() or "none") if compiled else "none",
        "code_target": "cpp_standalone float32" if compiled else "numpy float32",
        "wall_time_s": round(wall_s, 3),
        "slurm_job": os.environ.get("SLURM_JOB_ID", ""),
    }
    return facts | {f"version_{name}": installed(name) for name in PACKAGES}


def installed(package: str) -> str:
    """Version of an installed distribution, or that there is none."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def git_state(folder: Path) -> tuple[str, str]:
    """Commit and yes/no for uncommitted changes of the checkout that holds the code; empty outside a checkout."""
    try:
        top = _git(folder, "rev-parse", "--show-toplevel")
        if not (Path(top) / "experiments" / "run.py").exists():
            return "", ""
        return _git(folder, "rev-parse", "HEAD"), "yes" if _git(folder, "status", "--porcelain", "-uno") else "no"
    except (OSError, subprocess.CalledProcessError):
        return "", ""


def _git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True).stdout.strip()
