"""What a simulated network is made of: texts, and which of its constants a population shares."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from typing import Any

# What every model has besides its own equations: the step, the key of its background, and steps left to wait
# after a spike.
ENGINE_EQUATIONS = """
step : second (shared, constant)
key_0 : integer (shared, constant)
key_1 : integer (shared, constant)
waiting : 1
"""


@dataclass(frozen=True)
class Contacts:
    """A synapse group: what a contact has, and what a spike that arrives there does.

    Where all of that is to add something in proportion to the number that a contact has, which must then be
    its only one, `proportional` lets those of 0 go undelivered.
    """

    name: str
    equations: str
    on_pre: str
    proportional: bool = False


@dataclass(frozen=True)
class Spare:
    """A part that the cells of a population may be without.

    Where none of its `sources`, which are constants, differs from 0, and none of its `contacts`, which are
    synapse groups, leads there, its `states` stay at 0 and its `sums`, of samples, as they are.
    """

    states: tuple[str, ...]
    sources: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    """A network as text in Brian2's language, the single source of what is simulated and of what is printed.

    `cells` are the equations of every cell: motion, constants, counters.  Cells beyond the first population
    may move by `motion_elsewhere`, the same motion without what only the first one has.  `draws` are
    variables that hold a new uniform number at every step, which `background` uses after the Euler step;
    draws that only the first population has end in `_apical`.  `sample` is done at every sample; `traces`
    are the means over the first population of variables it leaves. `alike` are the constants that all cells
    of a population share.  `recorded` is stored with every spike.  Loops are made for cells that have all of
    `spare`, for those without the first, without the first two, and so on.
    """

    cells: str
    threshold: str
    refractory: str
    reset: str
    background: str
    sample: str
    contacts: tuple[Contacts, ...]
    draws: tuple[str, ...]
    traces: tuple[str, ...]
    recorded: str
    alike: tuple[str, ...]
    motion_elsewhere: str = ""
    background_elsewhere: str = ""
    spare: tuple[Spare, ...] = ()

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the synapse groups."""
        return tuple(c.name for c in self.contacts)

    @property
    def digest(self) -> str:
        """Changes with any of the texts."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()[:16]

    @classmethod
    def from_dict(cls, texts: dict[str, Any]) -> Model:
        """The model that `dataclasses.asdict` took apart."""
        contacts = tuple(Contacts(**c) for c in texts["contacts"])
        spare = tuple(Spare(**{name: tuple(listed) for name, listed in s.items()}) for s in texts["spare"])
        listed = {name: tuple(texts[name]) for name in ("draws", "traces", "alike")}
        return cls(**(texts | listed | {"contacts": contacts, "spare": spare}))
