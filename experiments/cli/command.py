"""`prelimbic`: the command line.

Every known error ends as one sentence on standard error, with exit code 2 for usage and 1 for failure.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import click

from prelimbic.experiments.cli import ends
from prelimbic.experiments.cli.words import Group, once
from prelimbic.experiments.sweep.surroundings import settle
from prelimbic.simulation.switches import DEFAULTS, SWITCHES, flag

PATH = click.Path(path_type=Path, readable=False)  # one that may not be read is told of by those who read it


def _switch_options(command: Any) -> Any:
    """An option for every hypothesis switch."""
    for switch, options in reversed(SWITCHES.items()):
        command = click.option(
            flag(switch), default=DEFAULTS[switch], show_default=True, help=f"{', '.join(options)}."
        )(command)
    return command


def _print_version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"prelimbic {version('prelimbic')}")
        except PackageNotFoundError:
            print("prelimbic, of a folder that is not installed")
        ctx.exit()


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version.",
)
def cli() -> None:
    """Ketamine in the prefrontal cortex: from a dose to spikes, BDNF, mTORC1 and grown synapses."""


@cli.command()
@click.argument("study", required=False, metavar="STUDY")
@click.option(
    "--list", "list_runs", is_flag=True, help="List the runs and whether they are finished; compute nothing."
)
@click.option(
    "--share", default="1/1", metavar="k/N", help="Compute only share k of N; for clusters without Slurm."
)
@click.option("--among", type=PATH, metavar="FILE", help="Only runs that FILE names, one a line.")
@click.option("--cluster", help="Have it computed by jobs of a batch system: slurm.")
@click.option("--jobs", type=int, help="With --cluster: number of jobs.  [default: 8]")
@click.option(
    "--time", "limit", metavar="TIME", help="With --cluster: time limit of a job, such as 4:00:00."
)
@click.option("--partition", help="With --cluster: partition of the jobs.")
@click.option("--mem", metavar="SIZE", help="With --cluster: memory of a job, such as 4G.")
@click.option("--account", help="With --cluster: account of the jobs.")
@click.option(
    "--sbatch",
    "further",
    multiple=True,
    metavar="OPTION",
    help="With --cluster: further option of sbatch, such as --sbatch=--qos=long.",
)
@click.option("--seeds", type=int, help="Number of seeds, counted from 1.  [default: 3; circuit_prior 320]")
@click.option("--scale", default=1.0, show_default=True, help="Circuit size: 1 is 1,000 neurons; 0.5 to 20.")
@click.option(
    "--workers", type=int, help="Worker processes, of each job with --cluster.  [default: one a core; 1]"
)
@click.option(
    "--out",
    type=PATH,
    help="Folder of the results.  [default: results/STUDY, of other questions results/STUDY-...]",
)
@click.option(
    "--sheet",
    "sheets",
    multiple=True,
    metavar="NAME|FILE.toml",
    help="Circuit sheet, shipped or your own; repeatable, or all.  [default: dendritic]",
)
@_switch_options
@click.option(
    "--inhibit",
    "inhibitions",
    multiple=True,
    metavar="NAME[=AMOUNT][@HOURh]",
    help="An inhibitor, such as rapamycin_icv@-0.5h; repeatable; see prelimbic switches.",
)
@click.option(
    "--manipulate",
    "manipulations",
    multiple=True,
    metavar="WHAT",
    help="Such as ampa=0.5@Pyr->SST or delete-GluN2B@PV; repeatable; see prelimbic switches.",
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="NUMBER=VALUE",
    help="Override a number, such as circuit.Pyr.leak=9; repeatable.",
)
@click.option("--spikes", is_flag=True, help="Store every spike, in the SONATA layout.")
@click.option(
    "--precision", default=32, show_default=True, help="Bits of a number in the circuit: 32 or 64."
)
@click.option(
    "--step",
    default=0.1,
    show_default=True,
    help="Integration step of the circuit, ms; it must divide 0.1 ms.",
)
@click.option(
    "--portable",
    is_flag=True,
    help="The same spikes with every compiler and processor, for a few per cent of time.",
)
@click.option(
    "--delay-classes",
    default=5,
    show_default=True,
    help="Classes of delay in a projection; 0 rounds each delay to the step.",
)
def run(
    study: str | None,
    list_runs: bool,
    share: str,
    among: Path | None,
    cluster: str | None,
    jobs: int | None,
    limit: str | None,
    partition: str | None,
    mem: str | None,
    account: str | None,
    further: tuple[str, ...],
    seeds: int | None,
    scale: float,
    workers: int | None,
    out: Path | None,
    sheets: tuple[str, ...],
    inhibitions: tuple[str, ...],
    manipulations: tuple[str, ...],
    overrides: tuple[str, ...],
    spikes: bool,
    precision: int,
    step: float,
    portable: bool,
    delay_classes: int,
    **switches: str,
) -> None:
    """Run STUDY, one of those that `prelimbic studies` lists.  What is finished is skipped; after a stop the
    same command goes on.
    """
    from prelimbic.circuits import Numerics
    from prelimbic.experiments.cli.asked import jobs_asked, named, share_asked, words_asked
    from prelimbic.experiments.sweep.conduct import conduct, conduct_on_cluster, listing
    from prelimbic.experiments.sweep.folders import own_name
    from prelimbic.experiments.sweep.study import STUDIES, Options, StudyError, find_study, parse_overrides
    from prelimbic.parameters import CIRCUITS
    from prelimbic.parameters.granted import available_cpus
    from prelimbic.simulation.hypotheses import Hypotheses
    from prelimbic.simulation.inhibition import parse_inhibition

    if study is None:
        raise StudyError(
            f"run takes a STUDY, one of {', '.join(STUDIES)}; `prelimbic studies` says what each asks"
        )
    found = find_study(study)
    once("--sheet", sheets)
    asked = tuple(
        dict.fromkeys(
            s for name in sheets or (found.sheet,) for s in (CIRCUITS if name == "all" else (name,))
        )
    )
    given = tuple(parse_inhibition(text) for text in inhibitions)
    once("--inhibit", (f"{i.name}@{i.start:g}h" for i in given), "; give more of it as NAME=AMOUNT")
    once("--manipulate", (_target(text) for text in manipulations))
    options = Options(
        seeds=found.seeds if seeds is None else seeds,
        scale=scale,
        workers=available_cpus() if workers is None else workers,
        out=out or Path("results"),
        share=share_asked(share),
        among=among,
        sheets=asked,
        overrides=parse_overrides(overrides, asked),
        hypotheses=Hypotheses(**switches),
        inhibitions=given,
        manipulations=manipulations,
        spikes=spikes,
        numerics=Numerics(precision, step, delay_classes, portable),
        given=named(click.get_current_context()),
    )
    if out is None:
        options = replace(options, out=options.out / own_name(found, options))
    on = jobs_asked(cluster, jobs, limit, partition, mem, account, further, workers, options)
    if list_runs:
        listing(found, options)
    elif on is not None:
        conduct_on_cluster(found, options, on, words_asked(click.get_current_context()))
    else:
        conduct(found, options)


@cli.command()
@click.option("--species", required=True, help="human, rat or mouse.")
@click.option("--route", required=True, help="iv or ip.")
@click.option("--dose", required=True, type=float, help="mg of free base per kg body mass.")
@click.option(
    "--at", required=True, metavar="TIMES", help="Times since the dose began, such as 10min,40min,4h."
)
@click.option("--duration", help="Length of an infusion, such as 40min; without it, a bolus.")
@click.option(
    "--compound", default="ketamine", show_default=True, help="ketamine, norketamine or hydroxynorketamine."
)
@click.option(
    "--sheet",
    default="dendritic",
    show_default=True,
    help="Circuit sheet whose subunit mixtures the block is for.",
)
@click.option("--set", "overrides", multiple=True, metavar="NUMBER=VALUE", help="As in run; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def exposure(
    species: str,
    route: str,
    dose: float,
    at: str,
    duration: str | None,
    compound: str,
    sheet: str,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Plasma and unbound brain concentrations of a dose, and the NMDA block they make in each population."""
    from prelimbic.experiments.cli.show import show_exposure, tell_idle
    from prelimbic.experiments.sweep.study import parse_overrides

    once("--at", (part.strip() for part in at.split(",")))
    changes = parse_overrides(overrides, (sheet,))
    show_exposure(species, route, dose, at, duration, compound, sheet, changes, as_json)
    tell_idle(species, route, dose, at, duration, compound, sheet, changes)


