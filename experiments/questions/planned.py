"""What a question will do, before it is computed: what is given when, the looks, the time it takes."""

from __future__ import annotations

from prelimbic.experiments.sweep.study import Run
from prelimbic.simulation.arms import ARM, BODY, TEXTS, as_list, axis_of
from prelimbic.simulation.question import Question
from prelimbic.simulation.scenario import unusual
from prelimbic.simulation.switches import SWITCHES

# CPU seconds of a biological second at scale 1, compiled; assumed: 3,924 s of the main job took about 138
CPU_S = 0.035
ALSO = (*BODY, *TEXTS[1:], *SWITCHES)


def plan_of(question: Question, runs: list[Run], workers: int) -> list[str]:
    """The plan in lines: arms, axes, readouts, looks, and about how long it takes."""
    lines = [f"arm {arm.name}: {_done(question, k)}" for k, arm in enumerate(question.arms)]
    named = dict.fromkeys(str(run.place[ARM]) for run in runs if ARM in run.place)
    own = [arm.name for arm in question.arms]
    lines += [f"arm {name}: the same without the drug" for name in named if name not in own]
    for axis, values in question.vary.items():
        unit = question.axes[axis_of(axis)]
        shown = ", ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in values)
        lines.append(
            f"axis {axis}: {shown} {unit}".rstrip() + (", 0 being vehicle" if axis == "dose" else "")
        )
    if len(sheets := dict.fromkeys(str(run.place["sheet"]) for run in runs)) > 1:
        lines.append(f"sheets: {', '.join(sheets)}")
    lines += [f"baseline: {_baseline(question, runs)}", *_warnings(runs)]
    protocol = runs[0].config.protocol
    lines.append(f"read at: {', '.join(protocol.readouts)}")
    taken = len(protocol.times) - len(protocol.reused)
    lines.append(
        f"looks: {taken} a run, from {_when(protocol.times[0])} to {_when(protocol.times[-1])}; "
        f"{protocol.seconds:.0f} s of spiking"
    )
    seconds = sum(run.config.protocol.seconds * run.config.scale for run in runs) * CPU_S
    seeds = len({run.place["seed"] for run in runs})
    lines.append(
        f"runs: {len(runs)} ({len(runs) // seeds} points x {seeds} seed{'s' if seeds > 1 else ''}), about "
        f"{_long(seconds)} of one core, {_long(seconds / min(workers, len(runs)))} with {workers} "
        f"worker{'s' if workers > 1 else ''}"
    )
    return lines


def _done(question: Question, k: int) -> str:
    """What is done in an arm, in words."""
    does = question.arms[k].does
    parts = [str(does["species"]), *(as_list(does.get("give")) or ["nothing given"])]
    for key in ALSO:
        value = does.get(key)
        parts += [f"{key} {text}" for text in (as_list(value) if key in TEXTS else [value] if value else [])]
    parts += [f"{name} = {value:g}" for name, value in does.get("set", {}).items()]
    against = question.arms[k].against
    return "; ".join(parts) + (f"; against arm {against}" if against else "")


def _baseline(question: Question, runs: list[Run]) -> str:
    """What circuits begin from, which nobody may have said."""
    found = dict.fromkeys(run.config.hypotheses.baseline for run in runs)
    said = any("baseline" in arm.does for arm in question.arms) or "baseline" in question.vary
    told = "; ".join(f"{name}, {SWITCHES['baseline'][name].removesuffix(' (default)')}" for name in found)
    return told + ("" if said else " (as nobody says otherwise)")


def _warnings(runs: list[Run]) -> list[str]:
    """Of doses beyond use."""
    given = dict.fromkeys((run.config.doses, run.config.species) for run in runs)
    return list(dict.fromkeys(f"warning: {told}" for each in given for told in unusual(*each)))


def _when(hour: float) -> str:
    return f"{hour:.3g} h" if abs(hour) < 48 else f"{hour / 24:.3g} d"


def _long(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
