"""The page of claims: what holds, what fails, what was tuned, in plain language, with a figure a claim."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prelimbic.experiments.claims.board import (
    summary,
    told_draws,
    told_other,
    told_range,
    told_role,
    told_value,
)
from prelimbic.experiments.claims.claim import NO_DRUG, Judged
from prelimbic.experiments.claims.history import BEFORE, changes
from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.nulls import INERT, MEANING
from prelimbic.experiments.storage.files import StoreError, publish
from prelimbic.simulation.switches import AFFINITIES

OWN, OTHER = AFFINITIES
PAGE, FIGURES = "claims.md", "claims"
HEADINGS = {
    "holds": "What holds",
    "fails": "What fails",
    "inconclusive": "What is undecided",
    NO_DRUG: "What holds without the drug, and so says nothing about it",
    "not testable": "What cannot be tested",
}
ROLES = {
    "PRED": "held out", "CAL": "tuned on, or seen before numbers were changed",
    "CTRL": "a controversy, where the record contradicts itself",
    "STRUCT": "true by construction: shown, never counted as a prediction",
}  # fmt: skip


RULES = """## How a verdict carries what is not known

* **Between seeds.** An interval is 95 % of the mean over seeds (t). Where only a range or a sign was
  published, a finding holds when the whole interval lies in the range, fails when it lies outside, and is
  undecided across an end. This shrinks with seeds, and says nothing of the record: such a range is a
  judgement, or a sign.
* **In the record.** Where a mean was published with its spread (a standard error, or a 95 % interval, of
  which a quarter of the width is taken for one), the two spreads are combined: root of the sum of
  squares. The finding fails when the distance of both means is beyond 95 % of that; it holds when the
  distance is within one standard error of the record, and the seeds scatter less than the record; between
  it is undecided. More seeds take their own part of the spread away and never that of the record: a model
  that lies between one and two of its standard errors off stays undecided however often it runs.
* **In the numbers.** "Drawn" is the share of models, each with its own numbers, in which every quantity
  lies in its range (of a mean with spread: within a standard error of it). Circuits are drawn from their
  sheet, each with background rates of its own; IC50 log-normal about their values within their ranges;
  cascade and spines from theirs. One look of 5 s a bath: near an end noise decides. The slow layer of a
  drawn model is driven by what its circuit did in baths. Claims without a circuit: drugs, bodies and
  receptors drawn. "Not drawn" says why in its section.
* **In affinity.** Verdicts, and "drawn", are those of receptors with {own} affinity; beside them stand the
  verdict and the drawn share with {other} affinity. Of what takes runs the draws tell.
