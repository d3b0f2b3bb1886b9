"""Which runs a study's folder is about: one small file beside them."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from experiments.files import StoreError, publish

MANIFEST = "study.json"
SWEEP = "sweep.h5"


def publish_manifest(folder: Path, study: str, axes: dict[str, str], runs: list[dict[str, Any]]) -> None:
    """Say in the folder which files belong to the study as last asked.  Raises StoreError when it cannot be written."""
    publish(folder / MANIFEST, json.dumps({"study": study, "axes": axes, "runs": runs}, indent=1).encode())


def read_manifest(folder: Path) -> dict[str, Any]:
    """What the study in `folder` consists of.  Raises StoreError when there is none."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        runs = [(_name(run["file"]), str(run["run_id"]), dict(run["place"])) for run in manifest["runs"]]
        if not runs or any(set(place) != set(runs[0][2]) for _, _, place in runs):
            raise ValueError
        return {"study": str(manifest["study"]), "axes": dict(manifest["axes"]), "runs": manifest["runs"]}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise StoreError(f"{folder} is not the folder of a study: it has no readable {MANIFEST}") from None


def studies_in(path: Path) -> list[Path]:
    """The folder itself if it is that of a study, else those of studies in it.  Raises StoreError when there is none."""
    try:
        found = [path] if (path / MANIFEST).exists() else sorted(part.parent for part in path.glob(f"*/{MANIFEST}"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not found:
        raise StoreError(f"{path} is not the folder of a study: it has no readable {MANIFEST}")
    return found


def strangers(folder: Path, mine: Collection[str]) -> list[str]:
    """Run files in the folder that are not among the study's own."""
    return sorted(p.name for p in folder.glob("*.h5") if p.name not in mine and p.name != SWEEP)


def _name(text: Any) -> str:
    """The name of a file in the folder itself."""
    if not isinstance(text, str) or Path(text).name != text:
        raise ValueError
    return text
