"""Made-up surrogates, for tests of what stands upon one."""

import json
from pathlib import Path

import numpy as np

from prelimbic.patients import design
from prelimbic.patients.surrogate import Emulated, Surrogate, file_name, identity, training_config

GROWS, SILENT = {"sheet": "dendritic", "affinity": "recombinant"}, {"sheet": "native", "affinity": "tissue"}
INFUSION = "0.5 mg/kg iv over 40min at 0h"


def made_up(circuit: str, affinity: str, gain: float, elasticity: float = 0.15) -> Surrogate:
    """Three circuits whose AMPA drive rises by `gain` where ketamine saturates, one more than the other."""
    uM, contacts = np.array(design.CONCENTRATIONS_UM), np.array(design.CONTACTS)[:, None]

    def one(seed: int) -> Emulated:
        ampa = contacts**elasticity * (1.0 + gain * (1.0 + 0.2 * seed) * uM / (uM + 0.5))
        held = {"ampa": ampa, "rate": 1.5 * ampa, "release": 2.0 * ampa}
        held |= {"spread": 0.08 + 0.0 * ampa, "nmda": ampa * (1.0 - 0.5 * uM / (uM + 0.7))}
        return Emulated(seed, held, 1.0 - uM / (uM + 0.8), [500.0, 1000.0, 150.0, 600.0])

    stamp = identity(training_config(circuit, affinity))
    return Surrogate(circuit, affinity, stamp, {seed: one(seed) for seed in (1, 2, 5)}, 9)


def placed(folder: Path, found: Surrogate, **changes: object) -> Path:
    """A surrogate in a folder, as a file with some keys changed."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name(found.circuit, found.affinity)
    path.write_text(json.dumps(found.as_json() | changes))
    return path
