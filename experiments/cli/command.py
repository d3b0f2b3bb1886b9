"""`prelimbic`: the command line.

Every known error ends as one sentence on standard error, with exit code 2 for usage and 1 for failure.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click

from prelimbic.experiments.cli import ends
from prelimbic.experiments.cli.ask import ask
from prelimbic.experiments.cli.claims import claims
from prelimbic.experiments.cli.completing import completion
from prelimbic.experiments.cli.doctor import doctor
from prelimbic.experiments.cli.export import export
from prelimbic.experiments.cli.exposure import exposure
from prelimbic.experiments.cli.reported import compare, report
from prelimbic.experiments.cli.run import run
from prelimbic.experiments.cli.statements import measures, statements
from prelimbic.experiments.cli.surrogate import surrogate
from prelimbic.experiments.cli.trial import trial, trials
from prelimbic.experiments.cli.words import PATH, Group, once, target
from prelimbic.experiments.sweep.surroundings import STOPPED, settle
from prelimbic.parameters import CIRCUIT


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


cli.add_command(run)
cli.add_command(ask)
cli.add_command(trial)
cli.add_command(trials)
cli.add_command(claims)
cli.add_command(exposure)
cli.add_command(surrogate)
cli.add_command(statements)
cli.add_command(measures)
cli.add_command(completion)
cli.add_command(report)
cli.add_command(compare)
cli.add_command(doctor)
cli.add_command(export)


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
    help="Sheet in which the number is in force.  [default: native and those beside it]",
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
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines and a table.")
def inspect(path: Path, as_json: bool) -> None:
    """What PATH, a run file or the folder of a study, holds, and whether it is whole."""
    from prelimbic.experiments.cli.show import show_path

    show_path(path, as_json)


@cli.command()
@click.option("--sheet", default=CIRCUIT, show_default=True, help="Circuit sheet; with dendrites or points.")
def equations(sheet: str) -> None:
    """The circuit's equations, as for a methods section."""
    from prelimbic.circuits import methods_text
    from prelimbic.parameters import circuit_numbers, circuit_sheet

    print(methods_text(circuit_numbers(circuit_sheet(sheet)).apical is not None))


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
def studies(as_json: bool) -> None:
    """Every study with its question."""
    from prelimbic.experiments.cli.show import show_studies

    show_studies(as_json)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
def protocols(as_json: bool) -> None:
    """Every protocol that ships: a question in a file, which prelimbic run takes by its name, to copy and
    change.
    """
    from prelimbic.experiments.cli.show import show_protocols

    show_protocols(as_json)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def switches(as_json: bool) -> None:
    """Every hypothesis switch with its options and sources, and every manipulation of the circuit."""
    from prelimbic.experiments.cli.show import show_switches

    show_switches(as_json)


@cli.command()
@click.argument("sheet")
@click.option("--out", type=PATH, required=True, help="The sheet to write, a .toml file.")
@click.option(
    "--free", default="Pyr,PV,SST,VIP", show_default=True, help="Populations whose background rate may move."
)
@click.option("--scale", default=1.0, show_default=True, help="Circuit size; 0.5 to 100.")
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
@click.option(
    "--potentials",
    is_flag=True,
    help="First find the weights at which unitary potentials are those of sheet recordings.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def calibrate(
    sheet: str,
    out: Path,
    free: str,
    scale: float,
    wirings: int,
    draw: int | None,
    manipulations: tuple[str, ...],
    overrides: tuple[str, ...],
    potentials: bool,
    as_json: bool,
) -> None:
    """Find background rates at which SHEET, changed as asked, rests at its target rates, and write it as a
    new sheet.
    """
    from prelimbic.experiments.cli.calibrating import calibrate_sheet
    from prelimbic.simulation.overrides import parse_overrides

    populations = tuple(name.strip() for name in free.split(",") if name.strip())
    once("--manipulate", (target(text) for text in manipulations))
    changes = parse_overrides(overrides, (sheet,))
    calibrate_sheet(
        sheet, out, populations, scale, wirings, draw, manipulations, changes, potentials, as_json
    )


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
        ends.say(STOPPED if asked in (["ask"], ["run"], ["trial"], ["claims"]) else ends.ENDED)
        return ends.INTERRUPTED
    except BrokenPipeError:
        return ends.FAILURE
    except Exception as error:
        return ends.told(error)
    return 0


if __name__ == "__main__":
    main()
