"""What an exposure is of, in words: what is given, and to whom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from prelimbic.experiments.cli.words import BODY

if TYPE_CHECKING:
    from prelimbic.simulation.config import Config

TRAITS = tuple(word for word in BODY if word != "weight")


@dataclass(frozen=True)
class Shown:
    """One exposure: its arm, where it has one; what is given, in words; and all that it follows from."""

    arm: str
    heading: str
    config: Config


def in_words(config: Config) -> str:
    """What is given, and to whom."""
    from prelimbic.simulation.given import as_given, bath_in_words

    doses = as_given([dose for dose in config.doses if dose.amount])
    texts = [str(replace(text, amount=float(f"{text.amount:.4g}"))) for text in doses]
    texts += [f"bath {text}" for text in (bath_in_words(config.bath) if config.bath is not None else ())]
    return f"{'; '.join(texts)}, {whose(config)}"


def whose(config: Config) -> str:
    """Who is given something."""
    body = config.body
    weight = "" if body.weight is None else f" of {body.weight:g} kg"
    said = ((word, getattr(body, word)) for word in TRAITS)
    traits = (
        f", {word} {v:g}" if isinstance(v, float) else f", {word} {v}" for word, v in said if v is not None
    )
    return f"{config.species}{weight}{''.join(traits)}"
