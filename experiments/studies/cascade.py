"""In what order, and for how long, do BDNF, mTORC1, synaptic protein, spine formation and spine density
change after a dose?

Rat and mouse, 10 mg/kg intraperitoneal against vehicle, from minutes to 28 days; formation and elimination
as two images of the same dendrites, 48 h apart, would show them.
"""

from __future__ import annotations

from dataclasses import replace

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.slow_answers import cascade_answer
from prelimbic.experiments.sweep.reads import DAYS
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, peak_of, planned
from prelimbic.pharmacology import Dose
from prelimbic.simulation.protocol import given, weeks

SPECIES, ROUTE, DOSES = ("rat", "mouse"), "ip", (0.0, 10.0)
READOUTS = (
    "rest",
    "peak",
    "0-2 h",
    "0.5 h",
    "1 h",
    "2 h",
    "4 h",
    "6 h",
    "12 h",
    "24 h",
    "72 h",
    "3 d",
    "5 d",
    "7 d",
    "10 d",
    "14 d",
    "15 d",
    "28 d",
)
FIRST_IMAGES_H = (8 * 24.0, 13 * 24.0, 12 * 24.0)  # two days before images that are readouts


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x species x dose x seed; looks at the same times in both species."""
    STUDY.accept(options)
    peaks = {animal: peak_of(options, animal, ROUTE) for animal in SPECIES}
    times = tuple(p / k for p in peaks.values() for k in (1, 2))
    common = weeks(peaks["rat"], READOUTS, also=(*FIRST_IMAGES_H, *times))
    protocols = {
        animal: given(replace(common, peak=peak), options.inhibitions) for animal, peak in peaks.items()
    }
    points = [
        (
            {"species": animal, "dose": d},
            {"species": animal, "doses": (Dose(d, ROUTE),), "protocol": protocol},
        )
        for animal, protocol in protocols.items()
        for d in DOSES
    ]
    return planned(STUDY.name, options, points)


STUDY = Study(
    name="cascade",
    question=asked_in(__doc__),
    axes={"sheet": "", "species": "", "dose": "mg/kg"},
    plan=plan,
    answer=cascade_answer,
    draw=drawing("cascade"),
    figures=("cascade", "lifetimes"),
    reads=DAYS,
    inert=at_vehicle(dose=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
