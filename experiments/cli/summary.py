"""`prelimbic exposure --summary`: peaks, their hours, areas and half-lives of whole courses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray as xr

HEADINGS = {
    "arterial_cmax": "art. Cmax",
    "venous_cmax": "ven. Cmax",
    "venous_tmax": "at h",
    "arterial_auc": "AUC ng h/mL",
    "half_life": "half-life h",
    "brain_unbound_cmax": "brain uM",
    "brain_unbound_tmax": "at h",
}
LONGEST = 8  # characters of a cell
JSON = {
    "arterial_cmax": "arterial_cmax_ng_per_ml",
    "arterial_tmax": "arterial_tmax_h",
    "venous_cmax": "venous_cmax_ng_per_ml",
    "venous_tmax": "venous_tmax_h",
    "arterial_auc": "auc_ng_h_per_ml",
    "half_life": "half_life_h",
    "brain_unbound_cmax": "brain_unbound_cmax_uM",
    "brain_unbound_tmax": "brain_unbound_tmax_h",
    "brain_unbound_auc": "brain_unbound_auc_uM_h",
}


def as_json(found: xr.Dataset) -> dict[str, Any]:
    """Every quantity of every compound that is there."""
    return {
        drug: {
            word: float(f"{value:.6g}")
            for name, word in JSON.items()
            if (value := float(found[name].sel(compound=drug))) == value
        }
        for drug in _there(found)
    }


def show(heading: str, found: xr.Dataset) -> None:
    """Print a table: sums of enantiomers, and other drugs."""
    from rich.table import Table

    from prelimbic.experiments.sweep.screen import console
    from prelimbic.parameters import ENANTIOMERS

    print(heading)
    table = Table(
        title="peaks (ng/mL), areas to infinity, half-lives of the last decline", title_justify="left"
    )
    table.add_column("compound", overflow="fold")
    for heading_ in HEADINGS.values():
        table.add_column(heading_, justify="right", overflow="fold", min_width=LONGEST)
    for drug in _there(found):
        if drug.partition(" (")[0] not in ENANTIOMERS:
            table.add_row(drug, *(_cell(float(found[name].sel(compound=drug))) for name in HEADINGS))
    console().print(table, markup=False)


def _there(found: xr.Dataset) -> list[str]:
    return [str(c) for c in found["compound"].values if found["arterial_cmax"].sel(compound=c) > 0]


def _cell(value: float) -> str:
    return "-" if value != value else f"{value:.3g}"
