"""The rooms of the project: the folders that are its packages, as pyproject.toml has them."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS = tuple(_SETTINGS["tool"]["setuptools"]["package-dir"].values())
