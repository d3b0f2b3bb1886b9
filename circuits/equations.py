"""The circuit's equations, as text fit for a methods section; numbers are never written into them.

One template serves all four populations; a cell's constants differ by population.  Arrays handed in and out of a
network carry the units named in UNITS.
"""

from __future__ import annotations

MEMBRANE = """
dv/dt = (g_L*(E_L - v) + I_AMPA + I_NMDA + I_GABA - I_adapt)/C : volt (unless refractory)
dI_adapt/dt = (a*(v - E_L) - I_adapt)/tau_adapt : amp
I_AMPA = g_AMPA*(E_exc - v) : amp
I_NMDA = g_NMDA*open_NMDA*(E_exc - v) : amp
I_GABA = (g_fast + g_slow)*(E_GABA - v) : amp
"""

# The ketamine factor (1 - block) stands here and nowhere else.
NMDA = """
open_NMDA = share_AB*(1 - block_AB)*B_AB + share_CD*(1 - block_CD)*B_CD : 1
B_AB = 1/(1 + Mg/Mg_half*Mg_relief) : 1
B_CD = 1/(1 + Mg/(Mg_half*relief_CD)*Mg_relief) : 1
Mg_relief = exp(-Mg_slope*v) : 1
"""

RECEPTORS = """
dg_AMPA/dt = -g_AMPA/tau_AMPA : siemens
dg_NMDA/dt = -g_NMDA/tau_NMDA : siemens
dg_fast/dt = -g_fast/tau_fast : siemens
dg_slow/dt = -g_slow/tau_slow : siemens
ds/dt = -s/tau_NMDA : 1
"""

CELL = """
C : farad (constant)
g_L : siemens (constant)
E_L : volt (constant)
v_threshold : volt (constant)
v_reset : volt (constant)
t_refractory : second (constant)
a : siemens (constant)
b : amp (constant)
tau_adapt : second (constant)
tau_AMPA : second (constant)
ratio_NMDA : 1 (constant)
share_AB : 1 (constant)
share_CD : 1 (constant)
block_AB : 1 (constant)
block_CD : 1 (constant)
release_NMDA : 1
background_weight : siemens (constant)
p_1 : 1 (constant)
p_2 : 1 (constant)
p_3 : 1 (constant)
p_4 : 1 (constant)
"""

SHARED = """
E_exc : volt (shared, constant)
E_GABA : volt (shared, constant)
Mg : 1 (shared, constant)
Mg_half : 1 (shared, constant)
Mg_slope : 1/volt (shared, constant)
relief_CD : 1 (shared, constant)
tau_NMDA : second (shared, constant)
tau_fast : second (shared, constant)
tau_slow : second (shared, constant)
saturation : 1 (shared, constant)
key_0 : integer (shared, constant)
key_1 : integer (shared, constant)
"""

# Sums over the samples of a look (one a millisecond); a look's means are these over `samples`.
SUMS = """
sum_AMPA : siemens
sum_NMDA : siemens
sum_AB : siemens
sum_CD : siemens
sum_open : siemens
sum_GABA : siemens
sum_s : 1
samples : 1
background_events : 1
"""

CELLS = MEMBRANE + NMDA + RECEPTORS + CELL + SHARED + SUMS
THRESHOLD = "v > v_threshold"
RESET = """
v = v_reset
I_adapt += b
release_NMDA = 1 - s
s += saturation*(1 - s)
"""

# Poisson by inversion: p_k is the chance of at least k events in a step.
BACKGROUND = """
u = background_uniform(i, t_in_timesteps, key_0, key_1)
events = int(u < p_1) + int(u < p_2) + int(u < p_3) + int(u < p_4)
g_AMPA += events*background_weight
g_NMDA += events*background_weight*ratio_NMDA
background_events += events
"""
SAMPLE = """
sum_AMPA += g_AMPA
sum_NMDA += g_NMDA
sum_AB += g_NMDA*B_AB
sum_CD += g_NMDA*B_CD
sum_open += g_NMDA*open_NMDA
sum_GABA += g_fast + g_slow
sum_s += s
samples += 1
"""

EXCITATORY_SPIKE = """
g_AMPA_post += weight
g_NMDA_post += weight*ratio_NMDA_post*release_NMDA_pre
"""
FAST_SPIKE = "g_fast_post += weight"
SLOW_SPIKE = "g_slow_post += weight"

# One electrode beside the Pyr cells: their mean synaptic currents, once a millisecond.
ELECTRODE = """
AMPA : amp
GABA : amp
"""
TAP = """
AMPA_post = I_AMPA_pre/N_pre : amp (summed)
GABA_post = I_GABA_pre/N_pre : amp (summed)
"""


def methods_text() -> str:
    """All equations with their events, for printing."""
    parts = [
        ("Cells (every population)", MEMBRANE + NMDA + RECEPTORS),
        ("Spike when", THRESHOLD),
        ("Reset", RESET),
        ("Background, every step", BACKGROUND),
        ("Spike of a Pyr cell, on its target", EXCITATORY_SPIKE),
        ("Spike of a PV cell, on its target", FAST_SPIKE),
        ("Spike of an SST or VIP cell, on its target", SLOW_SPIKE),
    ]
    return "\n\n".join(f"{title}\n{text.strip()}" for title, text in parts)
