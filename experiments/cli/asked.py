"""What `prelimbic run` was asked, in the terms of those who carry it out."""

from __future__ import annotations

from dataclasses import replace

import click

from prelimbic.experiments.cli.words import once
from prelimbic.experiments.sweep.cluster import ENGINES, Jobs
from prelimbic.experiments.sweep.study import Options, StudyError
from prelimbic.parameters import near

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
    "out",
    "share",
    "among",
    "list_runs",
)


def jobs_asked(
    cluster: str | None,
    count: int | None,
    time: str | None,
    partition: str | None,
    memory: str | None,
    account: str | None,
    further: tuple[str, ...],
    workers: int | None,
    options: Options,
) -> Jobs | None:
    """The jobs of a cluster asked for, or none.  Raises StudyError."""
    given = {
        "--jobs": count,
        "--time": time,
        "--partition": partition,
        "--mem": memory,
        "--account": account,
        "--sbatch": further or None,
    }
    if cluster is None:
        if astray := [option for option, value in given.items() if value is not None]:
            raise StudyError(f"{astray[0]} is for jobs of a cluster; add --cluster slurm, or leave it out")
        return None
    if cluster not in ENGINES:
        raise StudyError(
            f"--cluster is {cluster!r}{near(cluster, ENGINES)} but must be {' or '.join(ENGINES)}; elsewhere "
            "use --share k/N in a batch script"
        )
    if options.share != (1, 1) or options.among is not None:
        raise StudyError("--cluster makes shares itself; leave out --share and --among")
    once("--sbatch", (word.partition("=")[0] for word in further))
    jobs = Jobs(
        workers=workers or 1,
        time=time or "",
        partition=partition or "",
        memory=memory or "",
        account=account or "",
        further=further,
    )
    return jobs if count is None else replace(jobs, count=count)


def words_asked(context: click.Context) -> list[str]:
    """The words of this command that a share of it is asked with, but for --out."""
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
