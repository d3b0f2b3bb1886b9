"""How much of the growth that a run reports comes from its strides and looks?

Rat, 10 mg/kg against vehicle, 14 days: strides halved, looks doubled, every look taken where one in two
stands for the next.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.answer import Answer, table
from prelimbic.experiments.readouts.columns import effect_of, names
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.seeds import spread
from prelimbic.experiments.sweep.reads import days
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, peak_of, planned, readouts_only
from prelimbic.pharmacology import Dose
from prelimbic.simulation.protocol import Protocol, given, weeks

if TYPE_CHECKING:
    import xarray as xr

SPECIES, ROUTE, DOSES = "rat", "ip", (0.0, 10.0)
READOUTS = ("rest", "peak", "0-2 h", "2 h", "4 h", "24 h", "72 h", "7 d", "14 d")


def variants(peak: float) -> dict[str, Protocol]:
    """The protocol as it is and changed in one way at a time."""
    standard = weeks(peak, READOUTS)
    return {
        "standard": standard,
        "strides halved": weeks(peak, READOUTS, halved=True),
        "looks doubled": replace(standard, look_scale=2.0),
        "every look taken": weeks(peak, READOUTS, reuse=False),
    }


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x variant x dose x seed."""
    STUDY.accept(options)
    protocols = variants(peak_of(options, SPECIES, ROUTE))
    points = [
        (
            {"variant": name, "dose": d},
            {"species": SPECIES, "doses": (Dose(d, ROUTE),), "protocol": protocol},
        )
        for name, protocol in ((name, given(p, options.inhibitions)) for name, p in protocols.items())
        for d in DOSES
    ]
    return planned(STUDY.name, options, points, readouts_only)


GROWN = ("24 h", "72 h", "7 d", "14 d")


def answer(dataset: xr.Dataset) -> Answer:
    """Growth under every variant, and how far it is from the standard."""
    variants, tables, said = names(dataset, "variant"), [], []
    for sheet in names(dataset, "sheet"):
        here = dataset.sel(sheet=sheet)
        grown = {(v, r): effect_of(here, "spines", r, variant=v) for v in variants for r in GROWN}
        signal = {v: effect_of(here, "protein", "72 h", variant=v) for v in variants}
        tables.append(
            table(
                f"sheet {sheet}: 10 mg/kg i.p., rat, against vehicle, %; spines per Pyr cell",
                ("variant",),
                [((v,), [*(spread(grown[v, r]) for r in GROWN), spread(signal[v])]) for v in variants],
                (*(f"spines {r}" for r in GROWN), "protein 72 h"),
            )
        )
        usual, week = signal["standard"], grown["standard", "7 d"]
        for variant in variants:
            if variant != "standard":
                error = 100.0 * (signal[variant] - usual) / usual.mean()
                spines = 100.0 * (grown[variant, "7 d"] - week) / week.mean()
                said.append(
                    f"Sheet {sheet}, {variant}: protein at 72 h differs by {spread(error)} % of the "
                    f"effect, spines at 7 d by {spread(spines)} %."
                )
    return Answer(tuple(tables), "\n".join(said))


STUDY = Study(
    name="strides",
    question=asked_in(__doc__),
    axes={"sheet": "", "variant": "", "dose": "mg/kg"},
    plan=plan,
    answer=answer,
    draw=drawing("strides"),
    reads=days(options=("inhibit", "manipulate"), lacks="it stores readouts alone"),
    inert=at_vehicle(dose=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
