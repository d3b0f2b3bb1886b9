"""Trail: a digest of all that has entered a run by the end of each look's stride.

What enters is taken as computed, not as asked: NMDA receptors shut, conductances left, factors on the
cascade, not doses and switches.  Runs whose digests are equal up to a look have had the same done to the
same circuit, so they are in the same state there, bit for bit; a switch that does nothing until a drug comes
parts no two runs before it.  Where block depends on what the circuit does (trapping), what it is computed
from enters in its place.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace

import numpy as np

from prelimbic.circuits import Circuit
from prelimbic.parameters import COMPOUNDS, CascadeNumbers, channel
from prelimbic.pharmacology import TrappingBlock
from prelimbic.simulation.acting import Acting
from prelimbic.simulation.config import MODEL_VERSION, Config
from prelimbic.simulation.drugged import Drugged, around
from prelimbic.simulation.looks import starts
from prelimbic.simulation.protocol import minutes
from prelimbic.simulation.slow import RULES

BYTES = 16  # of a digest


def trail(config: Config) -> tuple[str, ...]:
    """A digest a look, in hexadecimal digits; of what runs in memory alone, not of the machine that computes
    it.  Raises what describing the circuit raises.
    """
    circuit, source, looks = config.described(), around(config), list(config.protocol.looks())
    if not looks:
        return ()
    acting, stress = Acting(config, source), [minutes(hour) for hour in config.protocol.stress or ()]
    drugged = Drugged(config, circuit, None, source, config.block(source, circuit, looks[0].time))
    follows = isinstance(drugged.block, TrappingBlock)
    total, found = hashlib.blake2b(_beginning(config, circuit), digest_size=BYTES), []
    for k, look in enumerate(looks):
        if k:
            made, block = drugged.block.entering(source, looks[k - 1].stride)
            drugged = replace(drugged, block=block)
            total.update(made.tobytes() if follows else b"")
        ampa_left = acting.ampa_left(look.time)
        now = drugged.at(look.time, ampa_left)
        start, end = minutes(look.time), minutes(look.time + look.stride)
        stressed = config.protocol.stressed(look.time)
        unbound = np.array([now.unbound[drug] for drug in COMPOUNDS])
        spell = (stressed, start in stress[::2], end in stress[1::2])
        total.update(repr((look, ampa_left, float(now.hcn), spell)).encode())
        total.update(b"" if now.circuit == circuit else repr(now.circuit).encode())
        for array in (unbound, now.nmda, acting.factors(start, end, stressed)):
            total.update(np.ascontiguousarray(array).tobytes())
        found.append(total.copy().hexdigest())
    return tuple(found)


def untreated(config: Config) -> int:
    """How many looks, from the first on, stand with their stride before anything is given; none where
    nothing is.
    """
    protocol, doses = config.protocol, tuple(dose for dose in config.doses if dose.amount)
    begins = [event.hour for event in starts(doses, (), config.bath)]
    begins += [item.start for item in protocol.inhibitions] + [*(protocol.stress or ())][:1]
    if config.bath is not None and config.bath.start == -math.inf:
        begins.append(config.bath.start)
    first = min(begins, default=-math.inf)
    return sum(look.time + look.stride <= first for look in protocol.looks())


def _beginning(config: Config, circuit: Circuit) -> bytes:
    """All that a run is from its beginning on: circuit, seed, numerics, constants of its slow world."""
    sheets, switches, sizes = config.sheets(), config.hypotheses, config.sizes()
    drugs: tuple[object, ...] = ()
    if switches.selectivity == "use_dependent":  # states of receptors by drug, whether it is there or not
        names = around(config).names
        known = config.binding()
        drugs = (switches, channel(sheets["compounds"]), [(name, known[name]) for name in names])
    parts = (
        MODEL_VERSION,
        config.seed,
        config.numerics,
        config.protocol.rest,
        circuit,
        config.grown().projection("Pyr", "Pyr").in_degree,
        config.spine_numbers(),
        RULES[switches.spine_rule],
        switches.cascade(sheets["cascade"].fill("cascade", CascadeNumbers), sizes),
        switches.arms(sizes),
        switches.memory == "nmda_latch",
        *drugs,
    )
    return repr(parts).encode()
