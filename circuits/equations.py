"""The circuit's equations, as text fit for a methods section; numbers are never written into them.

One template serves all four populations; a cell's constants differ by population.  A circuit with dendrites
gives every cell an apical compartment, which only Pyr cells couple to their soma.  Arrays handed in and out
are in SI units.
"""

from __future__ import annotations

from functools import cache

from prelimbic.circuits.model import Contacts, Model, Spare
from prelimbic.circuits.wiring import places
from prelimbic.parameters import OUTSIDE, POPULATIONS, SUBUNITS

SOMA = """
dv/dt = (g_L*(E_L - v) - g_h_shut*(E_h - v) + I_AMPA + I_NMDA + I_GABA - I_adapt
         + I_injected{coupled})/C : volt (unless refractory)
dI_adapt/dt = (a*(v - E_L) - I_adapt)/tau_adapt : amp
"""
COUPLED = " + g_couple*(v_apical - v)"
APICAL = """
dv_apical/dt = (g_L_apical*(E_L_apical - v_apical) - g_h_shut_apical*(E_h - v_apical) + I_AMPA_apical
                + I_NMDA_apical + I_GABA_apical + g_couple*(v - v_apical))/C_apical : volt
calcium_gate = 1/(1 + exp((v_calcium - v_apical)/k_calcium)) : 1
"""

# Synaptic currents of a compartment; `_here` is empty for the soma and `_apical` for the dendrite.
SYNAPTIC = """
I_AMPA_here = g_AMPA_here*(E_exc - v_here) : amp
I_NMDA_here = g_NMDA_here*(E_exc - v_here) : amp
I_GABA_here = (g_fast_here + g_slow_here{tonic})*(E_GABA - v_here) : amp
dg_AMPA_here/dt = -g_AMPA_here/tau_AMPA : siemens
dg_fast_here/dt = -g_fast_here/tau_fast : siemens
dg_slow_here/dt = -g_slow_here/tau_slow : siemens
g_NMDA_here = {total} : siemens
pore_Mg_here = Mg*exp(-Mg_slope*v_here) : 1
"""
# The ketamine factor (1 - block) stands here and nowhere else.  `held` is what holds glutamate: receptors of
# synapses, and of somata outside synapses.
RECEPTOR = """
dg_K_here/dt = -g_K_here/tau_K : siemens
free_K_here = {held}/(1 + pore_Mg_here/Mg_half_K) : siemens
open_K_here = (1 - block_K)*free_K_here : siemens
"""

