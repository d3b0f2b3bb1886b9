"""`prelimbic trial` and `prelimbic trials`: virtual trials."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prelimbic.experiments.cli.run import Words
from prelimbic.experiments.cli.words import PATH, Command, once
from prelimbic.parameters import CIRCUIT
from prelimbic.simulation.switches import AFFINITIES, DEFAULTS

if TYPE_CHECKING:
    from prelimbic.experiments.sweep.study import Options, Study
    from prelimbic.patients.trial import Trial

OWN = ("power", "without", "as_json", "affinity")
UNASKED: dict[str, Any] = {
    "plan": False,
    "scale": 1.0,
    "threads": None,
    "inhibitions": (),
    "manipulations": (),
    "overrides": (),
    "numbers": (),
    "spikes": False,
    "precision": 32,
    "step": 0.1,
    "portable": False,
    "delay_classes": 5,
}


@click.command(cls=Command)
@click.argument("design", metavar="NAME|FILE.toml")
@click.option("--seeds", type=int, help="Number of replications, counted from 1.  [default: 20]")
@click.option(
    "--sheet",
    "sheets",
    multiple=True,
    metavar="NAME",
    help=f"Circuit sheet that the surrogate is of; repeatable.  [default: {CIRCUIT}]",
)
@click.option(
    "--affinity", default=DEFAULTS["affinity"], show_default=True, help=f"{', '.join(AFFINITIES)}."
)
@click.option(
    "--power", metavar="n=20,40,80", help="How often trials of so many subjects find a difference."
)
@click.option(
    "--without",
    multiple=True,
    metavar="TERM",
    help="Leave out placebo, expectancy, unblinding, regression, noise or dropout; repeatable.",
)
@click.option("--workers", type=int, help="Worker processes.  [default: one a core; 1 with --cluster]")
@click.option("--out", type=PATH, help="Folder of the results.  [default: results/trial_NAME]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@click.option("--list", "list_runs", is_flag=True, help="List the replications; compute nothing.")
@click.option("--share", default="1/1", metavar="k/N", help="Compute only share k of N.")
@click.option("--among", type=PATH, metavar="FILE", help="Only runs that FILE names, one a line.")
@click.option("--cluster", help="Have it computed by jobs of a batch system, such as slurm.")
@click.option("--jobs", type=int, help="With --cluster: number of jobs.  [default: 8]")
@click.option("--time", "limit", metavar="TIME", help="With --cluster: time limit of a job.")
@click.option("--partition", help="With --cluster: partition of the jobs.")
@click.option("--mem", metavar="SIZE", help="With --cluster: memory of a job, such as 4G.")
@click.option("--account", help="With --cluster: account of the jobs.")
@click.option(
    "--sbatch", "further", multiple=True, metavar="OPTION", help="With --cluster: further option of sbatch."
)
def trial(design: str, **given: Any) -> None:
    """Replicate a virtual trial, one that `prelimbic trials` lists or the FILE.toml of your own, and analyse
    it.  What is finished is skipped; after a stop the same command goes on.
    """
    from prelimbic.experiments.cli.asked import options_asked
    from prelimbic.experiments.trials.answered import need_extra
    from prelimbic.experiments.trials.asked import changed, folder_of
    from prelimbic.experiments.trials.shipped import find_trial
    from prelimbic.experiments.trials.study import study_of

    own = {name: given.pop(name) for name in OWN}
    once("--without", own["without"])
    need_extra()
    name, asked = find_trial(design)
    asked = changed(asked, _sizes(own["power"]), own["without"] or None)
    study = study_of(asked, name)
    words, context = Words(**given, as_json=own["as_json"], **UNASKED), click.get_current_context()
    switches = {**DEFAULTS, "affinity": own["affinity"]}
    options = options_asked(words, switches, study, context)
    if words.out is None:
        options = replace(options, out=folder_of(study, asked, options))
    _carry_out(study, asked, options, words, own["as_json"])


def _sizes(text: str | None) -> list[int] | None:
    """`n=20,40,80` as numbers.  Raises UsageError."""
    if text is None:
        return None
    try:
        return [int(part) for part in text.removeprefix("n=").split(",")]
    except ValueError:
        raise click.UsageError(
            f"--power takes numbers of subjects, such as n=20,40,80, not {text!r}"
        ) from None


def _carry_out(study: Study, asked: Trial, options: Options, words: Words, as_json: bool) -> None:
    from prelimbic.experiments.cli.asked import jobs_asked
    from prelimbic.experiments.sweep.conduct import conduct, conduct_on_cluster, conduct_quietly, listing

    on = jobs_asked(words, options)
    if words.list_runs:
        listing(study, options, as_json)
    elif on is not None:
        asked_again = [f"--seeds={options.seeds}", *(f"--sheet={sheet}" for sheet in options.sheets)]
        conduct_on_cluster(study, options, on, [*asked_again, f"--affinity={options.hypotheses.affinity}"])
    elif as_json:
        conduct_quietly(study, options, progress=False)
        _print_json(asked, options.out)
    else:
        conduct(study, options)


def _print_json(asked: Trial, folder: Path) -> None:
    from prelimbic.experiments.storage.dataset import load
    from prelimbic.experiments.trials.answered import results
    from prelimbic.experiments.trials.asked import as_json

    visits = load(folder)
    print(json.dumps(as_json(asked, visits, results(visits, asked))))


@click.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
def trials(as_json: bool) -> None:
    """Every trial that ships, a design in a file, which prelimbic trial takes by its name, to copy and
    change.
    """
    from prelimbic.experiments.trials.shipped import trials as shipped

    found = shipped()
    if as_json:
        print(found.reset_index().to_json(orient="records"))
        return
    for name, row in found.iterrows():
        told = f"{row['design']}, {row['blinding']}, {row['subjects']} subjects: {row['arms']}"
        print(f"{name:26}{row['title']}\n{'':26}{told}\n{'':26}{row['file']}")
