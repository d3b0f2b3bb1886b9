"""Records of how drugs bind NMDA receptors, sheet `compounds`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from prelimbic.parameters.disposition import ENANTIOMERS
from prelimbic.parameters.sheet import SHEETS, Sheet, headings, number

# GluN2 subunits of the assemblies that receptors come in; GluN1 is in all of them.
SUBUNITS = ("2A", "2AB", "2B", "2BD", "2C", "2D")
IC50 = tuple(f"ic50_{subunit}" for subunit in SUBUNITS)
STEEPEST = 10.0  # Hill slope of a block
BLOCKERS = tuple(name for name in headings("compounds") if name not in ("channel", "enantiomers", "tissue"))
IN_A_BATH = (*BLOCKERS, *ENANTIOMERS)  # all that a bath can hold


@dataclass(frozen=True)
class Compound:
    """A drug's constants at NMDA receptors.

    `ic50_*` are equilibrium values at 1 mM Mg and the reference potential of `Channel`.  The drug leaves an
    open channel at `unblocking` (at that potential) and a closed one at `escape`: 0 is trapped for good, as
    fast as `unblocking` is indifferent to the gate.  `electrical_distance` is Woodhull's delta.
    `magnesium_competition` is 1 for a drug that cannot enter a pore that holds Mg and 0 for one that binds
    elsewhere.
    """

    molar_mass: float = number("g/mol", "above 0")
    ic50_2A: float = number("uM", "above 0")
    ic50_2AB: float = number("uM", "above 0")
    ic50_2B: float = number("uM", "above 0")
    ic50_2BD: float = number("uM", "above 0")
    ic50_2C: float = number("uM", "above 0")
    ic50_2D: float = number("uM", "above 0")
    hill: float = number("1", "above 0")
    unblocking: float = number("1/s", "above 0")
    escape: float = number("1/s", "at least 0")
    electrical_distance: float = number("1", "from 0 to 1")
    magnesium_competition: float = number("1", "from 0 to 1")

    def __post_init__(self) -> None:
        if self.hill > STEEPEST:
            raise ValueError(f"hill is {self.hill:g} but must be at most {STEEPEST:g}")


@dataclass(frozen=True)
class Ratios:
    """IC50 of the S over that of the R enantiomer, the same at every subunit."""

    ketamine_s_to_r: float = number("1", "above 0")
    norketamine_s_to_r: float = number("1", "above 0")
    hydroxynorketamine_s_to_r: float = number("1", "above 0")


@dataclass(frozen=True)
class Channel:
    """What all drugs find alike: how fast the gate relaxes, and where and how warm the membrane is.

    `reference_potential` is the potential at which the sheet's ic50 and `unblocking` hold.
    """

    gate_relaxation: float = number("s", "above 0")
    reference_potential: float = number("mV")
    temperature: float = number("K", "above 0")


@dataclass(frozen=True)
class Tissue:
    """How receptors of tissue differ from recombinant ones in what they hold: a factor on every IC50 of a
    drug that Mg competes with, and the Hill slope of all these.
    """

    factor: float = number("1", "above 0")
    hill: float = number("1", "above 0")


def in_tissue(drugs: dict[str, Compound], source: Sheet | None = None) -> dict[str, Compound]:
    """Drugs as receptors of tissue bind them; one that binds outside the pore stays as it is."""
    own: Tissue = (source or Sheet(SHEETS / "compounds.toml")).fill("tissue", Tissue)
    return {
        name: drug
        if drug.magnesium_competition == 0
        else replace(drug, hill=own.hill, **{k: getattr(drug, k) * own.factor for k in IC50})
        for name, drug in drugs.items()
    }


def compounds(source: Sheet | None = None) -> dict[str, Compound]:
    """Constants of every drug of IN_A_BATH, by name: those of an enantiomer are the racemate's but for its
    affinity.
    """
    source = source or Sheet(SHEETS / "compounds.toml")
    found = {name: source.fill(name, Compound) for name in BLOCKERS}
    ratios: Ratios = source.fill("enantiomers", Ratios)
    for name, (compound, hand) in ENANTIOMERS.items():
        found[name] = _handed(found[compound], hand, getattr(ratios, f"{compound}_s_to_r", 1.0))
    return found


def _handed(racemate: Compound, hand: str, s_to_r: float) -> Compound:
    """One of two enantiomers that compete in equal parts as the racemate does: the inverse of its IC50
    is the mean of theirs.
    """
    factor = (1.0 + s_to_r) / 2.0 / (1.0 if hand == "S" else s_to_r)
    return replace(racemate, **{ic50: getattr(racemate, ic50) * factor for ic50 in IC50})


def channel(source: Sheet | None = None) -> Channel:
    """What the binding schemes of all drugs share."""
    return (source or Sheet(SHEETS / "compounds.toml")).fill("channel", Channel)
