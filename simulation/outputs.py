"""What a result says of its run besides its arrays: attributes, configuration, numbers of its sheets."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import numpy as np

from prelimbic.simulation.config import MODEL_VERSION, SCHEMA_VERSION, Config
from prelimbic.simulation.facts import facts
from prelimbic.simulation.identity import every_row
from prelimbic.simulation.sheets import overridden
from prelimbic.simulation.variable import CONVENTIONS, Variable

SCHEMA = "prelimbic-run"


def configuration(config: Config) -> str:
    """The configuration, in JSON."""
    return json.dumps(config.to_dict(), sort_keys=True)


def head(config: Config) -> dict[str, Any]:
    """Attributes of the root."""
    found = {
        "Conventions": CONVENTIONS,
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "model_version": MODEL_VERSION,
        "title": f"prelimbic: one run of study {config.study}",
        "source": f"prelimbic, model version {MODEL_VERSION}",
        "run_id": config.run_id(),
        "study": config.study,
        "circuit_sheet": config.sheet_name,
        **facts(config.to_dict()),
        **asdict(config.hypotheses),
        "calibrated": config.calibration(),
        "seed": config.seed,
        "sheet_sha256": config.sheet_hash(),
        "complete": np.uint8(1),
    }
    if config.spikes:
        found |= {"magic": np.uint32(0x0A7A), "version": np.array([0, 1], dtype=np.uint32)}
    return found


def every_number(config: Config) -> dict[str, Variable]:
    """Every number of the run's sheets; an overridden one has that status, and its sheet's value beside."""
    shipped, used = every_row(overridden(config.own_sheet, ())), [*every_row(config.sheets()).items()]
    changed = {name for name, _ in config.overrides}
    text = {
        "name": [name for name, _ in used],
        "unit": [row.unit for _, row in used],
        "status": ["overridden" if name in changed else row.status for name, row in used],
        "source": ["" if name in changed else row.source for name, row in used],
        "note": ["" if name in changed else row.note for name, row in used],
    }
    meanings = {
        "name": "name of a number of the run's sheets",
        "unit": "unit of its value",
        "source": "where it comes from",
        "status": "measured, fitted or assumed, or overridden by this run",
        "note": "what is to be said of it",
    }
    columns = {
        key: Variable(("number",), np.array(text[key], dtype=object), "", meanings[key]) for key in text
    }
    numbers = {
        "value": ([row.value for _, row in used], "value in its own unit, see unit"),
        "sheet_value": (
            [shipped[name].value for name, _ in used],
            "value in the sheet, in its own unit, see unit",
        ),
    }
    return columns | {
        key: Variable(("number",), np.array(values), "1", meaning)
        for key, (values, meaning) in numbers.items()
    }