@cli.command()
@click.argument("pattern", nargs=-1)
@click.option("--status", help="Only measured, fitted or assumed ones.")
@click.option(
    "--sheet", metavar="NAME|FILE.toml", help="Only this sheet; with a PATTERN, also what it is based on."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def numbers(pattern: tuple[str, ...], status: str | None, sheet: str | None, as_json: bool) -> None:
    """The numbers of the model whose name, unit, note or source has every word of PATTERN; all without.

    The field's names are known: Kp,uu, fu, IC50, F, ka, CL, V, tau, g_leak and more.
    """
    from prelimbic.experiments.cli.numbers import show_numbers

    show_numbers(" ".join(pattern), status, sheet, as_json)


@cli.command()
@click.argument("name")
@click.option(
    "--sheet",
    metavar="NAME|FILE.toml",
    help="Sheet in which the number is in force.  [default: dendritic and those beside it]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
def number(name: str, sheet: str | None, as_json: bool) -> None:
    """All of one number: value in force, range, citation, note, what reads it and which claims rest on it.

    NAME is as prelimbic numbers lists it, as --set takes it, or the end of that, such as PV.fraction_2D.
    """
    from prelimbic.experiments.cli.numbers import show_number

    show_number(name, sheet, as_json)


@cli.command()
@click.argument("path", type=PATH)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
def status(path: Path, as_json: bool) -> None:
    """How far the study in PATH, or every study in it, is: runs finished, running, failed (why, and which
    log), missing; time left.
    """
    from prelimbic.experiments.sweep.status import show_status

    show_status(path, as_json)


@cli.command()
@click.argument("path", type=PATH)
def verify(path: Path) -> None:
    """Compute the checksums in PATH, a file, a study's folder or a folder of such, again and name what is
    damaged.
    """
    from prelimbic.experiments.sweep.verify import verify as verify_path

    verify_path(path)


@cli.command()
@click.argument("path", type=PATH)
def inspect(path: Path) -> None:
    """What PATH, a run file or the folder of a study, holds, and whether it is whole."""
    from prelimbic.experiments.cli.show import show_path

    show_path(path)


@cli.command()
@click.option(
    "--sheet", default="dendritic", show_default=True, help="Circuit sheet; with dendrites or points."
)
def equations(sheet: str) -> None:
    """The circuit's equations, as for a methods section."""
    from prelimbic.circuits import methods_text
    from prelimbic.parameters import circuit_numbers, circuit_sheet

    print(methods_text(circuit_numbers(circuit_sheet(sheet)).apical is not None))


@cli.command()
@click.argument("ids", nargs=-1)
@click.option(
    "--seeds",
    default=10,
    show_default=True,
    help="Seeds to read, or with --run to compute, counted from 1; a verdict needs 10.",
)
@click.option(
    "--sheet", default="dendritic", show_default=True, metavar="NAME|FILE.toml", help="Circuit sheet."
)
@click.option("--set", "overrides", multiple=True, metavar="NUMBER=VALUE", help="As in run; repeatable.")
@click.option(
    "--results", type=PATH, default=Path("results"), show_default=True, help="Folder of the stored studies."
)
@click.option(
    "--run", "run_missing", is_flag=True, help="Compute first what is missing in the stored studies."
)
@click.option("--workers", type=int, help="Worker processes of --run.  [default: one a core]")
@click.option("--page", type=PATH, metavar="FOLDER", help="Write claims.md and a figure a claim there.")
@click.option(
    "--record",
    "for_all",
    is_flag=True,
    help="Record looks in the checkout, experiments/ledger.csv: for maintainers.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def claims(
    ids: tuple[str, ...],
    seeds: int,
    sheet: str,
    overrides: tuple[str, ...],
    results: Path,
    run_missing: bool,
    workers: int | None,
    page: Path | None,
    for_all: bool,
    as_json: bool,
) -> None:
    """Hold published findings (IDS, such as V6; all without) against the model: value, interval, target,
    verdict.

    Findings about the circuit and the slow layer are judged by stored runs of a study; --run computes those
    that are missing. Looks at held-out findings are recorded in ledger.csv of that folder; under a second
    set of numbers (--set, --sheet) they cease to be held out there.
    """
    from prelimbic.experiments.claims.board import show_claims
    from prelimbic.experiments.sweep.study import StudyError, parse_overrides
    from prelimbic.parameters.granted import available_cpus

    if workers is not None and workers < 1:
        raise StudyError(f"--workers is {workers} but must be at least 1")
    set_to = parse_overrides(overrides, (sheet,))
    show_claims(
        ids, sheet, seeds, set_to, results, as_json, run_missing, workers or available_cpus(), page, for_all
    )


@cli.command()
def studies() -> None:
    """Every study with its question."""
    from prelimbic.experiments.sweep.study import STUDIES, find_study

    for name in STUDIES:
        print(f"{name:14} {find_study(name).question}")


@cli.command()
def switches() -> None:
    """Every hypothesis switch with its options and sources, and every manipulation of the circuit."""
    from prelimbic.experiments.cli.show import show_switches

    show_switches()


@cli.command()
@click.argument("sheet")
@click.option("--out", type=PATH, required=True, help="The sheet to write, a .toml file.")
@click.option(
    "--free", default="Pyr,PV,SST,VIP", show_default=True, help="Populations whose background rate may move."
)
@click.option("--scale", default=1.0, show_default=True, help="Circuit size; 0.5 to 20.")
@click.option("--wirings", default=4, show_default=True, help="Wirings whose mean rate is fitted.")
@click.option(
    "--draw", type=int, metavar="SEED", help="Draw every number that has a range from that range first."
)
@click.option(
    "--manipulate",
    "manipulations",
    multiple=True,
    metavar="WHAT",
    help="A developmental change, such as delete-GluN2B@SST; it goes into the sheet.",
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="NUMBER=VALUE",
    help="As in run, circuit numbers only; repeatable.",
)
def calibrate(
    sheet: str,
    out: Path,
    free: str,
    scale: float,
    wirings: int,
    draw: int | None,
    manipulations: tuple[str, ...],
    overrides: tuple[str, ...],
) -> None:
    """Find background rates at which SHEET, changed as asked, rests at its target rates, and write it as a
    new sheet.
    """
    from prelimbic.experiments.cli.calibrating import calibrate_sheet
    from prelimbic.experiments.sweep.study import parse_overrides

    populations = tuple(name.strip() for name in free.split(",") if name.strip())
    once("--manipulate", (_target(text) for text in manipulations))
    calibrate_sheet(
        sheet, out, populations, scale, wirings, draw, manipulations, parse_overrides(overrides, (sheet,))
    )


def _target(manipulation: str) -> str:
    """What a manipulation changes, without how much."""
    head, at, site = manipulation.partition("@")
    return f"{head.partition('=')[0]}{at}{site}"


def study_main(study: Any) -> NoReturn:
    """Command line of one study run as a script: the options of `prelimbic run`."""
    main(["run", study.name, *sys.argv[1:]])


def main(words: list[str] | None = None) -> NoReturn:
    """Entry point of `prelimbic`."""
    settle()
    ends.hear_signals()
    ends.leave(_code(words))


def _code(words: list[str] | None) -> int:
    """Do what was asked and return the exit code."""
    try:
        cli.main(words, prog_name="prelimbic", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message())
        return ends.USAGE
    except click.ClickException as error:
        ends.say(
            error.format_message()
            .replace("a valid integer", "a whole number")
            .replace("a valid float", "a number")
        )
        return ends.USAGE
    except (KeyboardInterrupt, click.Abort):
        asked = (sys.argv[1:] if words is None else words)[:1]
        ends.say(ends.STOPPED if asked in (["run"], ["claims"]) else ends.ENDED)
        return ends.INTERRUPTED
    except BrokenPipeError:
        return ends.FAILURE
    except Exception as error:
        return ends.told(error)
    return 0


if __name__ == "__main__":
    main()
