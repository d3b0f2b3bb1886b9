"""What laboratories read: measurement models that turn a stored run into a reading, each with the noise of
its instrument and a caveat.  A new one is a function and an entry here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from prelimbic.circuits import BANDS
from prelimbic.parameters import Laboratory
from prelimbic.simulation.pools import FORGOTTEN_MIN, STEP_MIN, Pools, pools
from prelimbic.simulation.seen import Noise, Seen, mean_over

Model = Callable[[Seen, Laboratory, Noise], np.ndarray]  # gives (seed,)


@dataclass(frozen=True)
class Reading:
    """One measure: its unit, what it is, its equation and noise in words, the quantities of a run that it
    reads along the course and at the readout, what to beware of, and where its form comes from.

    `to_vehicle`: it is told as a fold of what it is compared with.
    """

    unit: str
    meaning: str
    equation: str
    noise: str
    caveat: str
    source: str
    model: Model
    courses: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    to_vehicle: bool = False


def dialysate(seen: Seen, n: Laboratory, noise: Noise) -> np.ndarray:
    """Glutamate in the dialysate of a bin, umol/L."""
    d = n.dialysis
    hours = seen.span(d.bin)
    released = mean_over(hours, seen.relative("glutamate_release", hours))
    outside = d.basal * (1.0 - d.synaptic_share + d.synaptic_share * released)
    return noise.scaled(d.recovery * outside, d.noise)


def band(seen: Seen, n: Laboratory, noise: Noise, of: str) -> np.ndarray:
    """A band of a course, relative to rest."""
    share = 1.0 - n.blot.pyr_share + n.blot.pyr_share * _now(seen, of)
    return noise.scaled(share, n.blot.noise)


def _now(seen: Seen, name: str) -> np.ndarray:
    """At the moment of the readout, or over its window."""
    if seen.last > seen.first:
        window = seen.span(0.0)
        return mean_over(window, seen.at(name, window))
    return seen.at(name, np.array([seen.last]))[:, 0]


def band_power(seen: Seen, n: Laboratory, noise: Noise, of: str) -> np.ndarray:
    """Power in a band against that before, dB."""
    now = _now(seen, of) / seen.rest(of)
    with np.errstate(divide="ignore"):  # no power at all
        return noise.shifted(10.0 * np.log10(now), n.electrode.noise)


def slope(seen: Seen, n: Laboratory, noise: Noise) -> np.ndarray:
    """Exponent of the aperiodic part, positive where power falls with frequency."""
    return noise.shifted(_now(seen, "aperiodic_exponent"), n.electrode.slope_noise)


def plasma_bdnf(seen: Seen, n: Laboratory, noise: Noise) -> np.ndarray:
    """BDNF in plasma, ng/mL: what comes from brain follows cortex with a delay."""
    p = n.plasma
    hours = seen.last + np.linspace(-10.0 * p.time, 0.0, 401)
    weight = np.exp((hours - seen.last) / p.time)
    weight /= np.trapezoid(weight, hours)
    followed = np.trapezoid(weight * seen.at("bdnf", hours), hours, axis=1)
    level = p.basal * (1.0 - p.brain_share + p.brain_share * followed)
    return noise.scaled(noise.between(level, p.between), p.noise)


def cycled(seen: Seen, n: Laboratory) -> Pools:
    """Pools over the time of a scan, after all that they remember."""
    first = seen.span(n.spectroscopy.scan)[0]
    hours = np.arange(first - FORGOTTEN_MIN / 60.0, seen.last + 1e-9, STEP_MIN / 60.0)
    hours = np.append(hours, seen.last) if hours[-1] < seen.last - 1e-9 else hours
    released = (seen.relative(name, hours) for name in ("glutamate_cycling", "gaba_release"))
    found = pools(n.spectroscopy, 60.0 * hours, *released)
    return _from(found, 60.0 * first - 1e-6)


def _from(found: Pools, minute: float) -> Pools:
    late = max(2, int((found.minutes >= minute).sum()))
    parts = (found.glutamate, found.glutamine, found.gaba, found.cycle)
    return Pools(found.minutes[-late:], *(part[:, -late:] for part in parts))


def metabolites(seen: Seen, n: Laboratory, noise: Noise, of: str, over: str = "") -> np.ndarray:
    """A pool of tissue as a scanner has it, umol/g, or the ratio of two."""
    found, variation = cycled(seen, n), n.spectroscopy.noise
    read = [noise.scaled(mean_over(found.minutes, getattr(found, m)), variation) for m in (of, over) if m]
    return read[0] / read[1] if over else read[0]


def cycling(seen: Seen, n: Laboratory, noise: Noise) -> np.ndarray:
    """The whole cycle as 13C labels it, umol/g/min."""
    found = cycled(seen, n)
    return noise.scaled(mean_over(found.minutes, found.cycle), n.spectroscopy.tracer_noise)


def missing(seen: Seen) -> np.ndarray:
    """Share of the spines of an animal that lost none which is not there (seed,); below 0 where there are
    more.
    """
    first = seen.hours[:1]
    whole = seen.at("spines", first)[:, 0] + seen.at("lost_sites", first)[:, 0]
    return 1.0 - _now(seen, "spines") / whole


def spine_density(seen: Seen, n: Laboratory, noise: Noise) -> np.ndarray:
    """Spines counted on some length of dendrite, 1/um."""
    length = n.imaging.length
    return noise.counted(length * n.imaging.density * (1.0 - missing(seen))) / length


def turnover(seen: Seen, n: Laboratory, noise: Noise, of: str) -> np.ndarray:
    """Spines that came or went between two images, % of those on the first."""
    imaged = n.imaging.length * n.imaging.density
    return 100.0 * noise.counted(imaged * seen.values[of] / 100.0) / imaged


def sucrose(seen: Seen, n: Laboratory, noise: Noise) -> np.ndarray:
    """Stand-in for sucrose preference, %."""
    b = n.behaviour
    return np.clip(noise.shifted(b.sucrose - b.sucrose_fall * missing(seen), b.sucrose_noise), 0.0, 100.0)


def swim(seen: Seen, n: Laboratory, noise: Noise) -> np.ndarray:
    """Stand-in for immobility in a forced swim, s of 240."""
    b = n.behaviour
    still = noise.shifted(b.immobility + b.immobility_rise * missing(seen), b.immobility_noise)
    return np.clip(still, 0.0, 240.0)


def dissociation(seen: Seen, n: Laboratory, noise: Noise) -> np.ndarray:
    """Score of dissociation by unbound ketamine in brain."""
    d = n.dissociation
    scored = d.slope * _now(seen, "brain_unbound.ketamine")
    return np.minimum(noise.between(scored, d.between), d.highest)


CURRENT = "is a sum of synaptic currents near Pyr cells, not a potential on a skull"
BEHAVES = "no behaviour is modelled: it is the share of missing spines; mice recover before spines do"
POOLS = (
    "pools of one cortex, closed: nothing comes from blood, and the cycle of man at rest stands for every "
    "species"
)
ONE_PROTEIN = (
    "the model has one pool of synaptic protein, so PSD-95, GluA1 and synapsin I are the same course"
)
BLOT = "1 - share + share x state over rest"
MULTIPLIED = "log-normal, blot.noise"
PROTEINS = {
    "p_mTOR": ("mtorc1", "phosphorylated mTOR", "the state counts as phosphorylation of all its sites"),
    "p_S6K": ("s6k", "phosphorylated p70S6K", "follows mTORC1 alone"),
    "p_4EBP1": ("bp4e", "phosphorylated 4E-BP1", "follows mTORC1 alone"),
    "PSD95": ("protein", "PSD-95", ONE_PROTEIN),
    "GluA1": ("protein", "GluA1", ONE_PROTEIN),
    "synapsin_I": ("protein", "synapsin I", ONE_PROTEIN),
}
METABOLITES = {
    "glutamate": ("umol/g", "glutamate of tissue", "glutamate", ""),
    "glutamine": ("umol/g", "glutamine of tissue", "glutamine", ""),
    "gaba": ("umol/g", "GABA of tissue", "gaba", ""),
    "glu_gln": ("1", "glutamate over glutamine", "glutamate", "glutamine"),
    "gaba_glu": ("1", "GABA over glutamate", "gaba", "glutamate"),
}
RELEASED = ("glutamate_cycling", "gaba_release")
STANDING = ("spines", "lost_sites")

READINGS: dict[str, Reading] = {
    "dialysis_glutamate": Reading(
        "umol/L",
        "glutamate in the dialysate of the bin before the readout, or of its window",
        "recovery x basal x (1 - share + share x mean release over release at rest)",
        "log-normal, dialysis.noise",
        "how much of dialysed glutamate is synaptic is disputed; recovery is taken to stay as it is",
        "judgement",
        dialysate,
        ("glutamate_release",),
    ),
    **{
        f"western.{name}": Reading(
            "1",
            f"{meaning} on a blot of prefrontal tissue, fold of what it is compared with",
            BLOT,
            MULTIPLIED,
            f"{caveat}; bands are taken to be linear",
            "judgement",
            partial(band, of=state),
            (state,),
            to_vehicle=True,
        )
        for name, (state, meaning, caveat) in PROTEINS.items()
    },
    "spine_density": Reading(
        "1/um",
        "spines on imaged dendrite",
        "density x spines over those of an animal that lost none",
        "counted (Poisson) on imaging.length of dendrite",
        "of sites between Pyr cells alone; small spines are seen as well as large ones",
        "phoumthipphavong2016",
        spine_density,
        STANDING,
    ),
    "spine_formation": Reading(
        "%",
        "spines of an image that were not on that of 48 h before, of those on it",
        "share of sites",
        "counted (Poisson) on imaging.length of dendrite",
        "needs looks at both images; NaN without one",
        "phoumthipphavong2016",
        partial(turnover, of="imaged_formation"),
        values=("imaged_formation",),
    ),
    "spine_elimination": Reading(
        "%",
        "spines of the image of 48 h before that are gone, of those on it",
        "share of sites",
        "counted (Poisson) on imaging.length of dendrite",
        "needs looks at both images; NaN without one",
        "phoumthipphavong2016",
        partial(turnover, of="imaged_elimination"),
        values=("imaged_elimination",),
    ),
    **{
        f"eeg.{name}": Reading(
            "dB",
            f"power in {low:g}-{high:g} Hz against that before anything is given",
            "10 log10(power over power at rest)",
            "normal, electrode.noise",
            f"the LFP proxy {CURRENT}",
            "mazzoni2015",
            partial(band_power, of=f"power.{name}"),
            (f"power.{name}",),
        )
        for name, (low, high) in BANDS.items()
    },
    "eeg.slope": Reading(
        "1",
        "exponent of the aperiodic part, positive where power falls with frequency",
        "exponent of 1/f^x",
        "normal, electrode.slope_noise",
        f"the LFP proxy {CURRENT}; some programs give the exponent with the other sign",
        "donoghue2020",
        slope,
        ("aperiodic_exponent",),
    ),
    "plasma_bdnf": Reading(
        "ng/mL",
        "BDNF in plasma",
        "basal x (1 - share + share x cortical BDNF over rest, followed with time)",
        "log-normal: plasma.between, one factor a subject, and plasma.noise",
        "most BDNF of blood is in platelets, and studies disagree whether any crosses from brain",
        "haile2014",
        plasma_bdnf,
        ("bdnf",),
    ),
    **{
        f"mrs.{name}": Reading(
            unit,
            f"{meaning} by 1H-MRS over a scan",
            "pools of a closed cycle, see simulation/pools.py",
            "log-normal, spectroscopy.noise, each metabolite for itself",
            POOLS,
            "pmc22218",
            partial(metabolites, of=of, over=over),
            RELEASED,
        )
        for name, (unit, meaning, of, over) in METABOLITES.items()
    },
    "mrs.cycling": Reading(
        "umol/g/min",
        "glutamate and GABA that go to glutamine, by 13C",
        "cycle x (release of each times its pool, relative to rest)",
        "log-normal, spectroscopy.tracer_noise",
        f"label is not followed: a study sees enrichment, not the rate; {POOLS}",
        "pmc22218",
        cycling,
        RELEASED,
    ),
    "sucrose_preference": Reading(
        "%",
        "stand-in for sucrose preference",
        "sucrose - fall x share of missing spines",
        "normal, behaviour.sucrose_noise, within 0 to 100",
        BEHAVES,
        "judgement",
        sucrose,
        STANDING,
    ),
    "forced_swim": Reading(
        "s",
        "stand-in for immobility in four minutes of forced swim",
        "immobility + rise x share of missing spines",
        "normal, behaviour.immobility_noise, within 0 to 240",
        f"{BEHAVES}; effects within the hour are out of reach",
        "judgement",
        swim,
        STANDING,
    ),
    "dissociation": Reading(
        "1",
        "score of dissociation",
        "slope x unbound ketamine in brain, up to highest",
        "log-normal, dissociation.between, one factor a subject",
        "a scale of people, which says nothing of rodents; follows the drug, not the circuit; linear was "
        "read for plasma from 50 to 200 ng/mL; metabolites and tolerance are left out",
        "bowdle1998",
        dissociation,
        ("brain_unbound.ketamine",),
    ),
}  # fmt: skip
OUT_OF_REACH = {
    "blood_pressure": "no vessel or heart is modelled",
    "heart_rate": "no vessel or heart is modelled",
    "hippocampus": "the circuit is prefrontal cortex alone",
    "hippocampal_gaba": "the circuit is prefrontal cortex alone",
    "dopamine": "no dopamine is modelled",
    "bold": "no blood flow is modelled",
    "cmrglc": "no metabolism of glucose is modelled",
}
