"""`prelimbic run`: its options, and what they mean to those who carry it out."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prelimbic.experiments.cli.completing import among, sheets, studies
from prelimbic.experiments.cli.words import PATH, Command
from prelimbic.experiments.sweep.options import flag
from prelimbic.simulation.switches import DEFAULTS, SWITCHES

if TYPE_CHECKING:
    from prelimbic.experiments.sweep.study import Options, Study


def _switch_options(command: Any) -> Any:
    """An option for every hypothesis switch."""
    for switch, options in reversed(SWITCHES.items()):
        command = click.option(
            flag(switch),
            default=DEFAULTS[switch],
            show_default=True,
            help=f"{', '.join(options)}.",
            shell_complete=among(partial(tuple, options)),
        )(command)
    return command


@dataclass(frozen=True)
class Words:
    """What stands on the command line of `run` besides the study and the switches."""

    list_runs: bool
    as_json: bool
    plan: bool
    share: str
    among: Path | None
    cluster: str | None
    jobs: int | None
    limit: str | None
    partition: str | None
    mem: str | None
    account: str | None
    further: tuple[str, ...]
    seeds: int | None
    scale: float
    workers: int | None
    threads: int | None
    out: Path | None
    sheets: tuple[str, ...]
    inhibitions: tuple[str, ...]
    manipulations: tuple[str, ...]
    overrides: tuple[str, ...]
    numbers: tuple[str, ...]
    spikes: bool
    precision: int
    step: float
    portable: bool
    delay_classes: int


OPTIONS: tuple[Any, ...] = (
    click.option(
        "--list",
        "list_runs",
        is_flag=True,
        help="List the runs and whether they are finished; compute nothing.",
    ),
    click.option(
        "--json",
        "as_json",
        is_flag=True,
        help="Print what was found, or is listed or planned, as JSON; all else goes to standard error.",
    ),
    click.option(
        "--share",
        default="1/1",
        metavar="k/N",
        help="Compute only share k of N; for clusters without Slurm.",
    ),
    click.option(
        "--plan",
        is_flag=True,
        help="Of a question: say what would be done and how long it takes; compute nothing.",
    ),
    click.option("--among", type=PATH, metavar="FILE", help="Only runs that FILE names, one a line."),
    click.option("--cluster", help="Have it computed by jobs of a batch system, such as slurm."),
    click.option("--jobs", type=int, help="With --cluster: number of jobs.  [default: 8]"),
    click.option(
        "--time", "limit", metavar="TIME", help="With --cluster: time limit of a job, such as 4:00:00."
    ),
    click.option("--partition", help="With --cluster: partition of the jobs."),
    click.option("--mem", metavar="SIZE", help="With --cluster: memory of a job, such as 4G."),
    click.option("--account", help="With --cluster: account of the jobs."),
    click.option(
        "--sbatch",
        "further",
        multiple=True,
        metavar="OPTION",
        help="With --cluster: further option of sbatch, such as --sbatch=--qos=long.",
    ),
    click.option(
        "--seeds",
        type=int,
        help="Number of seeds, counted from 1.  [default: 3; circuit_prior 450; influence 2]",
    ),
    click.option(
        "--scale", default=1.0, show_default=True, help="Circuit size: 1 is 1,000 neurons; 0.5 to 100."
    ),
    click.option(
        "--workers", type=int, help="Worker processes, of each job with --cluster.  [default: one a core; 1]"
    ),
    click.option(
        "--threads",
        type=int,
        help="Threads of each circuit, for large ones; results stay the same.  "
        "[default: $PRELIMBIC_THREADS, or 1]",
    ),
    click.option(
        "--out",
        type=PATH,
        help="Folder of the results.  [default: results/STUDY, of other questions results/STUDY-...]",
    ),
    click.option(
        "--sheet",
        "sheets",
        multiple=True,
        metavar="NAME|FILE.toml",
        help="Circuit sheet, shipped or your own; repeatable, or all.  [default: native]",
        shell_complete=among(sheets, files=True),
    ),
    _switch_options,
    click.option(
        "--inhibit",
        "inhibitions",
        multiple=True,
        metavar="NAME[=AMOUNT] [at TIME]",
        help="An inhibitor, such as 'rapamycin_icv at -30min' or rapamycin_icv@-0.5h; repeatable; see "
        "prelimbic switches.",
    ),
    click.option(
        "--manipulate",
        "manipulations",
        multiple=True,
        metavar="WHAT",
        help="Such as ampa=0.5@Pyr->SST or delete-GluN2B@PV; repeatable; see prelimbic switches.",
    ),
    click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="NUMBER=VALUE",
        help="Override a number, such as circuit.Pyr.leak=9; repeatable.",
    ),
    click.option(
        "--number",
        "numbers",
        multiple=True,
        metavar="PATTERN",
        help="Of study influence: vary only numbers of such a name, such as 2BD or 'PV->*'; repeatable.",
    ),
    click.option("--spikes", is_flag=True, help="Store every spike, in the SONATA layout."),
    click.option(
        "--precision", default=32, show_default=True, help="Bits of a number in the circuit: 32 or 64."
    ),
    click.option(
        "--step",
        default=0.1,
        show_default=True,
        help="Integration step of the circuit, ms; it must divide 0.1 ms.",
    ),
    click.option(
        "--portable",
        is_flag=True,
        help="The same spikes with every compiler and processor, for a few per cent of time.",
    ),
    click.option(
        "--delay-classes",
        default=5,
        show_default=True,
        help="Classes of delay in a projection; 0 rounds each delay to the step.",
    ),
)


def run_options(command: Any) -> Any:
    """Every option of carrying out a study."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@click.command(cls=Command)
