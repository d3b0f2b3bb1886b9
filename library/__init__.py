"""prelimbic: what ketamine does to a prefrontal microcircuit, from a dose to spikes and synapses.

What a notebook needs stands here; each name is imported when it is first asked for.

    import prelimbic as pl

    run = pl.Scenario(species="rat", give="ketamine 10 mg/kg ip at 0h")
    tree = pl.simulate(run, seed=1)
    sweep = pl.sweep(run, vary={"dose": [0, 3, 10]}, seeds=10)
    pl.plot(sweep)

Every known error is a UsageError (what was asked cannot be) or a RunError (the machine, a file or a
simulation failed).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prelimbic.circuits import Numerics
    from prelimbic.experiments.claims.look import NotJudgedWarning, claims
    from prelimbic.experiments.exchange.export import PartialExportWarning, export
    from prelimbic.experiments.questions.shipped import protocols
    from prelimbic.experiments.questions.sweep import plot, sweep
    from prelimbic.experiments.reports.compared import compare
    from prelimbic.experiments.reports.page import report
    from prelimbic.experiments.storage.dataset import MissingRunsWarning, load
    from prelimbic.experiments.storage.targets import MixedTargetsWarning
    from prelimbic.experiments.studies.registry import studies
    from prelimbic.experiments.trials.asked import trial
    from prelimbic.experiments.trials.shipped import trials
    from prelimbic.parameters import numbers
    from prelimbic.parameters.brought import LeftOutWarning
    from prelimbic.parameters.errors import RunError, UsageError
    from prelimbic.patients.course import courses
    from prelimbic.patients.subjects import people
    from prelimbic.pharmacology import Bath, Dose
    from prelimbic.simulation.exposure import exposure
    from prelimbic.simulation.hypotheses import Hypotheses
    from prelimbic.simulation.inhibition import Inhibition
    from prelimbic.simulation.protocol import Protocol
    from prelimbic.simulation.scenario import Scenario, UnusualDoseWarning
    from prelimbic.simulation.subjects import population
    from prelimbic.simulation.tree import InterpretedWarning, simulate

_HOMES = {
    "Bath": "pharmacology",
    "Dose": "pharmacology",
    "Hypotheses": "simulation.hypotheses",
    "Inhibition": "simulation.inhibition",
    "InterpretedWarning": "simulation.tree",
    "LeftOutWarning": "parameters.brought",
    "MissingRunsWarning": "experiments.storage.dataset",
    "MixedTargetsWarning": "experiments.storage.targets",
    "NotJudgedWarning": "experiments.claims.look",
    "Numerics": "circuits",
    "PartialExportWarning": "experiments.exchange.export",
    "Protocol": "simulation.protocol",
    "RunError": "parameters.errors",
    "Scenario": "simulation.scenario",
    "UnusualDoseWarning": "simulation.scenario",
    "UsageError": "parameters.errors",
    "claims": "experiments.claims.look",
    "courses": "patients.course",
    "compare": "experiments.reports.compared",
    "export": "experiments.exchange.export",
    "exposure": "simulation.exposure",
    "load": "experiments.storage.dataset",
    "numbers": "parameters",
    "people": "patients.subjects",
    "plot": "experiments.questions.sweep",
    "population": "simulation.subjects",
    "protocols": "experiments.questions.shipped",
    "report": "experiments.reports.page",
    "simulate": "simulation.tree",
    "studies": "experiments.studies.registry",
    "sweep": "experiments.questions.sweep",
    "trial": "experiments.trials.asked",
    "trials": "experiments.trials.shipped",
}
__all__ = [
    "Bath",
    "Dose",
    "Hypotheses",
    "Inhibition",
    "InterpretedWarning",
    "LeftOutWarning",
    "MissingRunsWarning",
    "MixedTargetsWarning",
    "NotJudgedWarning",
    "Numerics",
    "PartialExportWarning",
    "Protocol",
    "RunError",
    "Scenario",
    "UnusualDoseWarning",
    "UsageError",
    "claims",
    "compare",
    "courses",
    "export",
    "exposure",
    "load",
    "numbers",
    "people",
    "plot",
    "population",
    "protocols",
    "report",
    "simulate",
    "studies",
    "sweep",
    "trial",
    "trials",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    if name in _HOMES:
        return getattr(import_module(f"prelimbic.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'prelimbic' has no attribute {name!r}")


def _version() -> str:
    """The version that is installed; of a folder that is not installed, 0+unknown."""
    from importlib.metadata import PackageNotFoundError, version  # slow to import

    try:
        return version("prelimbic")
    except PackageNotFoundError:
        return "0+unknown"


def __dir__() -> list[str]:
    return __all__