# What every cell has of its own.
CELL = """
E_L : volt (constant)
v_threshold : volt (constant)
I_injected : amp (constant)
t_release : second
draw : 1
seen_AMPA : amp
seen_GABA : amp
"""
CELL_APICAL = "draw_apical : 1\n"
# What all cells of a population share.
ALIKE = """
C : farad (constant)
g_L : siemens (constant)
g_h_shut : siemens (constant)
v_reset : volt (constant)
t_refractory : second (constant)
a : siemens (constant)
b : amp (constant)
tau_adapt : second (constant)
tau_AMPA : second (constant)
AMPA_left : 1 (constant)
background_AMPA : siemens (constant)
p_1 : 1 (constant)
p_2 : 1 (constant)
p_3 : 1 (constant)
p_4 : 1 (constant)
"""
ALIKE_APICAL = """
C_apical : farad (constant)
g_L_apical : siemens (constant)
E_L_apical : volt (constant)
g_h_shut_apical : siemens (constant)
g_couple : siemens (constant)
g_tonic : siemens (constant)
v_kick : volt (constant)
background_AMPA_apical : siemens (constant)
q_1 : 1 (constant)
q_2 : 1 (constant)
q_3 : 1 (constant)
q_4 : 1 (constant)
"""
# Conductance of receptors outside synapses, which hold what glutamate there is all along.
ALIKE_OUTSIDE = "tonic_K : siemens (constant)\n"
# NMDA_K: peak NMDA conductance of subunit K over the AMPA conductance of a contact.
ALIKE_SUBUNIT = """
block_K : 1 (constant)
NMDA_K : 1 (constant)
background_K : siemens (constant)
"""
ALIKE_SUBUNIT_APICAL = """
NMDA_K_apical : 1 (constant)
background_K_apical : siemens (constant)
"""
ALIKE_TARGET = "on_T : 1 (constant)\n"
# Tsodyks-Markram constants and state of a cell's terminals on population T.
TERMINAL = """
U_T : 1 (constant)
tau_rec_T : second (constant)
tau_facil_T : second (constant)
"""
CELL_TERMINAL = """
u_T : 1
x_T : 1
release_T : 1
released_T : 1
"""
# Share of the receptors under those terminals that hold glutamate, and what the last release gave to the
# others.
CELL_SATURATION = """
s_K_T : 1
given_K_T : 1
"""
SHARED = """
E_exc : volt (shared, constant)
E_GABA : volt (shared, constant)
E_h : volt (shared, constant)
Mg : 1 (shared, constant)
Mg_slope : 1/volt (shared, constant)
tau_fast : second (shared, constant)
tau_slow : second (shared, constant)
saturation : 1 (shared, constant)
"""
SHARED_SUBUNIT = """
tau_K : second (shared, constant)
Mg_half_K : 1 (shared, constant)
"""
SHARED_APICAL = """
v_calcium : volt (shared, constant)
k_calcium : volt (shared, constant)
"""

THRESHOLD = "v > v_threshold"
FIRE = """
v = v_reset
I_adapt += b
"""
RELEASE_SUBUNIT = """
s_K_T = s_K_T*exp(-(t - t_release)/tau_K)
given_K_T = release_T*(1 - s_K_T)
s_K_T += saturation*given_K_T
"""
RELEASE_TERMINAL = """
u_T = u_T*exp(-(t - t_release)/tau_facil_T)
u_T += U_T*(1 - u_T)
x_T = 1 - (1 - x_T)*exp(-(t - t_release)/tau_rec_T)
release_T = u_T*x_T
x_T -= release_T
released_T += release_T
"""

# Poisson by inversion: `draw` is uniform, new at every step, and p_k the chance of at least k events in one.
BACKGROUND = """
events = int(draw < p_1) + int(draw < p_2) + int(draw < p_3) + int(draw < p_4)
g_AMPA += events*background_AMPA
background_events += events
"""
BACKGROUND_APICAL = """
events_apical = int(draw_apical < q_1) + int(draw_apical < q_2)
events_apical += int(draw_apical < q_3) + int(draw_apical < q_4)
g_AMPA_apical += events_apical*background_AMPA_apical
background_events += events_apical
background_events_apical += events_apical
"""
BACKGROUND_SUBUNIT = "g_K += events*background_K\n"
BACKGROUND_SUBUNIT_APICAL = "g_K_apical += events_apical*background_K_apical\n"

_FREE = "+".join(f"free_{k}" for k in SUBUNITS)
_FREE_APICAL = "+".join(f"free_{k}_apical" for k in SUBUNITS)
# Sums over the samples of a look (one a millisecond); a look's means are these over `samples`.
SUMS = {
    "v": ("volt", "v"),
    "AMPA": ("siemens", "g_AMPA{+g_AMPA_apical}"),
    "NMDA": ("siemens", "g_NMDA{+g_NMDA_apical}"),
    "GABA": ("siemens", "g_fast + g_slow{+g_fast_apical + g_slow_apical}"),
    "fast": ("siemens", "g_fast{+g_fast_apical}"),
    "slow": ("siemens", "g_slow{+g_slow_apical}"),
    "free_v": ("amp", f"({_FREE})*v{{+({_FREE_APICAL})*v_apical}}"),
}
SUMS_SUBUNIT = {
    "bound_K": ("siemens", "{held}{+g_K_apical}"),
    "free_K": ("siemens", "free_K{+free_K_apical}"),
    "open_K": ("siemens", "open_K{+open_K_apical}"),
}
SUMS_APICAL = {
    "v_apical": ("volt", "v_apical"),
    "NMDA_apical": ("siemens", "g_NMDA_apical"),
    "calcium": ("1", "calcium_gate"),
}