* Of several quantities the worst decides. What is shown and "not judged" decides nothing.
"""


def write_page(board: list[Judged], left_out: dict[str, str], folder: Path) -> Path:
    """Write claims.md and then the figures into a folder; returns the page.  Raises StoreError, and
    FigureError.
    """
    pictures = folder / FIGURES
    try:
        pictures.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{pictures} cannot be written: {error.strerror}") from None
    publish(folder / PAGE, page(board, left_out).encode())
    draw = drawing("claims")
    for judged in board:
        draw(f"{judged.claim.id}: {judged.verdict}", panels(judged), judged.claim.id, pictures)
    return folder / PAGE


def panels(judged: Judged) -> list[Any]:
    """The quantities of a claim as they are drawn: the model, and beside it every null and an inert drug."""
    from prelimbic.experiments.figures.claims import Panel, Row

    found = []
    for k, measure in enumerate(judged.measures):
        if not measure.judged:
            continue
        shown = {"the model": measure} | {MEANING[n]: given[k] for n, given in judged.nulls.items()}
        shown |= {INERT: judged.inert[k]} if judged.inert else {}
        rows = tuple(Row(name, m.values, m.interval) for name, m in shown.items())
        found.append(Panel(measure.name, measure.unit, measure.low, measure.high, judged.of(measure), rows))
    return found


def page(board: list[Judged], left_out: dict[str, str]) -> str:
    """The text of the page."""
    sheet = board[0].sheet if board else "none"
    parts = [
        "# Claims\n",
        f"Published findings held against circuit sheet `{sheet}`, written by `prelimbic claims --page "
        "docs` from stored runs; "
        "`prelimbic claims --run --page docs` computes these first. Roles: "
        + "; ".join(f"{role}, {meaning}" for role, meaning in ROLES.items())
        + ".\n",
        f"**{summary(board)}.** Fewer than ten seeds make no verdict.\n",
        RULES.format(own=OWN, other=OTHER),
        "An end that is called above or below is no part of the range, nor is no effect where an effect was "
        "found. An inert drug "
        "binds nothing: what it does stands in the vehicle runs of the same seeds. A claim that it meets as "
        "well says nothing "
        "about the drug, and does not count as holding.\n",
        _contents(board),
        _tuned(board),
    ]
    for verdict, heading in HEADINGS.items():
        mine = [j for j in board if j.verdict == verdict]
        if mine:
            parts += [f"## {heading}\n", *(_section(j) for j in mine)]
    if left_out:
        parts += ["## Not judged\n", *(f"* {claim}: {why}\n" for claim, why in left_out.items())]
    parts.append(_changed(board))
    return "\n".join(parts)


def _contents(board: list[Judged]) -> str:
    rows = [
        f"| claim | role | finding | verdict | {OTHER} | drawn | drawn, {OTHER} |",
        "|---|---|---|---|---|---|---|",
    ]
    rows += [
        f"| [{j.claim.id}](#{j.claim.id.lower()}) | {told_role(j)} | {j.claim.statement} | {j.verdict} | "
        f"{told_other(j)} | {' | '.join(told_draws(j, affinity) for affinity in AFFINITIES)} |"
        for j in board
    ]
    return "\n".join(rows) + "\n"


def _tuned(board: list[Judged]) -> str:
    """What was set on which claim, and what was seen before numbers were."""
    rows = [f"* {j.claim.id}: {j.claim.note}" for j in board if j.role == "CAL" and j.claim.note]
    rows += [f"* {j.claim.id}: {told_role(j)}" for j in board if j.role != j.claim.role]
    return "\n".join(["## What was tuned\n", *rows]) + "\n"


def _section(j: Judged) -> str:
    claim = j.claim
    told = [f'<a id="{claim.id.lower()}"></a>\n\n### {claim.id}: {claim.statement}\n']
    seeds = f"{j.seeds} seeds of study `{claim.study}`" if claim.study else "no circuit runs"
    told.append(
        f"{told_role(j)}, {ROLES[j.role]}. Source: {claim.source}. Protocol: {claim.protocol}; {seeds}. "
        f"Drawn: {_drawn(j)}." + (f" Note: {claim.note}." if claim.note else "") + "\n"
    )
    told.append(f"{_plainly(j)}\n")
    told += ["| quantity | model | published | verdict |", "|---|---|---|---|"]
    told += [f"| {m.name} | {told_value(m)} | {told_range(m)} | {j.of(m)} |" for m in j.measures]
    if j.nulls:
        told.append("\n" + _nulls(j))
    told.append("\n" + _inert(j))
    told.append(
        f"\n![{claim.id}: seeds, means and intervals against the published "
        f"range]({FIGURES}/{claim.id}.png)\n"
    )
    return "\n".join(told)


def _plainly(j: Judged) -> str:
    """One sentence that says what decided."""
    judged = [m for m in j.measures if m.judged]
    m, missed = j.deciding, [m for m in judged if j.of(m) != "holds"]
    if not missed:
        return "The model does what was found" + (
            f", on all {len(judged)} counts." if len(judged) > 1 else "."
        )
    if j.of(m) == "not testable":
        return f"The model gives no number for {m.name}."
    across = "does not decide about" if j.of(m) == "inconclusive" else "lies outside"
    others = (
        f"; {len(judged) - len(missed)} of {len(judged)} quantities are as found" if len(judged) > 1 else ""
    )
    found = f"{across} what was found ({told_range(m)}){others}"
    return f"The model gives {told_value(m)} for {m.name}, which {found}."


def _drawn(j: Judged) -> str:
    """The shares of drawn models, or why there are none."""
    told = {affinity: str(found) for affinity, found in j.draws.items()}
    one = next(iter(told.values()))
    return one if len(set(told.values())) == 1 else ", ".join(f"{v} ({a})" for a, v in told.items())


def _changed(board: list[Judged]) -> str:
    """What became of the verdicts of the model version before."""
    rows = [
        f"## What changed since model version {BEFORE}\n",
        f"Verdicts of version {BEFORE} stand as they were; the ledger of looks at held-out claims began "
        "anew. "
        "Where a claim is asked otherwise now, the two verdicts answer two questions.\n",
        "| claim | role then | then | now | which way | asked otherwise now |",
        "|---|---|---|---|---|---|",
    ]
    for old, now, which in changes(board):
        cells = (old.claim, old.role, old.verdict, now or "not asked", which, old.asked_since)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _inert(j: Judged) -> str:
    """What an inert drug makes of the claim."""
    if not j.inert:
        return f"No inert drug is asked: {j.claim.no_effect}.\n"
    how = {"holds": "meets it too", "fails": "does not meet it", "inconclusive": "does not decide it"}
    return f"An inert drug {how.get(j.without_drug, 'gives no number for it')}.\n"


def _nulls(j: Judged) -> str:
    met = [MEANING[n] for n in j.nulls if j.under(n) == "holds"]
    not_met = [MEANING[n] for n in j.nulls if j.under(n) != "holds"]
    told = f"Control models that meet it too: {', '.join(met)}." if met else "No control model meets it."
    return told + (f" Control models that do not: {', '.join(not_met)}." if met and not_met else "") + "\n"
