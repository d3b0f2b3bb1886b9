"""The words of a command line: what is unknown is answered with what may have been meant, and nothing is
dropped silently.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

# A path that may not be read is told of by those who read it.
PATH = click.Path(path_type=Path, readable=False)


def give_option(example: str) -> Any:
    """The option of what is given, in its grammar."""
    return click.option(
        "--give",
        multiple=True,
        metavar="TEXT",
        help="[COMPOUND] AMOUNT UNIT ROUTE [over DURATION] [at TIME, ... | every INTERVAL x N [from TIME]], "
        f"such as '{example}'; repeatable.",
    )


BODY = {
    "weight": (
        "KG",
        "Body weight, 70 or '25 g', which volumes and clearances follow.  [default: the sheet's]",
    ),
    "sex": ("SEX", "female or male, where its effect on exposure is known."),
    "age": ("YEARS", "In man; clearances fall over 60."),
    "cyp2b6": ("GENOTYPE", "Of CYP2B6, such as '*1/*6', where its effect on exposure is known."),
}


def body_options(command: Any) -> Any:
    """Options of who is given a dose."""
    for word, (metavar, help_) in reversed(BODY.items()):
        command = click.option(f"--{word}", metavar=metavar, help=help_)(command)
    return command


class Command(click.Command):
    """A command that refuses an option given twice where it takes one value."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            given = self.make_parser(ctx).parse_args(list(args))[2]
        except click.NoSuchOption as error:
            from prelimbic.parameters import near

            name = str(error.option_name)
            siblings = getattr(ctx.parent.command, "commands", {}) if ctx.parent else {}
            others = [
                word for word, other in siblings.items() for option in other.params if name in option.opts
            ]
            like = near(name, (known for option in self.params for known in option.opts))
            taken = f"; prelimbic {' and '.join(others)} take{'s' if len(others) == 1 else ''} it"
            told = like or (taken if others else "")
            raise click.UsageError(f"{ctx.info_name} has no option {name}{told}") from None
        for option, times in Counter(() if ctx.resilient_parsing else given).items():
            if isinstance(option, click.Option) and times > 1 and not (option.multiple or option.is_eager):
                raise click.UsageError(f"{option.opts[0]} is given {times} times but may be given once")
        try:
            return super().parse_args(ctx, args)
        except click.MissingParameter as error:
            if isinstance(error.param, click.Option):
                raise click.UsageError(
                    f"{ctx.info_name} needs {error.param.opts[0]}: {error.param.help}"
                ) from None
            name = error.param.human_readable_name if error.param else "an argument"
            raise click.UsageError(
                f"{ctx.info_name} needs {name}; prelimbic {ctx.info_name} --help says more"
            ) from None


class Group(click.Group):
    """Commands by name; a study in the place of a command, or an option before one, is told where it
    belongs.
    """

    command_class = Command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            name = error.option_name
            takes = [
                word
                for word, command in self.commands.items()
                for option in command.params
                if name in option.opts
            ]
            told = f"; write it after the command, as in prelimbic {takes[0]} {name}" if takes else ""
            raise click.UsageError(f"there is no option {name} before the command{told}") from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not ctx.resilient_parsing:
            from prelimbic.experiments.studies.registry import all_studies
            from prelimbic.parameters import near

            run = {study: f"prelimbic run {study}" for study in all_studies()}
            if name in run:
                raise click.UsageError(f"{name} is a study, not a command; write {run[name]}")
            like = near(name, self.commands) or near(f"prelimbic run {name}", run.values())
            raise click.UsageError(
                f"there is no command {name!r}{like}; there are {', '.join(self.commands)}"
            )
        return super().resolve_command(ctx, args)


def once(option: str, values: Any, what: str = "") -> None:
    """Raise UsageError where one of the values of a repeatable option, or what stands for it, is given
    twice.
    """
    for value, times in Counter(values).items():
        if times > 1:
            raise click.UsageError(f"{option} {value} is given {times} times{what}")


def target(manipulation: str) -> str:
    """What a manipulation changes, without how much."""
    head, at, site = manipulation.partition("@")
    return f"{head.partition('=')[0]}{at}{site}"