# What an electrode beside a cell sees of it at every sample.
ELECTRODE = """
seen_AMPA = I_AMPA{+I_AMPA_apical}
seen_GABA = I_GABA{+I_GABA_apical}
"""


def each(text: str, letter: str, names: tuple[str, ...]) -> str:
    """A template once for every name that stands in for its letter, `_K` of a subunit or `_T` of a
    target.
    """
    return "".join(text.replace(letter, f"_{name}") for name in names)


def subunits(text: str) -> str:
    """A template once for every kind of NMDA receptor."""
    return each(text, "_K", SUBUNITS)


def held(subunit: str, suffix: str = "") -> str:
    """Conductance of the receptors of a compartment that hold glutamate."""
    outside = subunit in OUTSIDE and not suffix
    return f"(g_{subunit} + tonic_{subunit})" if outside else f"g_{subunit}{suffix}"


def terminals(text: str) -> str:
    """A template once for every population that a terminal may stand on."""
    return each(text, "_T", POPULATIONS)


def _compartment(suffix: str, tonic: str = "") -> str:
    text = SYNAPTIC.format(total=" + ".join(f"open_{k}_here" for k in SUBUNITS), tonic=tonic)
    text += "".join(RECEPTOR.replace("_K", f"_{k}").format(held=held(k, suffix)) for k in SUBUNITS)
    return text.replace("_here", suffix)


def currents(dendrites: bool) -> str:
    """The equations of motion of a cell."""
    text = SOMA.format(coupled=COUPLED if dendrites else "") + _compartment("")
    text += APICAL + _compartment("_apical", " + g_tonic") if dendrites else ""
    return text


def sums(dendrites: bool) -> dict[str, tuple[str, str]]:
    """Sampled quantities: name -> (unit, expression)."""
    found = dict(SUMS)
    for k in SUBUNITS:
        found |= {
            n.replace("_K", f"_{k}"): (u, e.replace("_K", f"_{k}").replace("{held}", held(k)))
            for n, (u, e) in SUMS_SUBUNIT.items()
        }
    found |= SUMS_APICAL if dendrites else {}
    return {name: (unit, _with_apical(expression, dendrites)) for name, (unit, expression) in found.items()}


def _with_apical(expression: str, dendrites: bool) -> str:
    return expression.replace("{+", " + ").replace("}", "") if dendrites else expression.partition("{")[0]


def cells(dendrites: bool) -> str:
    """All equations of the cells: motion, constants, counters."""
    text = (
        currents(dendrites)
        + CELL
        + shared_by_population(dendrites)
        + terminals(TERMINAL + CELL_TERMINAL + subunits(CELL_SATURATION))
    )
    text += SHARED + subunits(SHARED_SUBUNIT)
    text += CELL_APICAL + SHARED_APICAL if dendrites else ""
    text += "".join(f"sum_{name} : {unit}\n" for name, (unit, _) in sums(dendrites).items())
    return (
        text
        + "samples : 1\nbackground_events : 1\n"
        + ("background_events_apical : 1\n" if dendrites else "")
    )


def shared_by_population(dendrites: bool) -> str:
    """Constants that all cells of a population share."""
    text = ALIKE + subunits(ALIKE_SUBUNIT) + each(ALIKE_OUTSIDE, "_K", OUTSIDE) + terminals(ALIKE_TARGET)
    return text + ALIKE_APICAL + subunits(ALIKE_SUBUNIT_APICAL) if dendrites else text


