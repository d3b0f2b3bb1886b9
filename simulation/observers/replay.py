"""The slow layer of a drawn model, driven by what its circuit did in baths: a dose's course is read off
them, so that cascade and spines move through weeks without a further look.

Contacts stay as they are for the circuit: what new spines do to it is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from prelimbic.circuits import Activity, Circuit
from prelimbic.parameters import CascadeNumbers
from prelimbic.parameters.binding import BLOCKERS
from prelimbic.parameters.errors import UsageError
from prelimbic.pharmacology import Bath, Dose, Exposure
from prelimbic.plasticity import Cascade, Spines, turnover
from prelimbic.simulation.config import Config
from prelimbic.simulation.drugged import Drugged, around
from prelimbic.simulation.observers.looks import AWAKE_UM, COMPARED, OTHERS, Seen, with_affinity
from prelimbic.simulation.protocol import one_day, weeks
from prelimbic.simulation.record import coordinate, summarised
from prelimbic.simulation.run import Outcome, Snapshot
from prelimbic.simulation.slow import Slow
from prelimbic.simulation.switches import AFFINITIES
from prelimbic.simulation.variable import Variable

CELLS = 100  # of the slow layer, of those that the circuit has
BATH_H, STRESS_H = 2.0, (-21 * 24.0, 0.0)  # as in studies blockers and stress
COURSE = ("rest", "peak", "0.5 h", "1 h", "2 h", "4 h", "6 h", "24 h", "72 h", "3 d", "10 d", "15 d")
STRESSED = ("rest", "24 h")
HUMAN_MG, INFUSION_H = 0.5, 40.0 / 60.0  # as in study human_dose
IMAGES_H = (8 * 24.0, 13 * 24.0)  # two days before images that are readouts
KEPT = (
    *("spines", "bdnf", "mtorc1", "protein", "imaged_formation", "imaged_elimination"),
    *("gaba_conductance", "sipsc_rate", "glutamate_cycling", "rate"),
)
PEAKS = ("peak_bdnf", "peak_mtorc1", "peak_mtorc1_time")


@dataclass(frozen=True)
class Watched:
    """What a circuit did in baths of ketamine (uM) and of other drugs, for the first CELLS Pyr cells."""

    config: Config
    ketamine: tuple[Activity, ...]
    others: dict[str, Activity]

    def at(self, unbound: dict[str, float]) -> Activity:
        """What it does at concentrations (uM): between baths of ketamine a line over the logarithm, what
        becomes of ketamine counting by its affinity for 2B.
        """
        for name, _ in OTHERS:
            if unbound.get(name, 0.0) > 0:
                return self.others[name]
        drugs = self.config.hypotheses.binding(self.config.sheets()["compounds"])
        whole = sum(
            uM * drugs["ketamine"].ic50_2B / drugs[name].ic50_2B
            for name, uM in unbound.items()
            if name in BLOCKERS
        )
        places = np.log(np.array(AWAKE_UM) + 0.1)
        where = float(np.interp(np.log(whole + 0.1), places, np.arange(len(places))))
        low = min(int(where), len(places) - 2)
        one, other, share = self.ketamine[low], self.ketamine[low + 1], where - low
        blend = {
            name: (1.0 - share) * getattr(one, name) + share * getattr(other, name)
            for name in ("rate", "recurrent_ampa", "nmda_conductance", "gaba_conductance")
        }
        return replace(one if share < 0.5 else other, **blend)


def _few(seen: Activity) -> Activity:
    """The same of the first Pyr cells alone."""
    names = ("recurrent_ampa", "nmda_conductance", "gaba_conductance")
    return replace(seen, **{name: getattr(seen, name)[:CELLS] for name in names})


def slow_layer(config: Config, circuit: Circuit, seen: Seen) -> dict[str, Variable]:
    """Readouts of the slow layer by affinity, as cascade, growth_dose, human_dose, blockers and stress have
    them; nothing where the drawn numbers make no slow layer.
    """
    try:
        each = [_by_study(with_affinity(config, a), circuit, seen[a]) for a in AFFINITIES]
    except UsageError:
        return {}
    found: dict[str, Variable] = {}
    for name, first in each[0].items():
        if first.dimensions == (name,):
            found[name] = first
            continue
        values = np.stack([variables[name].values for variables in each])
        found[name] = replace(first, dimensions=("affinity", *first.dimensions), values=values)
    return found


def _by_study(config: Config, circuit: Circuit, looks: list[Activity]) -> dict[str, Variable]:
    few = [_few(look) for look in looks]
    others = {name: look for (name, _), look in zip(OTHERS, few[-len(OTHERS) :], strict=True)}
    watched = Watched(config, tuple(few[: len(AWAKE_UM)]), others)
    found: dict[str, Variable] = {}
    for study, runs in _runs(config):
        outcomes = {place: _summary(own, circuit, watched) for place, own in runs.items()}
        found |= coordinate(f"{study}_place", tuple(runs)) | _gathered(study, outcomes)
    return found


def _runs(config: Config) -> Iterator[tuple[str, dict[str, Config]]]:
    """Of every study the runs that its claims need, by place: `species/dose`, `drug`, `group`."""

    def dosed(animal: str, amount: float, readouts: tuple[str, ...]) -> Config:
        dose = Dose(amount, "ip")
        peak = Exposure.after((Dose(1.0, "ip"),), animal, config.sheets()).peak_time()
        protocol = weeks(peak, readouts, also=IMAGES_H if "15 d" in readouts else ())
        return replace(config, species=animal, doses=(dose,), protocol=protocol)

    courses = {"rat": tuple(r for r in COURSE if r[-1] == "h" or r in ("rest", "peak")), "mouse": COURSE}
    yield (
        "cascade",
        {f"{a}/{d:g}": dosed(a, d, r) for a, r in courses.items() for d in (0.0, 10.0)},
    )
    yield "growth_dose", {f"{d:g}": dosed("rat", d, ("rest", "1 h")) for d in (0.0, 10.0, 80.0)}
    infused = {d: Dose(d, "iv", 0.0, INFUSION_H) for d in (0.0, HUMAN_MG)}
    peak = Exposure.after((infused[HUMAN_MG],), "human", config.sheets()).peak_time()
    man = replace(config, species="human", protocol=weeks(peak, ("rest", "24 h")))
    yield "human_dose", {f"{d:g}": replace(man, doses=(dose,)) for d, dose in infused.items()}
    for arm in ("surge", "eef2k"):
        switches = {"surge": "off", "eef2k": "on"} if arm == "eef2k" else {}
        own = replace(config, hypotheses=replace(config.hypotheses, **switches), protocol=one_day(0.25))
        drugs = (("none", 0.0), COMPARED, *OTHERS)
        yield (
            f"blockers_{arm}",
            {
                name: replace(own, bath=Bath(((name, uM),), 0.0, BATH_H) if uM else None)
                for name, uM in drugs
            },
        )
    peak = Exposure.after((Dose(1.0, "ip"),), "rat", config.sheets()).peak_time()
    protocol = weeks(peak, STRESSED, also=(STRESS_H[0] - 24.0,), stress=STRESS_H)
    calm = replace(protocol, stress=None)
    yield (
        "stress",
        {
            "control": replace(config, protocol=calm),
            "stress": replace(config, protocol=protocol),
            "stress, ketamine": replace(config, protocol=protocol, doses=(Dose(10.0, "ip"),)),
        },
    )


def _summary(config: Config, circuit: Circuit, watched: Watched) -> dict[str, Variable]:
    kept = summarised(config, replayed(config, circuit, watched), KEPT)
    return {name: kept[name] for name in ("readout", *KEPT, *PEAKS)}


def _gathered(study: str, outcomes: dict[str, dict[str, Variable]]) -> dict[str, Variable]:
    """Readouts by place, over all readouts that one of the runs has; NaN where a run has it not."""
    readouts = tuple(dict.fromkeys(r for s in outcomes.values() for r in s["readout"].values.tolist()))
    found = coordinate(f"{study}_readout", readouts)
    for name in (*KEPT, *PEAKS):
        first = next(iter(outcomes.values()))[name]
        rest = first.dimensions[1:] if name in KEPT else ()
        dims = (f"{study}_place", f"{study}_readout", *rest) if name in KEPT else (f"{study}_place",)
        rows = []
        for summary in outcomes.values():
            values = summary[name].values
            if name in KEPT:
                whole = np.full((len(readouts), *values.shape[1:]), np.nan)
                whole[[readouts.index(r) for r in summary["readout"].values]] = values
                values = whole
            rows.append(values)
        found[f"{study}_{name}"] = Variable(dims, np.array(rows), first.unit, first.meaning)
    return found


def replayed(config: Config, circuit: Circuit, watched: Watched) -> Outcome:
    """The loop of the whole model without its network: every look is read off what was watched."""
    exposure, protocol = around(config), config.protocol
    slow = _at_rest(config, circuit)
    slow = replace(slow, exposure=exposure)
    drugged = Drugged(config, circuit, None, exposure, config.block(exposure, circuit, protocol.times[0]))
    rest, before = watched.at({}), slow
    activity, seen = rest, list[Snapshot]()
    for look in protocol.looks():
        drugged = drugged.until(look.time, activity)
        now = drugged.at(look.time)
        activity = watched.at(now.unbound)
        drive = activity.recurrent_ampa / rest.recurrent_ampa
        formed, lost = turnover(before.spines, slow.spines)
        unbound = np.array(
            [now.unbound.get(name, 0.0) for name in ("ketamine", "norketamine", "hydroxynorketamine")]
        )
        seen.append(Snapshot(look, unbound, now.nmda, now.hcn, 1.0, activity, drive, slow, formed, lost))
        before, slow = slow, slow.advance(look, drive, activity, rest, now.nmda)
    return Outcome(circuit, rest, tuple(seen))


def _at_rest(config: Config, circuit: Circuit) -> Slow:
    """The slow world of CELLS cells of a drawn circuit.  Raises SpineError and CascadeError."""
    switches, sizes = config.hypotheses, config.sizes()
    numbers = switches.cascade(config.sheets()["cascade"].fill("cascade", CascadeNumbers), sizes)
    apical = circuit.apical_sites
    seed = np.random.SeedSequence(config.seed).spawn(4)[2]
    spines = Spines.at_rest(
        config.spine_numbers(),
        circuit.projection("Pyr", "Pyr").in_degree,
        circuit.sites,
        CELLS,
        seed,
        split=int((~apical).sum()),
    )
    cascade = Cascade.at_rest(numbers, CELLS, switches.arms(sizes))
    return Slow(config, circuit, Bath(()), np.argsort(apical, kind="stable"), cascade, spines)
