"""The circuit's equations as they are printed."""

from __future__ import annotations

from prelimbic.circuits import equations as eq
from prelimbic.parameters import SUBUNITS


def methods_text(dendrites: bool) -> str:
    """All equations with their events, for printing: K stands for GluN2 subunits of a receptor, T for the
    population of a target; only K = 2B and 2BD have a tonic_K.
    """
    receptor = eq.RECEPTOR.format(held="(g_K + tonic_K)")
    here = (eq.SYNAPTIC.format(total="sum over K of open_K", tonic="") + receptor).replace("_here", "")
    soma, dendrite = eq.SOMA.format(coupled=eq.COUPLED if dendrites else ""), eq.APICAL if dendrites else ""
    delivered = "arrived = weight*release_T"
    excitatory = "g_AMPA += arrived*AMPA_left\ng_K += weight*NMDA_K*given_K_T"
    place = ", in the compartment where the contact stands" if dendrites else ""
    twice = (
        "; the dendrite has the same with v_apical, and g_tonic beside g_slow, but not tonic_K"
        if dendrites
        else ""
    )
    parts = [
        (
            "Cells (every population; only Pyr cells have a dendrite)"
            if dendrites
            else "Cells (every population)",
            soma + dendrite,
        ),
        (f"Synaptic currents, for K = {', '.join(SUBUNITS)}{twice}", here),
        ("Spike when", eq.THRESHOLD),
        ("Reset", eq.FIRE + ("v_apical += v_kick\n" if dendrites else "")),
        (
            "Release at a spike, for terminals on T (Tsodyks and Markram), and what receptors that are "
            "still free get of it",
            eq.RELEASE_TERMINAL + eq.RELEASE_SUBUNIT,
        ),
        (f"Arrival of a Pyr spike after its delay{place}", f"{delivered}\n{excitatory}"),
        (
            f"Arrival of a PV spike (g_fast), of an SST or VIP spike (g_slow){place}",
            f"{delivered}\ng_fast += arrived",
        ),
        (
            "Background, every step; p_k is the chance of at least k events",
            eq.BACKGROUND + eq.BACKGROUND_SUBUNIT,
        ),
    ]
    return "\n\n".join(f"{title}\n{text.strip()}" for title, text in parts)
