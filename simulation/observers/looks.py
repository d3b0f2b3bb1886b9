"""What a drawn circuit is looked at for, under either affinity: baths awake and as a slice, circuits that
lack a subunit, slices after a dose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from prelimbic.circuits import Activity, Circuit, manipulated
from prelimbic.parameters import POPULATIONS
from prelimbic.pharmacology import Bath, Dose, Exposure
from prelimbic.simulation.config import Config
from prelimbic.simulation.drugged import running
from prelimbic.simulation.record import coordinate, courses
from prelimbic.simulation.switches import AFFINITIES
from prelimbic.simulation.variable import Variable

AWAKE_UM = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 11.0, 20.0, 44.0, 100.0)
SLICE_UM = (0.0, 1.0, 10.0)
OTHERS = (("memantine", 3.0), ("ro25_6981", 1.0))  # uM, as in study blockers
COMPARED = ("ketamine", 3.0)
ANIMAL = "mouse"  # whose concentrations circuits that lack a subunit meet
AT_PEAK, AN_HOUR_LATER = Dose(10.0, "ip"), Dose(25.0, "ip")
WHOLE = "none"
DELETED: dict[str, tuple[str, ...]] = {
    "2B_SST": ("delete-GluN2B@SST",),
    "2B_PV": ("delete-GluN2B@PV",),
    "2B_GABA": tuple(f"delete-GluN2B@{p}" for p in POPULATIONS[1:]),
    "2B_Pyr": ("delete-GluN2B@Pyr",),
    "2A_PV": ("delete-GluN2A@PV",),
}
WITHOUT_2D = tuple(f"delete-GluN2D@{p}" for p in POPULATIONS)
# to settle, and of each look; before the first, until slow receptors have filled
SECONDS, WARM_S = (0.5, 5.0), 3.0
Seen = dict[str, list[Activity]]  # by affinity, one a bath


def baths(
    config: Config, circuit: Circuit, held: tuple[Bath, ...], tell: Callable[[float], None]
) -> tuple[Seen, np.ndarray]:
    """What a circuit does in one bath after the other under either affinity, and the block (affinity, bath,
    population, subunit); a bath that holds nothing is looked at once.
    """
    seen: Seen = {affinity: [] for affinity in AFFINITIES}
    shut: dict[str, list[np.ndarray]] = {affinity: [] for affinity in AFFINITIES}
    with running(config, circuit, True) as untreated:
        for bath in held:
            last = None
            for affinity in AFFINITIES:
                own = replace(untreated, config=with_affinity(config, affinity)).given(bath).at(0.0)
                if last is None or any(own.unbound.values()):
                    last = own.observe(SECONDS[1], SECONDS[0] if seen[affinity] else SECONDS[0] + WARM_S)
                    tell(sum(SECONDS))
                seen[affinity].append(last)
                shut[affinity].append(own.nmda)
    return seen, np.array([shut[affinity] for affinity in AFFINITIES])


def with_affinity(config: Config, affinity: str) -> Config:
    """The configuration under one option of the switch `affinity`."""
    return replace(config, hypotheses=replace(config.hypotheses, affinity=affinity))


def ketamine(*concentrations: float) -> tuple[Bath, ...]:
    """Baths of ketamine, uM."""
    return tuple(Bath((("ketamine", uM),)) for uM in concentrations)


def awake_baths() -> tuple[Bath, ...]:
    """Ketamine from nothing upwards, then each of OTHERS."""
    return (*ketamine(*AWAKE_UM), *(Bath((other,)) for other in OTHERS))


def after_awake(
    config: Config, circuit: Circuit, seen: Seen, tell: Callable[[float], None]
) -> dict[str, Variable]:
    """All but the awake baths, which were `seen`: as arrays, with those of the drugs that are compared."""
    whole = {affinity: [looks[0], looks[AWAKE_UM.index(COMPARED[1])]] for affinity, looks in seen.items()}
    drugs = {affinity: [*pair, *seen[affinity][-len(OTHERS) :]] for affinity, pair in whole.items()}
    names = ("none", COMPARED[0], *(name for name, _ in OTHERS))
    found = coordinate("bath_drug", names) | stacked("bath_", "bath_drug", drugs)
    sliced = replace(config.hypotheses, state="slice").on_circuit(
        circuit, config.sizes(), config.spine_numbers()
    )
    peak, later = _concentrations(config)
    slices, _ = baths(config, sliced, ketamine(*SLICE_UM, later), tell)
    found |= axis("slice_concentration", SLICE_UM)
    found |= stacked("slice_", "slice_concentration", {a: s[: len(SLICE_UM)] for a, s in slices.items()})
    lacking, _ = baths(config, manipulated(sliced, WITHOUT_2D), ketamine(0.0, later), tell)
    found |= by_deletion(
        "ex_vivo_", {WHOLE: {a: [s[0], s[-1]] for a, s in slices.items()}, "2D_all": lacking}
    )
    awake = {WHOLE: {a: [s[0], between(s, peak)] for a, s in seen.items()}}
    for name, done in DELETED.items():
        awake[name], _ = baths(config, manipulated(circuit, done), ketamine(0.0, peak), tell)
    return found | by_deletion("knockout_", awake)


def between(looks: list[Activity], uM: float) -> Activity:
    """The look in the bath of ketamine whose concentration is nearest."""
    return looks[int(np.argmin(np.abs(np.log(np.array(AWAKE_UM) + 0.1) - np.log(uM + 0.1))))]


def _concentrations(config: Config) -> tuple[float, float]:
    """Unbound ketamine at the peak of AT_PEAK, and an hour after AN_HOUR_LATER, uM."""
    sheets = config.sheets()
    one, other = (Exposure.after((dose,), ANIMAL, sheets) for dose in (AT_PEAK, AN_HOUR_LATER))
    hours = np.array([one.peak_time(), 1.0])
    return float(one.of("ketamine", hours)[0]), float(other.of("ketamine", hours)[1])


def by_deletion(prefix: str, seen: dict[str, Seen]) -> dict[str, Variable]:
    """Looks of several circuits, each untreated and under the drug."""
    found = coordinate(f"{prefix}deleted", tuple(seen)) | axis(f"{prefix}given", (0.0, 1.0))
    each = [stacked(prefix, f"{prefix}given", looks) for looks in seen.values()]
    for name, first in each[0].items():
        dims = (first.dimensions[0], f"{prefix}deleted", *first.dimensions[1:])
        values = np.stack([variables[name].values for variables in each], axis=1)
        found[name] = replace(first, dimensions=dims, values=values)
    return found


def stacked(prefix: str, along: str, seen: Seen) -> dict[str, Variable]:
    """What was seen by affinity, along one more axis."""
    each = [courses(along, looks) for looks in seen.values()]
    return {
        f"{prefix}{name}": replace(
            v,
            dimensions=("affinity", *v.dimensions),
            values=np.stack([other[name].values for other in each]),
        )
        for name, v in each[0].items()
    }


def axis(name: str, values: tuple[float, ...]) -> dict[str, Variable]:
    """The coordinate of a dimension of numbers."""
    unit = "umol/L" if "concentration" in name else "1"
    return {name: Variable((name,), np.array(values), unit, name.replace("_", " "))}
