"""Body: who is given a dose, and how volumes and clearances follow from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from prelimbic.parameters import COMPOUNDS, OLD, Animal, Factors
from prelimbic.parameters.plain import Check, choice, maybe, real, settle
from prelimbic.pharmacology.dose import DoseError

VOLUMES, FLOWS = ("central", "peripheral", "deep"), ("exchange", "deep_exchange", "clearance")
WEIGHTS = {"human": (1.0, 400.0), "rat": (0.005, 1.5), "mouse": (0.001, 0.1)}  # kg; assumed, against slips
SEXES = ("female", "male")
OLDEST = 120.0  # years
GENOTYPES = ("*1/*1", "*1/*6", "*6/*6")  # of CYP2B6, in man
TRAITS = {"sex": SEXES, "cyp2b6": GENOTYPES}


@dataclass(frozen=True)
class Body:
    """`weight` in kg, `sex`, the genotype of `cyp2b6`, and `age` in years, which changes clearances over OLD
    in man; what is not said is that of the sheet `species`.

    Raises DoseError for what cannot be.
    """

    weight: float | None = None
    sex: str | None = None
    cyp2b6: str | None = None
    age: float | None = None

    def __post_init__(self) -> None:
        settle(
            self,
            DoseError,
            weight=maybe(partial(real, unit="kg")),
            **{word: maybe(_among(values)) for word, values in TRAITS.items()},
            age=maybe(partial(real, unit="years")),
        )

    @property
    def covariates(self) -> tuple[str, ...]:
        """Sections of sheet `bodies`, behind the animal, that change what it does to drugs."""
        return tuple(_trait(word, value) for word, value in self._said.items())

    @property
    def _said(self) -> dict[str, str]:
        return {word: value for word in TRAITS if (value := getattr(self, word)) is not None}

    def check(self, animal: str, known: tuple[str, ...]) -> None:
        """Raise DoseError where the animal cannot have the weight, or nothing is known of what is said."""
        low, high = WEIGHTS[animal]
        if self.weight is not None and not low <= self.weight <= high:
            raise DoseError(
                f"`weight` is in kg and of a {animal} from {low:g} to {high:g}, not {self.weight:g}"
            )
        if self.age is not None and (animal != "human" or not 0.0 <= self.age <= OLDEST):
            raise DoseError(
                f"`age` is in years, of man, from 0 to {OLDEST:g}, not {self.age:g} of a {animal}"
            )
        for word, value in self._said.items():
            if _trait(word, value) not in known:
                others = ", ".join(each for each in TRAITS[word] if _trait(word, each) in known)
                there = f"; there is of {others}" if others else ""
                raise DoseError(
                    f"`{word}` {value}: there are no data of what it does to exposure in a {animal}{there}; "
                    "leave it out"
                )


def _among(values: tuple[str, ...]) -> Check:
    return lambda value, what, error: choice(value, values, what, error)


def _trait(word: str, value: str) -> str:
    return f"{word}/{value.replace('/', '')}"


AS_IT_IS = Body()


def in_body(
    animal: Animal, weight: Any = None, factors: tuple[Factors, ...] = (), age: Any = None
) -> Animal:
    """The animal at a weight (kg) and an age (years), or one a subject, with factors on clearances."""
    own = animal.body
    mass = own.reference_mass if weight is None else weight
    size = mass / own.reference_mass
    grown = {name: size**own.volume_exponent for name in VOLUMES}
    grown |= {name: size**own.flow_exponent for name in FLOWS}
    grown["clearance"] = grown["clearance"] * np.exp(
        -own.ageing * np.maximum((OLD if age is None else age) - OLD, 0.0)
    )
    drugs = {}
    for name, drug in animal.dispositions.items():
        changed = {part: getattr(drug, part) * by for part, by in grown.items()}
        for each in factors if name in COMPOUNDS else ():
            changed["clearance"] = changed["clearance"] * getattr(each, f"{name}_clearance")
        drugs[name] = replace(drug, **changed)
    return replace(animal, body=replace(own, reference_mass=mass), dispositions=drugs)
