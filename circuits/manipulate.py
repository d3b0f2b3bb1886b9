"""What is done to a circuit: pure functions from a circuit to a changed one, none of which moves its
calibration.

A site is a projection such as `Pyr->SST`, `recurrent` (all that Pyr cells send), `background`, or `all`.
Every function raises CircuitError for a site, population or amount that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from prelimbic.circuits.describe import PLASTIC, Circuit, CircuitError, with_background
from prelimbic.parameters import OUTSIDE, POPULATIONS, SUBUNITS, Population, Projection, near, unknown

LARGEST_FACTOR = 1e6
# What becomes of receptors when a subunit is deleted; those that are not named are left as they are.
DELETED: dict[str, dict[str, str | None]] = {
    "GluN1": dict.fromkeys(SUBUNITS),
    "GluN2A": {"2A": None, "2AB": "2B"},
    "GluN2B": {"2B": None, "2AB": "2A", "2BD": None},
    "GluN2C": {"2C": None},
    "GluN2D": {"2D": None, "2BD": None},
}
OUT_OF_REACH_MV = 100.0  # a threshold above every reversal potential


def ampa(circuit: Circuit, left: float, site: str = "all") -> Circuit:
    """AMPA conductance times `left` at a site: below 1 an antagonist, above 1 a gain (the HNK arm).  NMDA
    stays.
    """
    _at_least_0("ampa", left)
    recurrent, background = list(circuit.ampa), list(circuit.background_ampa)
    for k, population in enumerate(POPULATIONS):
        if site in ("all", "recurrent", f"Pyr->{population}"):
            recurrent[k] *= left
        if site in ("all", "background"):
            background[k] *= left
    if site not in ("all", "recurrent", "background"):
        _known(circuit, site, ("all", "recurrent", "background"), senders=("Pyr",))
    return replace(circuit, ampa=tuple(recurrent), background_ampa=tuple(background))


def release(circuit: Circuit, gain: float, site: str = "recurrent") -> Circuit:
    """Everything that terminals of a site deliver times `gain`: AMPA and NMDA together, or GABA."""
    _at_least_0("release", gain)
    if site != "recurrent":
        _known(circuit, site, ("recurrent",))
    chosen = [s == "Pyr" if site == "recurrent" else f"{s}->{t}" == site for s, t, _ in circuit.projections]
    return _each_projection(circuit, chosen, lambda p: replace(p, weight=p.weight * gain))


def delete(circuit: Circuit, subunit: str, population: str) -> Circuit:
    """Delete GluN1 (all NMDA receptors) or one GluN2 subunit in a population.

    Receptors of 2A and 2B become those of the one that is left; receptors of 2B and 2D go with either, as
    both knock-outs report.  The others are left as they are.
    """
    if subunit not in DELETED:
        raise CircuitError(
            f"there is no subunit {subunit!r}{near(subunit, DELETED)} to delete; there are "
            f"{', '.join(DELETED)}"
        )
    k = _index(population)
    before = dict(zip(SUBUNITS, circuit.populations[k].subunit_fractions, strict=True))
    kept = dict.fromkeys(SUBUNITS, 0.0)
    for name, share in before.items():
        if (becomes := DELETED[subunit].get(name, name)) is not None:
            kept[becomes] += share
    left = sum(kept.values())
    shares = {name: share / left for name, share in kept.items()} if left > 0 else before
    outside = {f"tonic_{name}": 0.0 for name in OUTSIDE if DELETED[subunit].get(name, name) is None}
    changed = _each_population(
        circuit,
        population,
        lambda p: replace(
            p,
            nmda_to_ampa=p.nmda_to_ampa * left,
            background_nmda_to_ampa=p.background_nmda_to_ampa * left,
            **{f"fraction_{name}": share for name, share in shares.items()},
            **outside,
        ),
    )
    if population != "Pyr" or changed.apical is None:
        return changed
    return replace(changed, apical=replace(changed.apical, nmda_to_ampa=changed.apical.nmda_to_ampa * left))


def silence(circuit: Circuit, population: str) -> Circuit:
    """No cell of a population spikes: its threshold is out of reach."""
    _index(population)
    return _each_population(circuit, population, lambda p: replace(p, threshold=OUT_OF_REACH_MV))


def lose_contacts(circuit: Circuit, left: float) -> Circuit:
    """Pyr->Pyr contacts that stress leaves, as a share; the others keep their weight."""
    if not 0 < left <= 1:
        raise CircuitError(f"contacts takes the share that is left, above 0 and at most 1, not {left:g}")
    chosen = [(s, t) == PLASTIC for s, t, _ in circuit.projections]
    return _each_projection(
        circuit, chosen, lambda p: replace(p, in_degree=float(max(1, round(p.in_degree * left))))
    )


def lose_sst(circuit: Circuit, left: float) -> Circuit:
    """SST conductances on every target, and tonic inhibition of apical dendrites where there are any, times
    `left`.

    The depression condition of Yao et al. 2022, but for the small cuts of tonic inhibition on interneurons.
    """
    _at_least_0("sst", left)
    chosen = [s == "SST" for s, _, _ in circuit.projections]
    changed = _each_projection(circuit, chosen, lambda p: replace(p, weight=p.weight * left))
    if changed.apical is None:
        return changed
    return replace(changed, apical=replace(changed.apical, tonic=changed.apical.tonic * left))


def shut_hcn(circuit: Circuit, share: float) -> Circuit:
    """HCN channels shut, as a share of those that are open."""
    if not 0 <= share <= 1:
        raise CircuitError(f"hcn1 takes the share that is shut, from 0 to 1, not {share:g}")
    return replace(circuit, hcn_block=1.0 - (1.0 - circuit.hcn_block) * (1.0 - share))


def slice_state(circuit: Circuit, left: float) -> Circuit:
    """The low background of a slice: every background rate times `left`, and glutamate between cells as
    slices have it.
    """
    _at_least_0("slice", left)
    changed = with_background(circuit, [p.background_rate * left for p in circuit.populations])
    r = changed.receptors
    if r.ambient_glutamate > 0:
        changed = replace(changed, receptors=replace(r, ambient_glutamate=r.slice_glutamate))
    if changed.apical is None:
        return changed
    return replace(
        changed, apical=replace(changed.apical, background_rate=changed.apical.background_rate * left)
    )


# What a user can name: text before "=" and "@" -> (what it takes, function of circuit, amount and site).
NAMED: dict[str, tuple[str, Callable[[Circuit, float, str], Circuit]]] = {
    "ampa": ("=LEFT[@SITE], AMPA conductance left at a site", lambda c, x, site: ampa(c, x, site or "all")),
    "release": ("=GAIN[@SITE], release gain", lambda c, x, site: release(c, x, site or "recurrent")),
    "silence": ("@POPULATION, a population that never spikes", lambda c, _, site: silence(c, site)),
    "contacts": ("=LEFT, share of Pyr->Pyr contacts left by stress", lambda c, x, _: lose_contacts(c, x)),
    "sst": ("=LEFT, SST conductances and apical tonic inhibition left", lambda c, x, _: lose_sst(c, x)),
    "hcn1": ("=SHUT, share of HCN channels shut", lambda c, x, _: shut_hcn(c, x)),
    "slice": ("=LEFT, background rates left", lambda c, x, _: slice_state(c, x)),
} | {
    f"delete-{name}": (
        "@POPULATION, a deleted NMDA receptor subunit",
        lambda c, _, site, name=name: delete(c, name, site),
    )
    for name in DELETED
}


def manipulated(circuit: Circuit, texts: tuple[str, ...]) -> Circuit:
    """Apply manipulations such as `ampa=0.5@Pyr->SST` or `delete-GluN2B@SST`, in their order."""
    for text in texts:
        head, at, site = text.partition("@")
        name, equals, amount = head.partition("=")
        if name not in NAMED:
            raise CircuitError(unknown("manipulation", name, NAMED))
        usage, function = NAMED[name]
        wants_amount, wants_site = usage.startswith("="), usage.startswith("@")
        if (
            wants_amount != bool(equals)
            or (wants_site and not site)
            or (at and (not site or "@" not in usage))
        ):
            raise CircuitError(f"manipulation {text!r} should read {name}{usage}")
        circuit = function(circuit, _number(text, amount) if wants_amount else 0.0, site)
    return circuit


def _number(text: str, amount: str) -> float:
    try:
        return float(amount)
    except ValueError:
        raise CircuitError(f"manipulation {text!r} needs a number after =") from None


def _at_least_0(what: str, value: float) -> None:
    if not 0 <= value <= LARGEST_FACTOR:
        raise CircuitError(
            f"{what} takes a factor of at least 0 and at most {LARGEST_FACTOR:g}, not {value:g}"
        )


def _index(population: str) -> int:
    if population not in POPULATIONS:
        raise CircuitError(unknown("population", population, POPULATIONS))
    return POPULATIONS.index(population)


def _known(
    circuit: Circuit, site: str, groups: tuple[str, ...], senders: tuple[str, ...] = POPULATIONS
) -> None:
    found = [f"{s}->{t}" for s, t, _ in circuit.projections if s in senders]
    if site not in found:
        sites = [*groups, *found]
        raise CircuitError(
            f"circuit {circuit.name} has no site {site!r}{near(site, sites)}; it has {', '.join(sites)}"
        )


def _each_projection(
    circuit: Circuit, chosen: list[bool], change: Callable[[Projection], Projection]
) -> Circuit:
    changed = tuple(
        (s, t, change(p) if c else p) for c, (s, t, p) in zip(chosen, circuit.projections, strict=True)
    )
    return replace(circuit, projections=changed)


def _each_population(circuit: Circuit, name: str, change: Callable[[Population], Population]) -> Circuit:
    changed = tuple(
        change(p) if n == name else p for n, p in zip(POPULATIONS, circuit.populations, strict=True)
    )
    return replace(circuit, populations=changed)
