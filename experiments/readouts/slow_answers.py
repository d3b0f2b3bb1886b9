"""Tables and sentences of the studies of the slow layer.  Changes are against vehicle of the same seed, in
percent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import xarray as xr
from rich.console import Group
from rich.table import Table

from prelimbic.experiments.readouts.summary import change, is_clear, spread

Cell = xr.Dataset
Column = Callable[[Cell], np.ndarray]
LATER = "spines at 24 h"
RODENT, DAY_LATER = "10 mg/kg i.p., rat", "spines per Pyr cell at 24 h"


def at(name: str, readout: str, **where: Any) -> Column:
    """Values over seeds of a readout."""
    return lambda cell: cell[name].sel({"readout": readout} | where).values


def value(name: str) -> Column:
    """Values over seeds of a single number."""
    return lambda cell: cell[name].values


def against(column: Column, cell: Cell, vehicle: Cell) -> np.ndarray:
    """Change of a column against vehicle, seed by seed, %."""
    return 100.0 * (column(cell) / column(vehicle) - 1.0)


def names(dataset: Cell, axis: str, order: Iterable[str] | None = None) -> list[str]:
    """The places of an axis, in an order of their own where there is one."""
    present = [str(v) for v in dataset[axis].values]
    return [n for n in order if n in present] if order is not None else present


def table(
    title: str,
    left: tuple[str, ...],
    rows: Iterable[tuple[tuple[str, ...], list[str]]],
    right: tuple[str, ...],
) -> Table:
    """Rows of labels and cells."""
    found = Table(title=title, title_justify="left")
    for heading in left:
        found.add_column(heading)
    for heading in right:
        found.add_column(heading, justify="right")
    for labels, cells in rows:
        found.add_row(*labels, *cells)
    return found


CASCADE: dict[str, Column] = {
    "BDNF, highest": value("peak_bdnf"),
    "at h": value("peak_bdnf_time"),
    "BDNF 24 h": at("bdnf", "24 h"),
    "mTORC1, highest": value("peak_mtorc1"),
    "at h ": value("peak_mtorc1_time"),
    "mTORC1 2 h": at("mtorc1", "2 h"),
    "protein 2 h": at("protein", "2 h"),
    "72 h": at("protein", "72 h"),
    "formation %/48 h, 3 d": at("imaged_formation", "3 d"),
    "elimination": at("imaged_elimination", "3 d"),
}
DENSITY = ("6 h", "24 h", "3 d", "7 d", "14 d", "28 d")


def cascade_answer(dataset: Cell) -> tuple[Group, str]:
    """When each stage moves, and what becomes of spine density."""
    stages, density, said = [], [], []
    for sheet in names(dataset, "sheet"):
        for animal in names(dataset, "species"):
            cells = {
                float(d): dataset.sel(sheet=sheet, species=animal, dose=d) for d in dataset["dose"].values
            }
            for dose, cell in cells.items():
                told = {
                    h: spread(column(cell)) if dose or not h.startswith("at h") else ""
                    for h, column in CASCADE.items()
                }
                stages.append(((sheet, animal, f"{dose:g}"), list(told.values())))
            high, low = cells[max(cells)], cells[0.0]
            grown = {r: against(at("spines", r), high, low) for r in DENSITY}
            density.append(((sheet, animal), [spread(v) for v in grown.values()]))
            said.append(_cascade_sentence(sheet, animal, high, grown))
    shown = (
        table(
            "ketamine i.p.; mean ± SD over seeds; BDNF, mTORC1 and protein: means of Pyr cells relative to rest",
            ("sheet", "species", "mg/kg"),
            stages,
            tuple(CASCADE),
        ),
        table(
            "spines per Pyr cell after 10 mg/kg i.p. against vehicle, %",
            ("sheet", "species"),
            density,
            DENSITY,
        ),
    )
    return Group(*shown), "\n".join(said)


def _cascade_sentence(sheet: str, animal: str, cell: Cell, grown: dict[str, np.ndarray]) -> str:
    last = [r for r, v in grown.items() if is_clear(v)]
    kept = (
        f"still {change(grown[last[-1]], 'spines')} at {last[-1]}"
        if last
        else "no clear change of spines at any time"
    )
    return (
        f"Sheet {sheet}, {animal}, 10 mg/kg i.p.: BDNF is highest ({spread(cell['peak_bdnf'].values)}) after "
        f"{spread(cell['peak_bdnf_time'].values)} h, mTORC1 ({spread(cell['peak_mtorc1'].values)}) after "
        f"{spread(cell['peak_mtorc1_time'].values)} h; at 6 h it {change(grown['6 h'], 'spines')}, at 24 h it "
        f"{change(grown['24 h'], 'spines')}; {kept}."
    )


def effect_of(dataset: Cell, name: str = "spines", readout: str = "24 h", **where: Any) -> np.ndarray:
    """What the highest dose does to a readout against vehicle at one place of a study, seed by seed, %."""
    cell = dataset.sel(where)
    return against(at(name, readout), cell.sel(dose=cell["dose"].max()), cell.sel(dose=0.0))


def ablation_answer(dataset: Cell) -> tuple[Group, str]:
    """Spines a day after the dose under every inhibitor, arm by arm."""
    from prelimbic.experiments.studies.ablation_grid import ARMS, GIVEN

    arms, given, shown, said = names(dataset, "arm", ARMS), names(dataset, "inhibitor", GIVEN), [], []
    for sheet in names(dataset, "sheet"):
        found = {(a, g): ablated(dataset.sel(sheet=sheet), a, g) for a in arms for g in given}
        rows = [((g,), [spread(found[a, g]) for a in arms]) for g in given]
        title = f"sheet {sheet}: {DAY_LATER} after {RODENT}, against vehicle in the same arm, under the same inhibitor, %"
        shown.append(table(title, ("inhibitor",), rows, tuple(arms)))
        for arm in arms:
            kept = [g for g in given if g != "none" and is_clear(found[arm, g]) and found[arm, g].mean() > 0]
            told = (
                f"{change(found[arm, 'none'], DAY_LATER)}; what survives: {', '.join(kept) or 'under none'}"
            )
            said.append(f"Sheet {sheet}, arm {arm}: 10 mg/kg i.p. in rat {told}.")
    return Group(*shown), "\n".join(said)


def ablated(cell: Cell, arm: str, given: str, name: str = "spines", readout: str = "24 h") -> np.ndarray:
    """What the dose does to a readout by an arm, against vehicle in the same arm under the same inhibitor,
    seed by seed, %.
    """
    return effect_of(cell, name, readout, arm=arm, inhibitor=given)


GROWTH: dict[str, Column] = {
    "Pyr Hz, peak": at("rate", "peak", population="Pyr"),
    "glutamate, 0-2 h": at("glutamate_release", "0-2 h"),
    "BDNF, highest": value("peak_bdnf"),
    "mTORC1 1 h": at("mtorc1", "1 h"),
    "mTORC1, highest": value("peak_mtorc1"),
    "at h": value("peak_mtorc1_time"),
    "protein 4 h": at("protein", "4 h"),
}
GROWN = ("24 h", "7 d")
ROUTES = {"growth_dose": "rat, i.p.", "human_dose": "human, i.v. over 40 min"}  # by study


def growth_answer(dataset: Cell) -> tuple[Group, str]:
    """Dose against mTORC1 and spines, for each memory."""
    from prelimbic.simulation.switches import SWITCHES

    memories, shown, said = names(dataset, "memory", SWITCHES["memory"]), [], []
    doses = [float(d) for d in dataset["dose"].values]
    told_given = f", {ROUTES[dataset.attrs['study']]}" if dataset.attrs.get("study") in ROUTES else ""
    for sheet in names(dataset, "sheet"):
        rows = []
        for memory in memories:
            cells = {d: dataset.sel(sheet=sheet, memory=memory, dose=d) for d in doses}
            for dose, cell in cells.items():
                grown = [spread(against(at("spines", r), cell, cells[0.0])) for r in GROWN]
                told = [
                    spread(column(cell)) if dose or heading != "at h" else ""
                    for heading, column in GROWTH.items()
                ]
                rows.append(((memory, f"{dose:g}"), [*told, *grown]))
            said.append(f"Sheet {sheet}{told_given}, memory {memory}: {_turns(cells)}")
        shown.append(
            table(
                f"sheet {sheet}{told_given}; states relative to rest; spines per Pyr cell, % against vehicle",
                ("memory", "mg/kg"),
                rows,
                (*GROWTH, *(f"spines {r}" for r in GROWN)),
            )
        )
    return Group(*shown), "\n".join(said)


def _turns(cells: dict[float, Cell]) -> str:
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
            f"{label} {'turns' if turned else 'does not turn'} round: {spread(effects[best])} % at {best:g} mg/kg, where it is "
            f"highest, {spread(effects[top])} % at {top:g} mg/kg"
        )
    return "; ".join(parts) + "."


def stress_answer(dataset: Cell) -> tuple[Group, str]:
    """Spines and lost sites in every group."""
    from prelimbic.experiments.studies.stress import GROUPS, RULES

    shown, said = [], []
    for sheet in names(dataset, "sheet"):
        rows, cells = [], {}
        for rule in names(dataset, "rule", RULES):
            for group in names(dataset, "group", GROUPS):
                cell = dataset.sel(sheet=sheet, rule=rule, group=group)
                if np.isnan(cell["spines"]).all():
                    continue
                cells[rule, group] = cell
                cared = [
                    spread(against(at("spines", r), cell, cells["activity", "control"]))
                    for r in ("rest", "24 h", "7 d", "14 d")
                ]
                regained = [
                    spread(regained_share(cell, r)) if group.startswith("stress") else ""
                    for r in ("24 h", "7 d", "14 d")
                ]
                protein = spread(at("protein", "rest")(cell))
                rows.append(((rule, group), [*cared, protein, *regained]))
        headings = (
            "spines 0 h, % of control",
            "24 h",
            "7 d",
            "14 d",
            "protein 0 h",
            "lost sites refilled, % 24 h",
            "7 d ",
            "14 d ",
        )
        title = f"sheet {sheet}, rat: three weeks of stress, then 10 mg/kg i.p.; spines per Pyr cell"
        shown.append(table(title, ("rule", "group"), rows, headings))
        for rule in names(dataset, "rule", RULES):
            said.append(_stress_sentence(sheet, rule, cells))
    return Group(*shown), "\n".join(said)


def regained_share(cell: Cell, readout: str) -> np.ndarray:
    """Of the sites that lost their spine to stress, those that hold one again, %, (seed,)."""
    return 100.0 * at("regained", readout)(cell) / at("lost_sites", readout)(cell)


def _stress_sentence(sheet: str, rule: str, cells: dict[tuple[str, str], Cell]) -> str:
    control, stressed = cells["activity", "control"], cells[rule, "stress"]
    lost = against(at("spines", "rest"), stressed, control)
    more = {
        group: regained_share(cells[rule, group], "24 h") - regained_share(cells[rule, without], "24 h")
        for group, without in (
            ("stress, ketamine", "stress"),
            ("stress, ketamine, rapamycin", "stress, rapamycin"),
        )
    }
    back = against(at("spines", "14 d"), stressed, control)
    return (
        f"Sheet {sheet}, rat, rule {rule}: stress {change(lost, 'spines')}, untreated they differ from control by {spread(back)} "
        f"% two weeks later; a day after 10 mg/kg i.p. {spread(more['stress, ketamine'])} points more of the lost sites are "
        f"filled than without, with rapamycin {spread(more['stress, ketamine, rapamycin'])}."
    )


def strides_answer(dataset: Cell) -> tuple[Group, str]:
    """Growth under every variant, and how far it is from the standard."""
    from prelimbic.experiments.studies.strides import READOUTS

    readouts = [r for r in READOUTS if r in ("24 h", "72 h", "7 d", "14 d")]
    shown, said = [], []
    order = ["standard", *(v for v in names(dataset, "variant") if v != "standard")]
    for sheet in names(dataset, "sheet"):
        grown = {
            (v, r): effect_of(dataset, "spines", r, sheet=sheet, variant=v) for v in order for r in readouts
        }
        signal = {v: effect_of(dataset, "protein", "72 h", sheet=sheet, variant=v) for v in order}
        rows = [((v,), [*(spread(grown[v, r]) for r in readouts), spread(signal[v])]) for v in order]
        shown.append(
            table(
                f"sheet {sheet}: {RODENT}, against vehicle, %; spines per Pyr cell",
                ("variant",),
                rows,
                (*(f"spines {r}" for r in readouts), "protein 72 h"),
            )
        )
        for variant in order[1:]:
            error = 100.0 * (signal[variant] - signal["standard"]) / signal["standard"].mean()
            spines = (
                100.0 * (grown[variant, "7 d"] - grown["standard", "7 d"]) / grown["standard", "7 d"].mean()
            )
            said.append(
                f"Sheet {sheet}, {variant}: protein at 72 h differs by {spread(error)} % of the effect, spines at 7 d by "
                f"{spread(spines)} %."
            )
    return Group(*shown), "\n".join(said)


BLOCKED: dict[str, Column] = {
    "Pyr Hz": at("rate", "peak", population="Pyr"),
    "GABA on Pyr": at("gaba_conductance", "peak"),
    "NMDA on Pyr": at("nmda_conductance", "peak"),
    "BDNF, highest": value("peak_bdnf"),
    "mTORC1, highest": value("peak_mtorc1"),
    "spines 24 h": at("spines", "24 h"),
}


def blockers_answer(dataset: Cell) -> tuple[Group, str]:
    """What each drug does to circuit and spines, against none, by either arm."""
    from prelimbic.experiments.studies.blockers import ARMS, DRUGS

    shown, said = [], []
    for sheet in names(dataset, "sheet"):
        rows = []
        for arm in names(dataset, "arm", ARMS):
            without = dataset.sel(sheet=sheet, arm=arm, drug="none")
            for drug in names(dataset, "drug", DRUGS):
                if drug == "none":
                    continue
                found = [
                    against(column, dataset.sel(sheet=sheet, arm=arm, drug=drug), without)
                    for column in BLOCKED.values()
                ]
                rows.append(((arm, f"{drug} {DRUGS[drug]:g} uM"), [spread(v) for v in found]))
                said.append(
                    f"Sheet {sheet}, rat, arm {arm}: {DRUGS[drug]:g} uM {drug} "
                    f"{change(found[1], 'inhibition of Pyr cells')} and "
                    f"{change(found[-1], 'spines per Pyr cell')} a day later."
                )
        shown.append(
            table(
                f"sheet {sheet}, rat: a bath of 2 h against none, %; conductances and spines per Pyr cell",
                ("arm", "drug"),
                rows,
                tuple(BLOCKED),
            )
        )
    return Group(*shown), "\n".join(said)
