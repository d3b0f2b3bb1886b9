"""`prelimbic`: the command line.

Every known error ends as one sentence on standard error, with exit code 2 for usage and 1 for failure.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from experiments import ends
from experiments.switches import DEFAULTS, SWITCHES, flag


def _switch_options(command: Any) -> Any:
    """An option for every hypothesis switch."""
    for switch, options in reversed(SWITCHES.items()):
        command = click.option(flag(switch), default=DEFAULTS[switch], show_default=True, help=f"{', '.join(options)}.")(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Ketamine in the prefrontal cortex: from a dose to spikes, BDNF, mTORC1 and grown synapses."""


@cli.command()
@click.argument("study")
@click.option("--list", "list_runs", is_flag=True, help="List the runs and whether they are finished; compute nothing.")
@click.option("--share", default="1/1", metavar="k/N", help="Compute only share k of N; for clusters without Slurm.")
@click.option("--among", type=click.Path(path_type=Path), metavar="FILE", help="Only runs that FILE names, one a line.")
@click.option("--cluster", help="Have it computed by jobs of a batch system: slurm.")
@click.option("--jobs", type=int, help="With --cluster: number of jobs.  [default: 8]")
@click.option("--time", "limit", metavar="TIME", help="With --cluster: time limit of a job, such as 4:00:00.")
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
@click.option("--workers", type=int, help="Worker processes, of each job with --cluster.  [default: one a core; 1]")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the results.  [default: results/STUDY]")
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
    "--set", "overrides", multiple=True, metavar="NUMBER=VALUE", help="Override a number, such as circuit.Pyr.leak=9; repeatable."
)
@click.option("--spikes", is_flag=True, help="Store every spike, in the SONATA layout.")
@click.option("--precision", default=32, show_default=True, help="Bits of a number in the circuit: 32 or 64.")
@click.option("--step", default=0.1, show_default=True, help="Integration step of the circuit, ms; it must divide 1 ms.")
@click.option(
    "--delay-classes", default=5, show_default=True, help="Classes of delay in a projection; 0 rounds each delay to the step."
)
def run(
    study: str, list_runs: bool, share: str, among: Path | None, cluster: str | None, jobs: int | None, limit: str | None,
    partition: str | None, mem: str | None, account: str | None, further: tuple[str, ...], seeds: int | None, scale: float,
    workers: int | None, out: Path | None, sheets: tuple[str, ...],
    inhibitions: tuple[str, ...], manipulations: tuple[str, ...], overrides: tuple[str, ...], spikes: bool, precision: int,
    step: float, delay_classes: int, **switches: str,
) -> None:  # fmt: skip
    """Run STUDY, one of those that `prelimbic studies` lists.  What is finished is skipped; after a stop the same command goes
    on."""
    from circuits import Numerics
    from experiments.asked import jobs_asked, share_asked, words_asked
    from experiments.conduct import conduct, conduct_on_cluster, listing
    from experiments.execute import available_cpus
    from experiments.hypotheses import Hypotheses
    from experiments.inhibition import parse_inhibition
    from experiments.study import Options, find_study, parse_overrides
    from parameters import CIRCUITS

    found = find_study(study)
    options = Options(
        seeds=found.seeds if seeds is None else seeds,
        scale=scale,
        workers=available_cpus() if workers is None else workers,
        out=out or Path("results") / found.name,
        share=share_asked(share),
        among=among,
        sheets=tuple(dict.fromkeys(s for name in sheets or (found.sheet,) for s in (CIRCUITS if name == "all" else (name,)))),
        overrides=parse_overrides(overrides),
        hypotheses=Hypotheses(**switches),
        inhibitions=tuple(parse_inhibition(text) for text in inhibitions),
        manipulations=manipulations,
        spikes=spikes,
        numerics=Numerics(precision, step, delay_classes),
    )
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
@click.option("--at", required=True, metavar="TIMES", help="Times since the dose began, such as 10min,40min,4h.")
@click.option("--duration", help="Length of an infusion, such as 40min; without it, a bolus.")
@click.option("--compound", default="ketamine", show_default=True, help="ketamine, norketamine or hydroxynorketamine.")
@click.option("--sheet", default="dendritic", show_default=True, help="Circuit sheet whose subunit mixtures the block is for.")
@click.option("--set", "overrides", multiple=True, metavar="NUMBER=VALUE", help="As in run; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def exposure(
    species: str, route: str, dose: float, at: str, duration: str | None, compound: str, sheet: str,
    overrides: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Plasma and unbound brain concentrations of a dose, and the NMDA block they make in each population."""
    from experiments.config import overridden
    from experiments.show import show_exposure, tell_idle
    from experiments.study import parse_overrides

    changes = parse_overrides(overrides)
    show_exposure(species, route, dose, at, duration, compound, overridden(sheet, changes), as_json)
    tell_idle(species, route, dose, at, duration, compound, sheet, changes)


@cli.command()
@click.option("--status", help="Only measured, fitted or assumed ones.")
@click.option("--sheet", help="Only this sheet.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def numbers(status: str | None, sheet: str | None, as_json: bool) -> None:
    """Every number of the model: value, unit, status, source, note, range."""
    from experiments.show import show_numbers

    show_numbers(status, sheet, as_json)


@cli.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
def status(path: Path, as_json: bool) -> None:
    """How far the study in PATH, or every study in it, is: runs finished, running, failed (why, and which log), missing; time
    left."""
    from experiments.status import show_status

    show_status(path, as_json)


@cli.command()
@click.argument("path", type=click.Path(path_type=Path))
def verify(path: Path) -> None:
    """Compute the checksums in PATH, a file, a study's folder or a folder of such, again and name what is damaged."""
    from experiments.verify import verify as verify_path

    verify_path(path)


@cli.command()
@click.argument("path", type=click.Path(path_type=Path))
def inspect(path: Path) -> None:
    """What PATH, a run file or the folder of a study, holds, and whether it is whole."""
    from experiments.show import show_path

    show_path(path)


@cli.command()
@click.option("--sheet", default="dendritic", show_default=True, help="Circuit sheet; with dendrites or points.")
def equations(sheet: str) -> None:
    """The circuit's equations, as for a methods section."""
    from circuits import methods_text
    from parameters import circuit_numbers, circuit_sheet

    print(methods_text(circuit_numbers(circuit_sheet(sheet)).apical is not None))


@cli.command()
@click.argument("ids", nargs=-1)
@click.option(
    "--seeds", default=10, show_default=True, help="Seeds to read, or with --run to compute, counted from 1; a verdict needs 10."
)
@click.option("--sheet", default="dendritic", show_default=True, metavar="NAME|FILE.toml", help="Circuit sheet.")
@click.option("--set", "overrides", multiple=True, metavar="NUMBER=VALUE", help="As in run; repeatable.")
@click.option(
    "--results", type=click.Path(path_type=Path), default=Path("results"), show_default=True, help="Folder of the stored studies."
)
@click.option("--run", "run_missing", is_flag=True, help="Compute first what is missing in the stored studies.")
@click.option("--workers", type=int, help="Worker processes of --run.  [default: one a core]")
@click.option("--page", type=click.Path(path_type=Path), metavar="FOLDER", help="Write claims.md and a figure a claim there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def claims(
    ids: tuple[str, ...], seeds: int, sheet: str, overrides: tuple[str, ...], results: Path, run_missing: bool,
    workers: int | None, page: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Hold published findings (IDS, such as V6; all without) against the model: value, interval, target, verdict.

    Findings about the circuit and the slow layer are judged by stored runs of a study; --run computes those that are missing.
    Looks at held-out findings are recorded in a ledger; under a second set of numbers (--set, --sheet) they cease to be held out.
    """
    from experiments.board import show_claims
    from experiments.execute import available_cpus
    from experiments.study import StudyError, parse_overrides

    if workers is not None and workers < 1:
        raise StudyError(f"--workers is {workers} but must be at least 1")
    show_claims(ids, sheet, seeds, parse_overrides(overrides), results, as_json, run_missing, workers or available_cpus(), page)


@cli.command()
def studies() -> None:
    """Every study with its question."""
    from experiments.study import STUDIES, find_study

    for name in STUDIES:
        print(f"{name:14} {find_study(name).question}")


@cli.command()
def switches() -> None:
    """Every hypothesis switch with its options and sources, and every manipulation of the circuit."""
    from experiments.show import show_switches

    show_switches()


@cli.command()
@click.argument("sheet")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The sheet to write, a .toml file.")
@click.option("--free", default="Pyr,PV,SST,VIP", show_default=True, help="Populations whose background rate may move.")
@click.option("--scale", default=1.0, show_default=True, help="Circuit size; 0.5 to 20.")
@click.option("--wirings", default=4, show_default=True, help="Wirings whose mean rate is fitted.")
@click.option("--draw", type=int, metavar="SEED", help="Draw every number that has a range from that range first.")
@click.option(
    "--manipulate",
    "manipulations",
    multiple=True,
    metavar="WHAT",
    help="A developmental change, such as delete-GluN2B@SST; it goes into the sheet.",
)
@click.option("--set", "overrides", multiple=True, metavar="NUMBER=VALUE", help="As in run, circuit numbers only; repeatable.")
def calibrate(sheet: str, out: Path, free: str, scale: float, wirings: int, draw: int | None, manipulations: tuple[str, ...],
              overrides: tuple[str, ...]) -> None:  # fmt: skip
    """Find background rates at which SHEET, changed as asked, rests at its target rates, and write it as a new sheet."""
    from experiments.calibrating import calibrate_sheet
    from experiments.study import parse_overrides

    populations = tuple(name.strip() for name in free.split(",") if name.strip())
    calibrate_sheet(sheet, out, populations, scale, wirings, draw, manipulations, parse_overrides(overrides))


def study_main(study: Any) -> NoReturn:
    """Command line of one study run as a script: the options of `prelimbic run`."""
    main(["run", study.name, *sys.argv[1:]])


def main(words: list[str] | None = None) -> NoReturn:
    """Entry point of `prelimbic`."""
    ends.hear_signals()
    try:
        cli.main(words, prog_name="prelimbic", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message())
        sys.exit(ends.USAGE)
    except click.ClickException as error:
        ends.say(error.format_message())
        sys.exit(ends.USAGE)
    except (KeyboardInterrupt, click.Abort):
        ends.say(ends.STOPPED)
        sys.exit(ends.INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ends.FAILURE)
    except Exception as error:
        sys.exit(ends.told(error))
    sys.exit(0)


if __name__ == "__main__":
    main()