def sample(dendrites: bool) -> str:
    """What is added up once a millisecond, and what the electrode sees then."""
    text = (
        "".join(f"sum_{name} += {expression}\n" for name, (_, expression) in sums(dendrites).items())
        + "samples += 1\n"
    )
    return text + "".join(_with_apical(line, dendrites) + "\n" for line in ELECTRODE.strip().splitlines())


def reset(dendrites: bool) -> str:
    """What a spike does to its own cell."""
    kick = "v_apical += v_kick\n" if dendrites else ""
    return FIRE + kick + terminals(RELEASE_TERMINAL + subunits(RELEASE_SUBUNIT)) + "t_release = t\n"


def background(dendrites: bool) -> str:
    """What the background does every step."""
    text = BACKGROUND + subunits(BACKGROUND_SUBUNIT)
    return text + BACKGROUND_APICAL + subunits(BACKGROUND_SUBUNIT_APICAL) if dendrites else text


# Receptors that populations are most often without; the loops over those are made without them too.
RARE, LESS_RARE = ("2C", "2D", "2BD"), ("2AB",)


def spare(subunit: str, dendrites: bool) -> Spare:
    """What a population has that has a subunit."""
    where = ("", "_apical") if dendrites else ("",)
    return Spare(
        sources=(
            *(f"{name}_{subunit}{place}" for name in ("NMDA", "background") for place in where),
            *((f"tonic_{subunit}",) if subunit in OUTSIDE else ()),
        ),
        states=tuple(f"g_{subunit}{place}" for place in where),
        sums=tuple(f"sum_{name}_{subunit}" for name in ("bound", "free", "open")),
    )


# As a rule, PV cells reach Pyr cells with a dendrite at the soma, and SST cells at the dendrite.
APART = Spare(states=("g_slow", "g_fast_apical"), contacts=("slow", "fast_apical"))
CONTACT = "weight : siemens\n"


def spike(group: str, place: str) -> str:
    """What a spike of a synapse group does to its target, through contacts on the soma ("") or the dendrite
    ("_apical").
    """
    on_pyr = group == "plastic" or place == "_apical"
    text = f"arrived = weight*({_for_target('release', on_pyr)})\n"
    if group not in ("plastic", "excitatory"):
        return text + f"g_{group}{place}_post += arrived\n"
    text += f"g_AMPA{place}_post += arrived*AMPA_left_post\n"
    given = {k: _for_target(f"given_{k}", on_pyr) for k in SUBUNITS}
    return text + "".join(
        f"g_{k}{place}_post += weight*NMDA_{k}{place}_post*({given[k]})\n" for k in SUBUNITS
    )


def _for_target(name: str, on_pyr: bool) -> str:
    """What the sending cell's terminals on the target's population have of something."""
    return f"{name}_Pyr_pre" if on_pyr else " + ".join(f"on_{t}_post*{name}_{t}_pre" for t in POPULATIONS)


@cache
def model(dendrites: bool) -> Model:
    """The texts of a circuit, with or without dendrites."""
    return Model(
        cells=cells(dendrites),
        threshold=THRESHOLD,
        refractory="t_refractory",
        reset=reset(dendrites),
        background=background(dendrites),
        sample=sample(dendrites),
        contacts=tuple(
            Contacts(group + place, CONTACT, spike(group, place), proportional=True)
            for group, place in places(dendrites)
        ),
        draws=("draw", "draw_apical") if dendrites else ("draw",),
        traces=("seen_AMPA", "seen_GABA"),
        recorded="release_Pyr",
        alike=tuple(line.partition(" :")[0] for line in shared_by_population(dendrites).split("\n") if line),
        motion_elsewhere=currents(False) if dendrites else "",
        background_elsewhere=background(False) if dendrites else "",
        spare=(
            *(spare(subunit, dendrites) for subunit in RARE),
            *((APART,) if dendrites else ()),
            *(spare(subunit, dendrites) for subunit in LESS_RARE),
        ),
    )
