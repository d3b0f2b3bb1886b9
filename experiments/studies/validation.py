"""How far are predicted concentrations from published ones, by compound, route and species?

Every row of the observations that ship, also those that a number was fitted on, which are told apart and
never counted; no circuit runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.answer import Answer, table
from prelimbic.experiments.readouts.validation import TIMES, Compared, Errors, compared, errors, grouped
from prelimbic.experiments.sweep.reads import Reads
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, planned
from prelimbic.parameters import HNK_SETS, SPECIES
from prelimbic.parameters.observations import ROLES, observations
from prelimbic.pharmacology import Dose
from prelimbic.simulation.config import Config
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.observers.validation import examine
from prelimbic.simulation.predicted import given_in
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.variable import Groups

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

WORK_S = 30.0  # biological seconds in whose place it stands; for the progress bar
HEADINGS = ("rows", "GMFE", "bias", "within twofold")
FAR = 3.0  # fold, from which a row is told by itself


def plan(options: Options) -> list[Run]:
    """Every species x seed, for one circuit sheet, which nothing here reads; a seed draws subjects.  Raises
    StudyError for what it does not read.
    """
    STUDY.accept(options)
    own = {
        "doses": (),
        "protocol": Protocol((), 0.0, rest=WORK_S),
        "hypotheses": Hypotheses(baseline="healthy"),
        "spikes": False,
    }
    points = [
        ({"species": name}, own | {"species": name, "drugs": _given(name), "subjects": name == "human"})
        for name in SPECIES
    ]
    return planned(STUDY.name, options, points, compute)


def _given(species: str) -> tuple[Dose, ...]:
    """A dose of each drug by each route that any observation of a species has: what its run reads."""
    rows = (row for row in observations() if row.species == species)
    doses = (dose for row in rows for dose in given_in(row))
    return tuple(dict.fromkeys(Dose(1.0, dose.route, compound=dose.compound) for dose in doses))


def compute(config: Config, compiled: bool, tell: Callable[[float], None]) -> Groups:
    """Predict every observation of one species."""
    found = examine(config)
    tell(WORK_S)
    return {"summary": found}


def answer(dataset: xr.Dataset) -> Answer:
    """Fold errors of what was held out, by species, compound and route, hours apart; of all rows by role;
    rows that are far off; and a sentence.
    """
    rows = compared(dataset.isel(sheet=0))
    levels = [each for each in rows if each.tests and each.row.quantity not in TIMES]
    hours = [each for each in rows if each.tests and each.row.quantity in TIMES]
    by_route = grouped(levels, lambda c: (_who(c), _what(c), c.route))
    by_time = grouped(hours, lambda c: (_who(c), _what(c), c.row.quantity))
    by_role = grouped(rows, lambda c: (c.row.role, _who(c), _what(c)))
    return Answer(
        (
            _errors(
                "held out: concentrations, areas and their ratios", ("of", "compound", "route"), by_route
            ),
            _errors("held out: hours of peaks and half-lives", ("of", "compound", "quantity"), by_time),
            _errors(
                "by role: fold errors", ("role", "of", "compound"), dict(sorted(by_role.items(), key=_order))
            ),
            _far(rows),
        ),
        _sentence(levels),
    )


def _who(each: Compared) -> str:
    return "child" if each.child else each.row.species


def _what(each: Compared) -> str:
    return f"{each.compound} ({each.hnk})" if each.hnk and each.row.species == "human" else each.compound


def _order(item: tuple[tuple[str, ...], list[Compared]]) -> tuple[int, tuple[str, ...]]:
    return ROLES.index(item[0][0]), item[0][1:]


def _errors(
    title: str, labels: tuple[str, ...], groups: dict[tuple[str, ...], list[Compared]]
) -> pd.DataFrame:
    cells = {key: found for key, rows in groups.items() if (found := errors(rows)) is not None}
    return table(title, labels, [(key, _cells(found)) for key, found in cells.items()], HEADINGS)


def _cells(found: Errors) -> tuple[float | str, ...]:
    return (str(found.n), f"{found.gmfe:.2f}", f"{found.bias:.2f}", f"{100 * found.within:.0f} %")


def _far(rows: list[Compared]) -> pd.DataFrame:
    """Rows that are far off: what was observed, what is predicted, how many fold."""
    title = f"rows held out that are more than {FAR:g}fold off"
    far = [e for e in rows if e.tests and not 1 / FAR <= e.fold <= FAR]
    return table(
        title,
        ("study", "compound", "given", "what"),
        [
            (
                (e.row.study, _what(e), e.row.give[0], e.row.quantity),
                (f"{e.row.value:.3g} {e.row.unit}", f"{e.predicted:.3g}", f"{e.fold:.2f}"),
            )
            for e in far
        ],
        ("observed", "predicted", "fold"),
    )


def _sentence(tests: list[Compared]) -> str:
    adults = [e for e in tests if _who(e) == "human"]
    parent = ("ketamine", "norketamine")
    groups = {
        "ketamine and norketamine i.v. in adults": [
            e for e in adults if e.compound in parent and e.route == "iv"
        ],
        "by other routes": [e for e in adults if e.compound in parent and e.route != "iv"],
        "in children": [e for e in tests if e.child],
        **{f"HNK by set {hnk}": [e for e in adults if e.hnk == hnk == e.row.hnk] for hnk in HNK_SETS},
        "rat and mouse": [e for e in tests if e.row.species != "human"],
    }
    said = [
        f"{name} {found.gmfe:.2f} ({found.n} rows, {100 * found.within:.0f} % within twofold)"
        for name, rows in groups.items()
        if (found := errors(rows)) is not None
    ]
    what = "Geometric mean fold errors of concentrations and areas that nothing was fitted on"
    return f"{what}: {'; '.join(said)}."


STUDY = Study(
    name="validation",
    question=asked_in(__doc__),
    axes={"sheet": "", "species": ""},
    plan=plan,
    answer=answer,
    draw=drawing("validation"),
    seeds=1,
    figures=("validation_fit", "validation_courses"),
    reads=Reads(options=(), sets={"baseline": "to healthy"}, lacks="no circuit runs there", plasma=True),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
