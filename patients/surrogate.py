"""The surrogate of a circuit: what drawn circuits did in baths, read off by unbound concentration and number
of contacts in place of spikes.

A surrogate belongs to the numbers of circuit and drug that it was trained on, and is refused under others.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from prelimbic.parameters import Sheet, ranged, sheet
from prelimbic.parameters.caching import cache_folder
from prelimbic.parameters.errors import UsageError
from prelimbic.parameters.patients import PatientNumbers, patient_numbers
from prelimbic.patients import design
from prelimbic.simulation.config import MODEL_VERSION, Config
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.scenario import named_sheet
from prelimbic.simulation.sheets import read_circuit

TABLES = ("ampa", "spread", "rate", "nmda", "release")
SHIPPED = Path(str(files("prelimbic.patients") / "trained"))
FORMAT = 1
HOW_MANY = ("CIRCUITS", "MOST_DRAWN")  # of a design, which changes nothing that is there
OFFSET_UM = 0.05  # added to a concentration before its logarithm, between which tables are lines


class SurrogateError(UsageError):
    """A surrogate that there is not, or that was trained on other numbers."""


@lru_cache(maxsize=1)
def patients_sheet() -> PatientNumbers:
    """The numbers of the sheet `patients`."""
    return patient_numbers(sheet("patients"))


def training_config(circuit: str, affinity: str) -> Config:
    """The configuration whose circuit and drug a surrogate stands for.  Raises SheetError and
    HypothesisError.
    """
    switches = Hypotheses(affinity=affinity, baseline="healthy")
    looks = Protocol((), 0.0)
    return Config(
        "surrogate", circuit, "human", (), 1.0, 1, looks, (), switches, drugs=("ketamine",), ranges=True
    )


def identity(config: Config) -> str:
    """Sixteen characters that change with what a training uses: numbers of circuit and drug, their ranges,
    the design, the model; not with cascade, exposure or people.
    """
    centre: Sheet = ranged(config.sheets()["circuit"])
    used = {n: v for n, v in config.numbers().items() if not n.startswith(("cascade.", "spines."))}
    used["spines.spines.sites_per_contact"] = config.spine_numbers().sites_per_contact
    ranges = {name: row.range for name, row in centre.rows().items()}
    own = {name: getattr(design, name) for name in dir(design) if name.isupper() and name not in HOW_MANY}
    share = patients_sheet().people.draw
    whole = [used, ranges, own, share, config.hypotheses.affinity, MODEL_VERSION, FORMAT]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:16]


def named(circuit: object) -> str:
    """The name or path of a circuit sheet, as text.  Raises SheetError."""
    found = named_sheet(circuit)
    read_circuit(found)
    return found


def file_name(circuit: str, affinity: str) -> str:
    """How the file of a surrogate is called."""
    return f"{Path(circuit).stem}-{affinity}.json"


def kept_folder() -> Path:
    """Where surrogates that a user trained are kept.  Raises CacheError."""
    return cache_folder() / "surrogates"


@dataclass(frozen=True)
class Emulated:
    """One drawn circuit.  `tables` by name, each (contacts, concentration); `open`: share of Pyr NMDA
    receptors left, (concentration,); `background`: rates that hold it at rest, Hz, by population.
    """

    seed: int
    tables: dict[str, np.ndarray]
    open: np.ndarray
    background: list[float]

    def along(self, uM: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """All TABLES at concentrations uM (time,), shape (table, contacts, time), and the share left `open`,
        (time,): lines over the logarithm.
        """
        places = np.log(np.array(design.CONCENTRATIONS_UM) + OFFSET_UM)
        at = np.interp(np.log(np.asarray(uM) + OFFSET_UM), places, np.arange(len(places)))
        low = np.minimum(at.astype(int), len(places) - 2)
        share, every = at - low, np.stack([self.tables[name] for name in TABLES])
        found = every[..., low] * (1.0 - share) + every[..., low + 1] * share
        return found, self.open[low] * (1.0 - share) + self.open[low + 1] * share


@dataclass(frozen=True)
class Surrogate:
    """Drawn circuits of one sheet at one affinity, and how far the emulator is from real spikes.

    `errors`: `drive` and `circuits` from tables alone, `spines` and `subjects` from whole spiking runs of
    subjects it was not trained on; empty where nobody has run them.
    """

    circuit: str
    affinity: str
    identity: str
    emulated: dict[int, Emulated]
    drawn: int
    checked: tuple[dict[str, Any], ...] = ()
    path: Path | None = None

    @cached_property
    def circuits(self) -> tuple[int, ...]:
        """Numbers of the drawn circuits, in order."""
        return tuple(sorted(self.emulated))

    @cached_property
    def errors(self) -> dict[str, float]:
        """Relative errors of AMPA drive: `drive` at concentrations left out, `circuits` of a circuit left
        out, whose best guess is the mean of the others; `spines`: RMS error of relative spine change,
        percentage points, of `subjects` whole spiking runs.
        """
        found = held_out(list(self.emulated.values()))
        if self.checked:
            off = [100.0 * (run["emulated"] - run["spiking"]) for run in self.checked]
            found |= {"spines": float(np.sqrt(np.mean(np.square(off)))), "bias": float(np.mean(off))}
            found["subjects"] = len({run["subject"] for run in self.checked})
        return found

    @property
    def error(self) -> str:
        """The same in words."""
        e = self.errors
        told = (
            f"AMPA drive is off by {100 * e['drive']:.1f} % (RMS) at concentrations left out and by "
            f"{100 * e['circuits']:.1f} % in circuits left out"
        )
        if "spines" not in e:
            return f"{told}; not yet held against whole spiking runs"
        return (
            f"{told}; spines of {e['subjects']:.0f} held-out subjects by {e['spines']:.2f} percentage "
            f"points (RMS; mean {e['bias']:+.2f}) against whole spiking runs"
        )

    def holding(self, checked: tuple[dict[str, Any], ...]) -> Surrogate:
        """The same with runs that it was held against."""
        return replace(self, checked=checked)

    def as_json(self) -> dict[str, Any]:
        """What its file holds."""
        each = {
            str(seed): {n: t.tolist() for n, t in one.tables.items()}
            | {"open": one.open.tolist(), "background": one.background}
            for seed, one in sorted(self.emulated.items())
        }
        return {
            "format": FORMAT,
            "identity": self.identity,
            "sheet": self.circuit,
            "affinity": self.affinity,
            "model_version": MODEL_VERSION,
            "concentrations_uM": list(design.CONCENTRATIONS_UM),
            "contacts": list(design.CONTACTS),
            "drawn": self.drawn,
            "circuits": each,
            "checked": list(self.checked),
        }


def from_json(found: dict[str, Any], path: Path | None = None) -> Surrogate:
    """A surrogate as its file has it.  Raises SurrogateError."""
    try:
        each = {
            int(seed): Emulated(
                int(seed),
                {name: np.array(one[name], dtype=float) for name in TABLES},
                np.array(one["open"], dtype=float),
                [float(rate) for rate in one["background"]],
            )
            for seed, one in found["circuits"].items()
        }
        shape = (len(design.CONTACTS), len(design.CONCENTRATIONS_UM))
        good = all(
            t.shape == shape and np.isfinite(t).all() for e in each.values() for t in e.tables.values()
        )
        if not good or not each:
            raise ValueError("its tables are not whole")
        checked = tuple(dict(run) for run in found.get("checked", ()))
        return Surrogate(
            found["sheet"], found["affinity"], found["identity"], each, int(found["drawn"]), checked, path
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SurrogateError(
            f"{path or 'a surrogate'} is not one that can be read ({error}); {_rebuild()}"
        ) from None


def surrogate(circuit: str, affinity: str) -> Surrogate:
    """The surrogate of a sheet at an affinity: one that a user trained, or else the one that ships.  Raises
    SurrogateError where there is none, or where its numbers are not those of now.
    """
    wanted = identity(training_config(circuit, affinity))
    name, other = file_name(circuit, affinity), None
    for path in (kept_folder() / name, SHIPPED / name):
        if path.exists():
            found = read(path)
            if found.identity == wanted:
                return found
            other = other or path
    if other is None:
        raise SurrogateError(
            f"there is no surrogate of sheet {circuit} at {affinity} receptors; "
            f"{_rebuild(circuit, affinity)}"
        )
    raise SurrogateError(
        f"the surrogate {other} was trained on other numbers or another version of the model than are in "
        f"use; {_rebuild(circuit, affinity)}"
    )


def read(path: Path) -> Surrogate:
    """The surrogate in a file.  Raises SurrogateError."""
    try:
        stamp = path.stat().st_mtime_ns
    except OSError as error:
        raise SurrogateError(f"{path} cannot be read ({error.strerror}); {_rebuild()}") from None
    return _read(path, stamp)


@lru_cache(maxsize=8)
def _read(path: Path, _stamp: int) -> Surrogate:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SurrogateError(f"{path} cannot be read ({error}); {_rebuild()}") from None
    return from_json(found, path)


def _rebuild(circuit: str = "NAME", affinity: str = "AFFINITY") -> str:
    return f"prelimbic surrogate --sheet {circuit} --affinity {affinity} --rebuild trains one"


def held_out(emulated: list[Emulated]) -> dict[str, float]:
    """Errors of AMPA drive that tables tell by themselves, see `Surrogate.errors`."""
    places = np.log(np.array(design.CONCENTRATIONS_UM) + OFFSET_UM)
    drives = np.array([e.tables["ampa"] / e.tables["ampa"][:, :1] for e in emulated])
    off = []
    for k in range(1, len(places) - 1):
        share = (places[k] - places[k - 1]) / (places[k + 1] - places[k - 1])
        guess = (1.0 - share) * drives[..., k - 1] + share * drives[..., k + 1]
        off.append(guess / drives[..., k] - 1.0)
    found = {"drive": float(np.sqrt(np.mean(np.square(off))))}
    n = len(drives)
    if n > 1:
        others = (drives.sum(axis=0) - drives) / (n - 1)
        found["circuits"] = float(np.sqrt(np.mean(np.square(others[..., 1:] / drives[..., 1:] - 1.0))))
    else:
        found["circuits"] = float("nan")
    return found
