"""A circuit at constant concentrations of ketamine: what the running circuit does before anything slow has
moved.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from rich.table import Table

from prelimbic.circuits import Activity, Circuit
from prelimbic.experiments.readouts.summary import change, paired, spread
from prelimbic.parameters import POPULATIONS
from prelimbic.pharmacology import Bath
from prelimbic.simulation.config import Config
from prelimbic.simulation.drugged import running
from prelimbic.simulation.record import courses, scales
from prelimbic.simulation.variable import Groups, Variable

CONCENTRATIONS_UM = (0.0, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
SETTLE_S, LOOK_S = 2.0, 10.0
BATH_H = 1.0  # in the bath before a look: long enough for a trapping drug to settle


def observe(config: Config, compiled: bool, tell: Callable[[float], None]) -> Groups:
    """One wiring at every concentration, in one bath after the other from nothing upwards."""
    seen, blocks = in_baths(
        config, config.described(), CONCENTRATIONS_UM, (SETTLE_S, LOOK_S), compiled, tell
    )
    return {"summary": scales() | arranged(CONCENTRATIONS_UM, seen, blocks)}


def in_baths(
    config: Config,
    circuit: Circuit,
    concentrations: tuple[float, ...],
    seconds: tuple[float, float],
    compiled: bool,
    tell: Callable[[float], None],
    warm_s: float = 0.0,
) -> tuple[list[Activity], np.ndarray]:
    """What a circuit does in one bath of ketamine (uM) after the other, and the block (concentration,
    population, subunit).

    `seconds`: to settle, and of each look; `warm_s`: more to settle before the first.
    """
    seen: list[Activity] = []
    blocks = []
    with running(config, circuit, compiled) as untreated:
        for concentration in concentrations:
            drugged = untreated.given(Bath((("ketamine", concentration),)))
            if seen:
                drugged = drugged.later(seen[-1], BATH_H)
            now = drugged.at(BATH_H)
            blocks.append(now.nmda)
            seen.append(now.observe(seconds[1], seconds[0] if seen else seconds[0] + warm_s))
            tell(sum(seconds))
    return seen, np.array(blocks)


def arranged(
    concentrations: tuple[float, ...], seen: list[Activity], blocks: np.ndarray
) -> dict[str, Variable]:
    """What was seen in baths, by concentration."""
    found = {
        "concentration": Variable(
            ("concentration",), np.array(concentrations), "umol/L", "ketamine in the bath"
        )
    }
    by_subunit = ("concentration", "population", "subunit")
    found["block"] = Variable(by_subunit, blocks, "1", "share of NMDA receptors shut")
    return found | courses("concentration", seen)


def _rate(population: str) -> Callable[[xr.Dataset], xr.DataArray]:
    return lambda cell: cell["rate"].sel(population=population)


COLUMNS: dict[str, Callable[[xr.Dataset], xr.DataArray]] = {p: _rate(p) for p in POPULATIONS} | {
    "glutamate": lambda d: d["glutamate_release"],
    "sEPSC Hz": lambda d: d["sepsc_rate"],
    "sIPSC Hz": lambda d: d["sipsc_rate"],
    "apical NMDA": lambda d: d["apical_nmda"],
    "apical Ca": lambda d: d["apical_calcium"],
    "gamma": lambda d: d["power"].sel(band="gamma"),
}

TITLE = (
    "by free ketamine in the bath: firing of each class, glutamate, currents and dendrite per Pyr cell, gamma of the field; "
    "relative to the same wiring without drug, mean ± SD over seeds"
)


def answer(dataset: xr.Dataset) -> tuple[Table, str]:
    """Everything relative to the same seed without drug, mean and SD over seeds; and a sentence a sheet."""
    table = Table(title=TITLE, title_justify="left")
    for heading in ("sheet", "uM", *COLUMNS):
        table.add_column(heading, justify="left" if heading == "sheet" else "right")
    for sheet in dataset["sheet"].values:
        cell = dataset.sel(sheet=sheet)
        for c in dataset["concentration"].values[1:]:
            shown = [relative(pick(cell)).sel(concentration=c).values for pick in COLUMNS.values()]
            table.add_row(str(sheet), f"{c:g}", *(_tight(v) for v in shown))
    return table, "\n".join(_sentence(dataset.sel(sheet=s), str(s)) for s in dataset["sheet"].values)


def _tight(values: np.ndarray) -> str:
    """`mean±SD` without spaces; nothing where there is no number."""
    return spread(values).replace(" ± ", "±") if np.isfinite(values).all() else ""


def relative(values: xr.DataArray) -> xr.DataArray:
    """Over the same seed's value without drug."""
    rest = values.sel(concentration=0.0)
    return values / rest.where(rest != 0)


def _sentence(cell: xr.Dataset, sheet: str) -> str:
    if not (cell["rate"].sel(population="Pyr", concentration=0.0) > 0).all():
        return f"Sheet {sheet}: without drug Pyr cells are silent, so there is nothing to compare with."
    pyr = paired(cell["rate"].sel(population="Pyr"), "concentration")
    best = max(pyr, key=lambda c: float(np.mean(pyr[c])))
    parts = [f"{c:g} uM free ketamine {change(pyr[c], 'Pyr firing')}" for c in (1.0, 10.0, 100.0)]
    return f"Sheet {sheet}: {'; '.join(parts)}; it is highest at {best:g} uM."
