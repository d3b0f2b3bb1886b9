"""`prelimbic completion`: what a shell needs to complete commands, options, studies and switches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

from prelimbic.experiments.cli.words import Command

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_PRELIMBIC_COMPLETE"  # by which the shell asks; click's name for a program called prelimbic
Completed = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]


@click.command(cls=Command)
@click.argument("shell", metavar="bash|zsh|fish")
def completion(shell: str) -> None:
    """Print the script with which a shell completes commands, options, studies, protocols and switches.

    \b
    bash:  eval "$(prelimbic completion bash)"     in ~/.bashrc; bash 4.4 or later
    zsh:   eval "$(prelimbic completion zsh)"      in ~/.zshrc, after compinit
    fish:  prelimbic completion fish > ~/.config/fish/completions/prelimbic.fish
    """
    from click.shell_completion import get_completion_class

    from prelimbic.parameters import near

    made = get_completion_class(shell) if shell in SHELLS else None
    if made is None:
        raise click.UsageError(
            f"completion takes {', '.join(SHELLS[:-1])} or {SHELLS[-1]}, not {shell!r}{near(shell, SHELLS)}"
        )
    root = click.get_current_context().find_root().command
    print(made(root, {}, "prelimbic", VARIABLE).source())


def among(words: Callable[[], Iterable[str]], files: bool = False) -> Completed:
    """Completes the beginning of one of some words, which are looked up when a shell asks; what begins none
    of them is a file, where it may be.
    """

    def complete(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        found = [CompletionItem(word) for word in words() if word.startswith(begun)]
        return found or ([CompletionItem(begun, type="file")] if files else [])

    return complete


def studies() -> list[str]:
    """All that `run` takes by name."""
    from prelimbic.experiments.questions.shipped import shipped_protocols
    from prelimbic.experiments.studies.registry import all_studies

    return [*all_studies(), *shipped_protocols()]


def sheets() -> list[str]:
    """Circuit sheets that ship."""
    from prelimbic.parameters import CIRCUITS

    return [*CIRCUITS]


def species() -> list[str]:
    """Species that can be asked for."""
    from prelimbic.parameters import SPECIES

    return [*SPECIES]
