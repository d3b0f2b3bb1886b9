"""What a study reads of all that can be asked of it, and what it sets itself.  Everything else is refused: a
switch that is accepted and moves nothing would rename the runs, and its user would take the answer for one
to his question.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from prelimbic.experiments.sweep.options import flag
from prelimbic.pharmacology import Dose
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.inhibition import Inhibition
from prelimbic.simulation.switches import ARMS, DEFAULTS, SWITCHES

DRUG = ("site", "selectivity", "affinity", "hcn")  # what the drug does to the circuit
CIRCUIT = ("baseline", "state")
SLOW = tuple(switch for switch in SWITCHES if switch in {*ARMS, "trkb"})  # what the drug does to the cascade
HEALTHY = {"baseline": "to healthy", "state": "to awake"}
NULLS = {"site": "to all, and to each control model beside it"}
AWAKE_NULLS = NULLS | HEALTHY
WITHOUT_MAN = "it gives a drug to rat or mouse, and kamp is known in man alone"


@dataclass(frozen=True)
class Reads:
    """Of `switches` a study reads any option, of `sets` it puts its own (name -> what, and why); `options`
    are those of `--inhibit`, `--manipulate` and `--spikes` that do something there.  `lacks` says why the
    rest does nothing.

    `slow`: whether its runs go through the slow layer, in circuits up to scale `slow_to`.  `baths` (drug ->
    uM) and `doses` are what a run is given beside those of its configuration.  `calibrates`: its circuits
    are brought to their target rates; `drawn`: their numbers are drawn from ranges; `quiet`: nothing reaches
    their cells from outside.  `plasma`: no circuit runs, and what is read of a study's own doses is how much
    there is of them.
    """

    switches: tuple[str, ...] = ()
    options: tuple[str, ...] = ("manipulate",)
    sets: Mapping[str, str] = field(default_factory=dict)
    lacks: str = "nothing slow moves in it"
    slow: bool = False
    slow_to: float = float("inf")
    baths: Mapping[str, float] = field(default_factory=dict)
    doses: tuple[Dose, ...] = ()
    calibrates: bool = False
    drawn: bool = False
    quiet: bool = False
    plasma: bool = False

    def refusal(
        self,
        study: str,
        hypotheses: Hypotheses,
        inhibitions: tuple[Inhibition, ...],
        manipulations: tuple[str, ...],
        spikes: bool,
        given: Collection[str],
    ) -> str | None:
        """Why the study cannot be asked this, in one sentence; nothing where it can.

        `given`: names of what was asked for by name, at its default or not.
        """
        for name, told, asked in _asked(hypotheses, inhibitions, manipulations, spikes):
            if name in self.sets and (asked or name in given):
                sets = f"study {study} sets {flag(name)} itself ({self.sets[name]})"
                return f"{sets}: leave out {told}; {self.words()}"
            if asked and name not in (*self.switches, *self.options):
                why = WITHOUT_MAN if name == "hnk_exposure" else self.lacks
                return f"study {study} does not read {told}: {why}; {self.words()}"
        for name in sorted({*self.sets} & {*given} & {*NUMERICS}):
            return (
                f"study {study} sets {flag(name)} itself ({self.sets[name]}): leave it out; {self.words()}"
            )
        return None

    def words(self) -> str:
        """What the study reads, in words."""
        names = [flag(name) for name in (*self.switches, *self.options)]
        return f"of these options it reads {', '.join(names)}" if names else "it takes no switches"


def _asked(
    hypotheses: Hypotheses, inhibitions: tuple[Inhibition, ...], manipulations: tuple[str, ...], spikes: bool
) -> Iterator[tuple[str, str, bool]]:
    """Every option with its value as the command line has it, and whether it is not the default."""
    for switch in SWITCHES:
        chosen = getattr(hypotheses, switch)
        yield switch, f"{flag(switch)} {chosen}", chosen != DEFAULTS[switch]
    yield "inhibit", f"--inhibit {inhibitions[0].name}" if inhibitions else "--inhibit", bool(inhibitions)
    yield (
        "manipulate",
        f"--manipulate {manipulations[0]}" if manipulations else "--manipulate",
        bool(manipulations),
    )
    yield "spikes", "--spikes", spikes


# options of the circuit's arithmetic, which most studies leave as asked
NUMERICS = ("precision", "step", "delay_classes")
NOTHING = Reads()
EVERY = (*DRUG, *CIRCUIT, *SLOW, "hnk")
STORED = ("inhibit", "manipulate", "spikes")
# the loop of the whole model, stored as a whole
DAYS = Reads(EVERY, STORED, slow=True, lacks="nothing there reads it")


def days(
    *unread: str,
    sets: Mapping[str, str] | None = None,
    more: tuple[str, ...] = (),
    options: tuple[str, ...] = STORED,
    lacks: str = DAYS.lacks,
) -> Reads:
    """A study of days: all that the loop reads, but for what it sets itself and what is `unread`."""
    sets = sets or {}
    switches = tuple(s for s in (*EVERY, *more) if s not in sets and s not in unread)
    return Reads(switches, tuple(o for o in options if o not in sets), sets, lacks, slow=True)
