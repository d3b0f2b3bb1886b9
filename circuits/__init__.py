"""Block and weights go in, the circuit spikes, activity comes out."""

from circuits.activity import Activity
from circuits.cache import BuildError, compiler, cpu_target, program
from circuits.describe import SCALES, Circuit, CircuitError, describe
from circuits.engine import EngineError
from circuits.equations import methods_text
from circuits.network import Network, NetworkError, structure_of
from circuits.wiring import Wiring, draw

__all__ = [
    "SCALES", "Activity", "BuildError", "Circuit", "CircuitError", "EngineError", "Network", "NetworkError", "Wiring",
    "compiler", "cpu_target", "describe", "draw", "methods_text", "program", "structure_of",
]  # fmt: skip
