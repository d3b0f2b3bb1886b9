"""The page of statements, docs/source_claims.md: one row each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from prelimbic.experiments.claims.page import FIGURES
from prelimbic.experiments.claims.recorded import Decided
from prelimbic.experiments.claims.statements import Evidence, Found
from prelimbic.experiments.storage.files import StoreError, publish
from prelimbic.parameters.citation import cited

PAGE = "source_claims.md"
HEAD = """# What is said of ketamine, and what the model says

{count} statements about how ketamine works, of cells, animals and patients, each with what later
evidence says, agreeing (+) or not (-), and what circuit sheet `{sheet}` gives. Written by
`prelimbic statements --page docs`; values and verdicts are those of [claims](claims.md), of stored runs or
as the board was last recorded, and nothing is typed in. Of several claims the worst decides.

**calibrated**: holds, and numbers were set on it. **predicted**: holds, and no number was.
**disputed**: holds, where the record contradicts itself. **true by construction**: could not have
failed. **contradicted**: the model says otherwise. **undecided**: seeds scatter across an end, or are
fewer than ten. **not computed**: its runs are not among the results; the row says which command
computes them. **a design**: how it is studied, which can neither hold nor fail.

{counted}.
"""


def write_statements(found: list[Found], sheet: str, folder: Path) -> Path:
    """Write the page into a folder; rows show figures of claims that stand there.  Raises StoreError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}") from None
    publish(folder / PAGE, page(found, sheet, folder).encode())
    return folder / PAGE


def page(found: list[Found], sheet: str, folder: Path) -> str:
    """The text of the page."""
    counts = Counter(each.status for each in found)
    counted = "; ".join(f"{n} {status}" for status, n in counts.most_common())
    parts = [HEAD.format(count=len(found), sheet=sheet, counted=counted)]
    parts += [
        "| | it says | later evidence | study | the model, 95 % interval | so it is |",
        "|---|---|---|---|---|---|",
    ]
    parts += [f"| {' | '.join(_cells(each))} |" for each in found]
    drawn = dict.fromkeys(line for each in found for line in _figures(each, folder))
    parts += (
        ["", "## Figures", "", "Of claims, as they were last drawn.", "", "\n\n".join(drawn)]
        if drawn
        else []
    )
    sources = dict.fromkeys(e.source for each in found for e in each.statement.evidence)
    parts += [
        "",
        "## Sources",
        "",
        "What was read of each stands in `parameters/references.bib`; what was not is missing here.",
        "",
    ]
    parts += [
        f"* `{source}`: {cited(source) or 'an abstract, of which no more was noted'}" for source in sources
    ]
    return "\n".join(parts) + "\n"


def _cells(each: Found) -> tuple[str, ...]:
    s = each.statement
    return (
        f'<a id="{s.id.lower()}"></a>{s.id}',
        s.says,
        "<br>".join(map(_evidence, s.evidence)),
        ", ".join(each.studies) or "none",
        "<br>".join(_values(each)),
        f"**{each.status}**",
    )


def _evidence(e: Evidence) -> str:
    return f"{'+' if e.agrees else '-'} {e.says} (`{e.source}`)"


def _values(each: Found) -> Iterator[str]:
    """What every claim gave, or why there is nothing."""
    s = each.statement
    if s.out_of_scope:
        yield s.out_of_scope
    if s.design:
        yield s.design
    for id, judged in each.judged.items():
        yield f"[{id}](claims.md#{id.lower()}) {judged.verdict}: {'; '.join(_measures(judged))}"
    for id, how in each.lacking.items():
        yield f"{id} not computed: `{how}`"


def _measures(judged: Decided) -> Iterator[str]:
    for q in judged.quantities:
        yield f"{q.name} {q.model}, published {q.published}"


def _figures(each: Found, folder: Path) -> Iterator[str]:
    """Figures of its claims that stand beside the page."""
    for id in each.statement.claims:
        if (folder / FIGURES / f"{id}.png").exists():
            yield f"![{id}: seeds, means and intervals against the record]({FIGURES}/{id}.png)"
