"""`prelimbic`: the command line."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import click
import typer

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False,
    help="Ketamine in the prefrontal cortex: from a dose to spikes, BDNF, mTORC1 and grown synapses.",
)  # fmt: skip

STUDIES = ("dose_response",)
USAGE, FAILURE = 2, 1


def default_workers() -> int:
    from experiments.execute import available_cpus

    return available_cpus()


@app.command(context_settings={"ignore_unknown_options": False})
def run(
    study: Annotated[str, typer.Argument(help=f"One of: {', '.join(STUDIES)}.")],
    list_runs: Annotated[
        bool, typer.Option("--list", help="List the runs and whether they are finished; compute nothing.")
    ] = False,
    share: Annotated[str, typer.Option(help="Compute only share k of N, as k/N; for clusters.")] = "1/1",
    seeds: Annotated[int, typer.Option(help="Seeds, from 1 on.")] = 3,
    scale: Annotated[float, typer.Option(help="Circuit size: 1 is 1,000 neurons; 0.5 to 20.")] = 1.0,
    workers: Annotated[int, typer.Option(help="Worker processes; 0 means one a core.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder of the results; default results/STUDY.")] = None,
    baseline: Annotated[str, typer.Option(help="depressed (a quarter of the Pyr-Pyr contacts lost) or healthy.")] = "depressed",
    sheet: Annotated[list[str] | None, typer.Option(help="Circuit sheet, repeatable; or all.")] = None,
    override: Annotated[
        list[str] | None, typer.Option("--set", help="Override a number, SHEET.SECTION.NUMBER=VALUE; repeatable.")
    ] = None,
    spikes: Annotated[bool, typer.Option(help="Store every spike, in the SONATA layout.")] = False,
) -> None:
    """Run a study: what is already finished is skipped, so the same command goes on after any stop."""
    study_run(find_study(study), list_runs, share, seeds, scale, workers, out, baseline, sheet, override, spikes)


def study_run(
    study: Any, list_runs: bool, share: str, seeds: int, scale: float, workers: int, out: Path | None, baseline: str,
    sheet: list[str] | None, override: list[str] | None, spikes: bool,
) -> None:  # fmt: skip
    from experiments.study import DEFAULT_SHEET, Options, parse_overrides
    from parameters import CIRCUITS

    chosen = CIRCUITS if sheet and "all" in sheet else tuple(dict.fromkeys(sheet or [DEFAULT_SHEET]))
    options = Options(seeds, scale, workers or default_workers(), out or Path("results") / study.name, _share(share),
                      baseline, chosen, parse_overrides(override or []), spikes)  # fmt: skip
    from experiments.conduct import conduct, listing

    if list_runs:
        listing(study, options)
    else:
        conduct(study, options)


@app.command()
def exposure(
    species: Annotated[str, typer.Option(help="human, rat or mouse.")],
    route: Annotated[str, typer.Option(help="iv or ip.")],
    dose: Annotated[float, typer.Option(help="mg of free base per kg body mass.")],
    at: Annotated[str, typer.Option(help="Times since the dose began, such as 10min,40min,4h.")],
    duration: Annotated[str | None, typer.Option(help="Length of an infusion, such as 40min; none means a bolus.")] = None,
    compound: Annotated[str, typer.Option(help="ketamine, norketamine or hydroxynorketamine.")] = "ketamine",
    sheet: Annotated[str, typer.Option(help="Circuit sheet whose subunit mixtures the block is for.")] = "sst",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Plasma and unbound brain concentrations of a dose, and the NMDA block they make in each population."""
    from experiments.show import show_exposure

    show_exposure(species, route, dose, at, duration, compound, sheet, as_json)


@app.command()
def numbers(
    status: Annotated[str | None, typer.Option(help="Only measured, fitted or assumed ones.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Only this sheet.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Every number of the model: value, unit, status, source, note, range."""
    from experiments.show import show_numbers

    show_numbers(status, sheet, as_json)


@app.command()
def inspect(path: Annotated[Path, typer.Argument(help="A run file, or the folder of a study.")]) -> None:
    """What a result file or a study's folder holds, and whether it is whole."""
    from experiments.show import show_path

    show_path(path)


@app.command()
def equations() -> None:
    """The circuit's equations, as for a methods section."""
    from circuits import methods_text

    print(methods_text())


def find_study(name: str) -> Any:
    """The Study called `name`.  Raises StudyError naming the studies there are."""
    from importlib import import_module

    from experiments.study import StudyError

    if name not in STUDIES:
        raise StudyError(f"unknown study {name!r}; there is {', '.join(STUDIES)}")
    return import_module(f"experiments.studies.{name}").STUDY


def study_main(study: Any) -> NoReturn:
    """Command line of one study run as a script: the options of `prelimbic run`."""
    _main(["run", study.name, *sys.argv[1:]])


def main() -> NoReturn:
    """Entry point of `prelimbic`."""
    _main(sys.argv[1:])


def _main(words: list[str]) -> NoReturn:
    """Run the command; every known error is one sentence, exit code 2 for usage and 1 for failure."""
    try:
        code = app(words, prog_name="prelimbic", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message())
        sys.exit(USAGE)
    except click.ClickException as error:
        _say(error.format_message())
        sys.exit(USAGE)
    except (KeyboardInterrupt, click.Abort):
        _say("stopped; finished runs are kept, the same command goes on from there")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILURE)
    except Exception as error:
        kind = _kind(error)
        if kind is None:
            raise
        _say(str(error))
        sys.exit(kind)
    sys.exit(code if isinstance(code, int) else 0)


def _kind(error: Exception) -> int | None:
    """Exit code of an error that is the user's or the machine's; None for one that is ours."""
    from circuits import BuildError, CircuitError, EngineError, NetworkError
    from experiments.execute import ExecuteError
    from experiments.show import ShowError
    from experiments.store import StoreError
    from experiments.study import StudyError
    from parameters import SheetError
    from pharmacology import DoseError
    from plasticity import SpineError

    if isinstance(error, (StudyError, SheetError, DoseError, CircuitError, SpineError, ShowError)):
        return USAGE
    if isinstance(error, (BuildError, EngineError, NetworkError, ExecuteError, StoreError)):
        return FAILURE
    return None


def _share(text: str) -> tuple[int, int]:
    from experiments.study import StudyError

    try:
        k, n = (int(part) for part in text.split("/"))
    except ValueError:
        k, n = 0, 0
    if not 1 <= k <= n:
        raise StudyError(f"--share is {text!r} but must be k/N with 1 <= k <= N")
    return k, n


def _say(text: str) -> None:
    print(f"prelimbic: {' '.join(text.split())}", file=sys.stderr)