@click.argument(
    "study", required=False, metavar="STUDY|FILE.toml", shell_complete=among(studies, files=True)
)
@run_options
def run(study: str | None, **given: Any) -> None:
    """Run STUDY, one of those that `prelimbic studies` lists.  It may be a protocol of `prelimbic protocols`
    or the FILE.toml of a question, too.  What is finished is skipped; after a stop the same command goes on.
    """
    from prelimbic.experiments.cli.asked import options_asked
    from prelimbic.experiments.questions.planned import plan_of
    from prelimbic.experiments.questions.study import settled
    from prelimbic.experiments.studies.registry import all_studies, find_study
    from prelimbic.experiments.sweep.conduct import refuse
    from prelimbic.experiments.sweep.study import StudyError

    if study is None:
        raise StudyError(
            f"run takes a STUDY, one of {', '.join(all_studies())} (`prelimbic studies` says what each "
            "asks), or the FILE.toml of a question of your own"
        )
    found, context = find_study(study), click.get_current_context()
    switches = {name: given.pop(name) for name in SWITCHES}
    words = Words(**given)
    options = options_asked(words, switches, found, context)
    found, options = settled(found, options)
    if words.plan and found.asked is None:
        raise StudyError(f"--plan is of a question of your own; --list has the runs of study {study}")
    if found.asked is not None and not words.list_runs and words.among is None:
        runs = found.plan(options)
        if words.plan:
            refuse(found, options, runs)
        say_plan(plan_of(found.asked, runs, options.workers), words)
    if not words.plan:
        carry_out(found, options, words, context)


def say_plan(lines: list[str], words: Words) -> None:
    """Print what would be done: the answer of --plan, and beside one in JSON a word on standard error."""
    if words.as_json and words.plan:
        print(json.dumps({"plan": lines}, indent=1))
    else:
        print("\n".join(lines), file=sys.stderr if words.as_json else sys.stdout)


def carry_out(study: Study, options: Options, words: Words, context: click.Context) -> None:
    """List the runs, compute them, or have a cluster do it."""
    from prelimbic.experiments.cli.asked import jobs_asked, words_asked
    from prelimbic.experiments.studies.registry import is_script
    from prelimbic.experiments.sweep.conduct import conduct, conduct_on_cluster, listing
    from prelimbic.experiments.sweep.study import StudyError

    on = jobs_asked(words, options)
    if on is not None and is_script(study.name):
        raise StudyError(
            f"--cluster takes a study that ships or that an installed package brings, and {study.name} is a "
            "script: use --share k/N in a batch script"
        )
    if words.list_runs:
        listing(study, options, words.as_json)
    elif on is not None:
        conduct_on_cluster(study, options, on, words_asked(context, study, options), words.as_json)
    else:
        conduct(study, options, as_json=words.as_json)
