"""All that defines a run, and the identity that follows from it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields, replace
from functools import lru_cache
from typing import Any

import numpy as np

from prelimbic.circuits import (
    STANDARD,
    Circuit,
    CircuitError,
    Numerics,
    check_background,
    describe,
    manipulated,
)
from prelimbic.parameters import (
    COMPOUNDS,
    HNK_SETS,
    POPULATIONS,
    CascadeNumbers,
    Compound,
    HypothesisNumbers,
    Sheet,
    SpineNumbers,
    channel,
    circuit_numbers,
    digest,
    recorded,
    recording,
    species,
    structure_digest,
)
from prelimbic.pharmacology import AS_IT_IS, Bath, Block, Body, Concentrations, Dose, Exposure
from prelimbic.plasticity.cascade import check_times
from prelimbic.plasticity.spines import branch_bounds, rates
from prelimbic.simulation.hypotheses import AS_SHEETS, Hypotheses, HypothesisError
from prelimbic.simulation.identity import IDS, Kind, changed, every_row, numbers_used
from prelimbic.simulation.inhibition import left
from prelimbic.simulation.looks import begun, check_begin, check_looks, check_readouts, moments
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.sheets import KEPT, check_numbers, overridden, read_circuit, ships

SCHEMA_VERSION = 4  # of the result files
READABLE = (3, 4)  # schemas that are read
OTHERS = (("mouse", "ip"), ("human", "iv"))  # bodies and routes that drawn models meet beside their own
MODEL_VERSION = 6  # raised when a change alters results
NOT_STORED = ("drugs", "ranges", "subjects", "frozen")  # of a configuration: they follow from the study


@lru_cache(maxsize=KEPT)
def _used(
    circuit: Sheet,
    overrides: tuple[tuple[str, float], ...],
    hypotheses: Hypotheses,
    given: frozenset[Kind],
    drugs: frozenset[str],
    inhibitors: frozenset[str],
    subjects: tuple[str, ...],
) -> dict[str, float]:
    """What many runs of a study use alike."""
    return numbers_used(
        overridden(circuit, overrides),
        hypotheses=hypotheses,
        given=given,
        drugs=drugs,
        inhibitors=inhibitors,
        subjects=subjects,
    )


def grown(source: Sheet, scale: float, spines: SpineNumbers) -> Circuit:
    """The circuit of a sheet at some size, with what had been done to it while it grew up.  Raises
    SheetError or CircuitError.
    """
    circuit = describe(circuit_numbers(source), scale, spines.sites_per_contact)
    try:
        return manipulated(circuit, tuple(source.manipulations.split()))
    except CircuitError as error:
        raise CircuitError(f"{source.path.name}: {error}") from None


@dataclass(frozen=True)
class Config:
    """One run.  `circuit` is a shipped circuit sheet or the path of one; `overrides` are (number, value)
    pairs, a number being SHEET.SECTION.NUMBER, where SHEET is `circuit` or one of SUBJECTS;
    `manipulations` are what `circuits.manipulated` takes, on top of the hypotheses' baseline.  `drugs`
    are those that a study gives in its own way, by their names in baths, or as doses; `ranges` whether
    it draws numbers from their ranges, `subjects` whether it draws subjects.  `body` is who is given the
    doses; a weight that is the sheet's own is none.  `design` is what else a study asks of a run, as text.

    A user's sheet is read when the configuration is made: a file that is edited later changes nothing.
    """

    study: str
    circuit: str
    species: str
    doses: tuple[Dose, ...]
    scale: float
    seed: int
    protocol: Protocol
    overrides: tuple[tuple[str, float], ...] = ()
    hypotheses: Hypotheses = AS_SHEETS
    manipulations: tuple[str, ...] = ()
    spikes: bool = False
    numerics: Numerics = STANDARD
    bath: Bath | None = None
    drugs: tuple[str | Dose, ...] = ()
    ranges: bool = False
    subjects: bool = False
    body: Body = AS_IT_IS
    design: str = ""
    frozen: tuple[str, Sheet] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if ships(self.circuit):
            object.__setattr__(self, "frozen", None)
        elif self.frozen is None or self.frozen[0] != self.circuit:
            object.__setattr__(self, "frozen", (self.circuit, read_circuit(self.circuit)))
        if self.body.weight is not None and self.body.weight == species(self.species).reference_mass:
            object.__setattr__(self, "body", replace(self.body, weight=None))

    @property
    def own_sheet(self) -> Sheet:
        """The circuit sheet, without overrides."""
        return self.frozen[1] if self.frozen is not None else read_circuit(self.circuit)

    def sheets(self) -> dict[str, Sheet]:
        """Every sheet of the run by subject, overrides applied."""
        return overridden(self.own_sheet, self.overrides)

    @property
    def sheet_name(self) -> str:
        """Name of the circuit sheet, without its folder."""
        return self.sheets()["circuit"].name

    def done(self) -> tuple[str, ...]:
        """What was done to the circuit: as it grew up (the sheet's manipulations), then in this run."""
        return (*self.sheets()["circuit"].manipulations.split(), *self.manipulations)

    def spine_numbers(self) -> SpineNumbers:
        """Numbers of the spine agents."""
        return self.sheets()["spines"].fill("spines", SpineNumbers)

    def sizes(self) -> HypothesisNumbers:
        """Sizes of hypotheses."""
        return self.sheets()["hypotheses"].fill("hypotheses", HypothesisNumbers)

    def grown(self) -> Circuit:
        """The circuit before this run's baseline and manipulations.  Raises SheetError or CircuitError."""
        return grown(self.sheets()["circuit"], self.scale, self.spine_numbers())

    def described(self) -> Circuit:
        """The circuit that this configuration is about.  Raises SheetError or CircuitError."""
        circuit = self.hypotheses.on_circuit(self.grown(), self.sizes(), self.spine_numbers())
        return manipulated(circuit, self.manipulations)

    def exposure(self, doses: tuple[Dose, ...], hnk: str = "") -> Exposure:
        """Drug over time after doses, in this run's body; `hnk` stands in the place of the run's own of
        HNK_SETS.  Raises DoseError, and HypothesisError for a set that is not known in the species.
        """
        chosen = hnk or self.hypotheses.hnk_exposure
        if chosen == "kamp" and self.species != "human":
            raise HypothesisError(f"`hnk_exposure` kamp is known in man, not in {self.species}")
        return Exposure.after(doses, self.species, self.sheets(), self.body, chosen)

    def block(self, exposure: Concentrations, circuit: Circuit, hour: float) -> Block:
        """NMDA block at an hour as the hypotheses have it, before `site` is asked."""
        shared = channel(self.sheets()["compounds"])
        return self.hypotheses.block(exposure, self.binding(), shared, circuit, self.sizes(), hour)

    def binding(self) -> dict[str, Compound]:
        """What every drug does at the receptors that are asked for, by name."""
        return self.hypotheses.binding(self.sheets()["compounds"])

    def calibration(self) -> str:
        """Whether the background rates were found for this very structure: "yes"; "inherited" by a baseline
        or a manipulation that is never calibrated for; "other size"; or "no", after an override of a
        structural number.
        """
        source = self.sheets()["circuit"]
        found = self.own_sheet.values()
        moved = any(
            found[name] != value
            for name, value in source.values().items()
            if name.endswith(".background_rate")
        )
        if moved or source.calibrated != structure_digest(source):
            return "no"
        if self.scale != 1.0:
            return "other size"
        untouched = (
            self.hypotheses.baseline == "healthy"
            and self.hypotheses.state == "awake"
            and not self.manipulations
        )
        return "yes" if untouched else "inherited"

    def check(self) -> None:
        """Fill every record that the run will need, and see that its looks miss nothing that is given.
        Raises SheetError, CircuitError, SpineError, CascadeError, HypothesisError, InhibitionError,
        DoseError or ProtocolError.
        """
        sheets = self.sheets()
        check_numbers(sheets)
        cascade, sizes = sheets["cascade"].fill("cascade", CascadeNumbers), self.sizes()
        check_times(self.hypotheses.cascade(cascade, sizes), self.hypotheses.arms(sizes))
        left(self.protocol.inhibitions, sheets["inhibitors"], np.zeros(1), False)
        self._check_switches()
        self.exposure(self.doses)
        circuit, spines = self.described(), self.spine_numbers()
        check_background(circuit, self.numerics.step)
        rates(
            spines,
            circuit.projection("Pyr", "Pyr").in_degree,
            circuit.sites,
            self.grown().projection("Pyr", "Pyr").in_degree,
        )
        branch_bounds(circuit.sites, int((~circuit.apical_sites).sum()), round(spines.branches))
        self.check_looks()

    def check_looks(self, looped: bool = False, stored: bool = False) -> None:
        """Raise ProtocolError where the looks would miss something that is given; `looped`: where the loop
        of the whole model would not begin untreated; `stored`: where a readout has no look.
        """
        given = self.protocol, self.doses, self.bath
        check_looks(*given)
        if looped:
            check_begin(*given)
        if stored:
            check_readouts(*given)

    def moments(self) -> dict[str, float]:
        """Readouts that are one look, by name, with their hour."""
        return moments(self.protocol, self.doses, self.bath)

    def begun(self) -> float:
        """The hour from which the readout 0-2 h counts."""
        return begun(self.doses, self.bath)

    def _check_switches(self) -> None:
        asked, lost = self.hypotheses, self.hypotheses.baseline in ("spine_loss", "both")
        if asked.spine_rule == "branch" and not lost and self.protocol.stress is None:
            raise HypothesisError(
                f"`spine_rule` branch and `baseline` {asked.baseline} exclude each other: no spine was lost"
            )
        if self.protocol.stress is not None and lost:
            raise HypothesisError(
                f"stress and `baseline` {asked.baseline} exclude each other: each takes spines away"
            )

    def sheet_hash(self) -> str:
        """SHA-256 of every number of the run's sheets, whether the run uses it or not."""
        return digest({name: row.value for name, row in every_row(self.sheets()).items()})

    def to_dict(self) -> dict[str, Any]:
        """What was asked, as it is stored with the run."""
        whole = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in NOT_STORED}
        whole |= {"doses": [asdict(dose) for dose in self.doses], "protocol": asdict(self.protocol)}
        whole |= {"hypotheses": asdict(self.hypotheses), "numerics": asdict(self.numerics)}
        whole |= {"bath": None if self.bath is None else asdict(self.bath)}
        whole |= {"circuit": self.sheet_name, "grown_with": self.own_sheet.manipulations}
        whole |= {"body": asdict(self.body)}
        if not self.numerics.portable:  # files of before there was this choice do not have it
            del whole["numerics"]["portable"]
        if self.body == AS_IT_IS:  # nor this
            del whole["body"]
        if not self.design:
            del whole["design"]
        if not self.protocol.spared:
            del whole["protocol"]["spared"]
        return whole

    def numbers(self) -> dict[str, float]:
        """Every number that the run uses, by its full name SHEET.SECTION.NUMBER."""
        drugs = frozenset(drug for drug in self.drugs if isinstance(drug, str))
        drugs |= {*(self.bath.names if self.bath is not None else ())}
        sets = [(dose, self.hypotheses.hnk_exposure) for dose in self.doses]
        sets += [(dose, hnk) for dose in self.own_doses for hnk in HNK_SETS]
        who = self.species, self.body
        given = frozenset(Kind(*who, dose.compound, dose.route, hnk) for dose, hnk in sets if dose.amount)
        inhibitors = frozenset(item.name for item in self.protocol.inhibitions)
        subjects = (self.species,) if self.subjects else ()
        return dict(
            _used(self.own_sheet, self.overrides, self.hypotheses, given, drugs, inhibitors, subjects)
        )

    @property
    def own_doses(self) -> tuple[Dose, ...]:
        """Doses that a study gives in its own way."""
        return tuple(drug for drug in self.drugs if isinstance(drug, Dose))

    def run_id(self) -> str:
        """Sixteen characters that change with what the run uses: what is asked of it but for what stands at
        its default, the numbers that it reads, the model; not with the layout of its file.
        """
        asked = changed(self) | {"circuit": self.sheet_name, "grown_with": self.own_sheet.manipulations}
        asked.pop("overrides", None)  # the numbers have them
        if not any(dose.amount for dose in (*self.doses, *self.own_doses)):  # a body is for doses
            asked.pop("body", None)
        whole = [asked, self.numbers(), self._drawn_from(), IDS, MODEL_VERSION]
        if self.frozen is not None:  # wiring is drawn in the order of a sheet's sections
            whole.append(list(self.own_sheet.rows()))
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:16]

    def _drawn_from(self) -> dict[str, Any]:
        """Of a run whose numbers are drawn: their ranges, and the recordings that a circuit is drawn and
        counted by.
        """
        if not self.ranges:
            return {}
        sheets = self.sheets()
        used = {name.rpartition(".")[0] for name in self.numbers()}
        kinds = [
            Kind(animal, self.body, COMPOUNDS[0], route, self.hypotheses.hnk_exposure)
            for animal, route in OTHERS
        ]
        other = {section for kind in kinds for section in kind.sections(sheets)}
        rows = every_row(sheets).items()
        ranges: dict[str, Any] = {n: row.range for n, row in rows if n.rpartition(".")[0] in used}
        ranges |= {n: row.value for n, row in rows if n.rpartition(".")[0] in other - used}
        ranges |= {f"recordings.{p}.rate": recorded(p, "rate") for p in POPULATIONS}
        return ranges | {
            f"recordings.{s}.psp": row.range
            for s in self.own_sheet.sections
            if (row := recording(s, "psp")) is not None
        }
