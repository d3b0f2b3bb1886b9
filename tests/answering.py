"""A network that does not spike: what it answers is a function of all that it is given, so that nothing
given goes unseen.

Rates, conductances and release follow the block as a circuit's would, roughly; a hash of everything else
shifts them a little, as another noise would.  Stored values then differ where what a run gave its network
differs, at no cost.
"""

from __future__ import annotations

import hashlib
from dataclasses import fields
from typing import Any

import numpy as np

from prelimbic.circuits import BANDS, Activity, Circuit, Numerics
from prelimbic.circuits.clamp import Currents
from prelimbic.circuits.spectrum import Spectrum
from prelimbic.parameters import POPULATIONS, SUBUNITS

CLAMPED = 4
SIZE = 1e-3  # of what the hash shifts


class Answering:
    """Stands in for circuits.Network."""

    def __init__(self, circuit: Circuit, *rest: Any):
        self.circuit, self.given = circuit, repr([r for r in rest if isinstance(r, Numerics)])

    def observe(
        self,
        weights: np.ndarray,
        block: np.ndarray,
        seconds: float,
        settle: float = 0.3,
        hcn_block: float = 0.0,
    ) -> Activity:
        channels = sum(p.hcn for p in self.circuit.populations)
        text = repr(
            (self.circuit, weights.sum(axis=1).tolist(), block.tolist(), hcn_block * channels, self.given)
        )
        self.share = int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) / 16**8
        self.shut = float(block[0] @ self.circuit.mixtures[0])
        return answered(self.circuit, self.shut, 1.0 + SIZE * self.share, weights)

    def evoke(self, volley: Any, pulses: int, after: float) -> np.ndarray:
        return np.full(
            self.circuit.counts[0],
            (0.1 + 0.01 * pulses) * (1.0 - 0.5 * self.shut) * (1.0 + SIZE * self.share),
        )

    def alter(self, circuit: Circuit) -> None:
        self.circuit = circuit

    def recurrent_ampa(self, weights: np.ndarray, release_Hz: np.ndarray) -> np.ndarray:
        return weights.sum(axis=1)

    def close(self) -> None:
        pass


def answered(circuit: Circuit, shut: float, factor: float, weights: np.ndarray) -> Activity:
    """What a look sees when a share of the NMDA receptors on Pyr cells is shut."""
    pyr, population, subunit = (circuit.counts[0],), (len(POPULATIONS),), (len(POPULATIONS), len(SUBUNITS))
    surge = max(1.0 + 4.0 * shut * (0.5 - shut), 0.05)  # an inverted U
    shapes = {
        "spike_count": (circuit.size,),
        "rate": population,
        "cv_isi": population,
        "burst_fraction": population,
        "potential": population,
        "open_potential": population,
        "nmda_share": population,
        "nmda_open_probability": subunit,
        "magnesium_free": subunit,
    }
    single = ("glutamate_release", "glutamate_cycling", "gaba_release", "pair_correlation")
    made: dict[str, Any] = {f.name: np.full(shapes.get(f.name, pyr), factor) for f in fields(Activity)}
    made |= dict.fromkeys(single, 2.0 * surge * factor)
    made |= {
        "seconds": 1.0,
        "rate": np.array([2.0, 10.0, 5.0, 5.0]) * np.array([surge, *[1.0 - shut] * 3]) * factor,
    }
    made |= {
        "recurrent_ampa": weights.sum(axis=1) * surge * factor,
        "nmda_conductance": np.full(pyr, (1.0 - shut) * factor),
    }
    made |= {
        "nmda_open_probability": np.full(subunit, 0.2 * factor),
        "magnesium_free": np.full(subunit, 0.3),
    }
    made |= {"open_potential": np.full(population, -60.0), "pair_correlation": 0.01}
    counts = np.random.default_rng(int(1e9 * (factor - 1.0))).poisson(20.0, circuit.size)
    made |= {
        "spike_count": counts,
        "lfp": np.full(100, factor),
        "spike_cell": np.arange(3),
        "spike_time": np.arange(3.0),
    }
    made |= {
        "spike_release": np.ones(3),
        "currents": Currents(*[np.full(CLAMPED, surge * factor) for _ in fields(Currents)]),
    }
    activity = Activity(**made)
    bands = np.full(len(BANDS), surge * factor)
    activity.__dict__["spectrum"] = Spectrum(np.arange(3.0), np.ones(3), bands, bands, 0.0, 0.0, 1.0, 40.0)
    return activity


def answer_for(monkeypatch: Any) -> None:
    """Let every study's runs ask such a network."""
    monkeypatch.setattr("prelimbic.simulation.drugged.drawn_network", Answering)


def values_of(groups: dict[str, Any]) -> dict[str, np.ndarray]:
    """All numbers of a run, by group and name."""
    return {
        f"{g}/{n}": np.asarray(v.values)
        for g, named in groups.items()
        for n, v in named.items()
        if v.values.dtype != object
    }


def differing(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    """Names of what two runs have unlike, bit by bit."""
    a, b = values_of(one), values_of(other)
    return {
        n for n in {*a, *b} if n not in a or n not in b or not np.array_equal(a[n], b[n], equal_nan=True)
    }
