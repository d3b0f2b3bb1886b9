"""What `prelimbic run` was asked, in the terms of those who carry it out."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

from prelimbic.circuits import Numerics
from prelimbic.experiments.cli.run import Words
from prelimbic.experiments.cli.words import once, target
from prelimbic.experiments.sweep.cluster import BACKENDS
from prelimbic.experiments.sweep.folders import own_name
from prelimbic.experiments.sweep.options import flag
from prelimbic.experiments.sweep.queue import Jobs
from prelimbic.experiments.sweep.study import Options, Study, StudyError
from prelimbic.parameters import CIRCUITS, near
from prelimbic.parameters.granted import THREADS, threads_asked, workers_by_default
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.inhibition import parse_inhibitions
from prelimbic.simulation.overrides import parse_overrides

# Options of `run` that are not those of a share.
OF_THE_DRIVER = (
    "cluster",
    "jobs",
    "limit",
    "partition",
    "mem",
    "account",
    "further",
    "workers",
    "threads",
    "out",
    "share",
    "among",
    "list_runs",
    "as_json",
    "plan",
)


def options_asked(words: Words, switches: dict[str, str], study: Study, context: click.Context) -> Options:
    """What is asked of the study.  Raises UsageError, StudyError, SheetError and what switches and
    inhibitors raise.
    """
    once("--sheet", words.sheets)
    each = [s for name in words.sheets or (study.sheet,) for s in (CIRCUITS if name == "all" else (name,))]
    sheets = tuple(dict.fromkeys(each))
    inhibitions = tuple(item for text in words.inhibitions for item in parse_inhibitions(text))
    once("--inhibit", (f"{i.name}@{i.start:g}h" for i in inhibitions), "; give more of it as NAME=AMOUNT")
    once("--number", words.numbers)
    once("--manipulate", (target(text) for text in words.manipulations))
    options = Options(
        seeds=study.seeds if words.seeds is None else words.seeds,
        scale=words.scale,
        workers=_workers(words),
        out=words.out or Path("results"),
        share=share_asked(words.share),
        among=words.among,
        sheets=sheets,
        overrides=parse_overrides(words.overrides, sheets),
        hypotheses=Hypotheses(**switches),
        inhibitions=inhibitions,
        manipulations=words.manipulations,
        spikes=words.spikes,
        numbers=words.numbers,
        numerics=Numerics(words.precision, words.step, words.delay_classes, words.portable),
        given=named(context),
    )
    return options if words.out else replace(options, out=options.out / own_name(study, options))


def _workers(words: Words) -> int:
    """Worker processes, whose circuits have the threads asked for from here on.  Jobs of a cluster have CPUs
    of their own.  Raises UsageError.
    """
    if words.threads is not None and words.cluster is None:
        asked = {THREADS: str(words.threads)}
        threads_asked(asked, "--threads")
        os.environ.update(asked)  # which worker processes inherit
    return workers_by_default() if words.workers is None else words.workers


def jobs_asked(words: Words, options: Options) -> Jobs | None:
    """The jobs of a cluster asked for, or none.  Raises StudyError."""
    given = {
        "--jobs": words.jobs,
        "--time": words.limit,
        "--partition": words.partition,
        "--mem": words.mem,
        "--account": words.account,
        "--sbatch": words.further or None,
    }
    if words.cluster is None:
        if astray := [option for option, value in given.items() if value is not None]:
            first = next(iter(BACKENDS))
            raise StudyError(f"{astray[0]} is for jobs of a cluster; add --cluster {first}, or leave it out")
        return None
    if words.cluster not in BACKENDS:
        raise StudyError(
            f"--cluster is {words.cluster!r}{near(words.cluster, BACKENDS)} but must be "
            f"{' or '.join(BACKENDS)}; "
            "elsewhere use --share k/N in a batch script"
        )
    if options.share != (1, 1) or options.among is not None:
        raise StudyError("--cluster makes shares itself; leave out --share and --among")
    once("--sbatch", (word.partition("=")[0] for word in words.further))
    jobs = Jobs(
        cluster=words.cluster,
        workers=words.workers or 1,
        threads=1 if words.threads is None else words.threads,
        time=words.limit or "",
        partition=words.partition or "",
        memory=words.mem or "",
        account=words.account or "",
        further=words.further,
    )
    jobs = jobs if words.jobs is None else replace(jobs, count=words.jobs)
    BACKENDS[jobs.cluster].check(jobs)
    return jobs


def words_asked(context: click.Context, study: Study, options: Options) -> list[str]:
    """The words of this command that a share of it is asked with, but for --out and the file of a question,
    which the driver keeps.
    """
    if study.asked is not None:
        return _how(options)
    words: list[str] = []
    for parameter in context.command.params:
        value = context.params.get(parameter.name or "")
        if isinstance(parameter, click.Argument):
            words.append(str(value))
        elif (
            parameter.name not in OF_THE_DRIVER
            and value is not None
            and value != parameter.get_default(context)
        ):
            values = value if parameter.multiple else (value,)
            words += (
                [parameter.opts[0]] if value is True else [f"{parameter.opts[0]}={one}" for one in values]
            )
    return words


def _how(options: Options) -> list[str]:
    """How runs are computed, in words."""
    numbers = {"seeds": options.seeds, "scale": options.scale}
    numbers |= {name: value for name, value in vars(options.numerics).items() if name != "portable"}
    words = [f"{flag(name)}={value}" for name, value in numbers.items()]
    words += ["--spikes"] * options.spikes + ["--portable"] * options.numerics.portable
    return words + [f"--sheet={sheet}" for sheet in options.sheets]


def named(context: click.Context) -> frozenset[str]:
    """The options that were given by name, be it at their default."""
    line = click.core.ParameterSource.COMMANDLINE
    return frozenset(
        str(p.name) for p in context.command.params if context.get_parameter_source(str(p.name)) is line
    )


def share_asked(text: str) -> tuple[int, int]:
    """`k/N` -> (k, N).  Raises StudyError."""
    try:
        k, n = (int(part) for part in text.split("/"))
    except ValueError:
        k, n = 0, 0
    if not 1 <= k <= n:
        raise StudyError(f"--share is {text!r} but must be k/N with 1 <= k <= N")
    return k, n
