"""The answer that studies growth_dose and human_dose share: doses against mTORC1 and spines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prelimbic.experiments.readouts.answer import Answer, table
from prelimbic.experiments.readouts.columns import Column, against, at, names, value
from prelimbic.experiments.readouts.seeds import is_clear, spread

if TYPE_CHECKING:
    import xarray as xr

GROWTH: dict[str, Column] = {
    "Pyr Hz, peak": at("rate", "peak", population="Pyr"),
    "glutamate, 0-2 h": at("glutamate_release", "0-2 h"),
    "BDNF, highest": value("peak_bdnf"),
    "mTORC1 1 h": at("mtorc1", "1 h"),
    "mTORC1, highest": value("peak_mtorc1"),
    "at h": value("peak_mtorc1_time"),
    "protein 4 h": at("protein", "4 h"),
}
READOUTS = ("rest", "peak", "0-2 h", "1 h", "1.5 h", "2 h", "4 h", "24 h", "7 d")
GROWN = ("24 h", "7 d")


def growth(dataset: xr.Dataset, given: str) -> Answer:
    """A table a sheet, of each memory and dose, and a sentence a memory; `given`: to whom and how."""
    tables, said = [], []
    doses = [float(d) for d in dataset["dose"].values]
    for sheet in names(dataset, "sheet"):
        rows = []
        for memory in names(dataset, "memory"):
            cells = {d: dataset.sel(sheet=sheet, memory=memory, dose=d) for d in doses}
            for dose, cell in cells.items():
                grown = [spread(against(at("spines", r), cell, cells[0.0])) for r in GROWN]
                told = [
                    spread(column(cell)) if dose or heading != "at h" else None
                    for heading, column in GROWTH.items()
                ]
                rows.append(((memory, dose), [*told, *grown]))
            said.append(f"Sheet {sheet}, {given}, memory {memory}: {_turns(cells)}")
        tables.append(
            table(
                f"sheet {sheet}, {given}; states relative to rest; spines per Pyr cell, % against vehicle",
                ("memory", "mg/kg"),
                rows,
                (*GROWTH, *(f"spines {r}" for r in GROWN)),
            )
        )
    return Answer(tuple(tables), "\n".join(said))


def _turns(cells: dict[float, xr.Dataset]) -> str:
    """Whether a readout turns round: its change at the highest dose against that at the best."""
    parts = []
    for label, column in (("mTORC1 at 1 h", at("mtorc1", "1 h")), ("spines at 24 h", at("spines", "24 h"))):
        effects = {d: against(column, c, cells[0.0]) for d, c in cells.items() if d > 0}
        clear = [d for d, v in effects.items() if is_clear(v) and v.mean() > 0]
        if not clear:
            parts.append(f"no dose clearly raises {label}")
            continue
        best, top = max(clear, key=lambda d: float(effects[d].mean())), max(effects)
        fall = effects[top] - effects[best]
        turned = best != top and is_clear(fall) and fall.mean() < 0
        parts.append(
            f"{label} {'turns' if turned else 'does not turn'} round: {spread(effects[best])} % at "
            f"{best:g} mg/kg, where it is highest, {spread(effects[top])} % at {top:g} mg/kg"
        )
    return "; ".join(parts) + "."
