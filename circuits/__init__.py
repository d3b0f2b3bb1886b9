"""Block and weights go in, the circuit spikes, activity comes out."""

from circuits.activity import Activity
from circuits.cache import BuildError, compiler, cpu_target, program
from circuits.calibrate import Calibration, CalibrationError, calibrate, residual_text
from circuits.constants import check_background
from circuits.describe import SCALES, Circuit, CircuitError, describe, resting_weights
from circuits.engine import EngineError
from circuits.equations import methods_text
from circuits.manipulate import NAMED, manipulated
from circuits.network import Network, NetworkError, drawn_network, structure_of
from circuits.rig import Passive, Rig, releases
from circuits.spectrum import BANDS, Spectrum
from circuits.wiring import Wiring, draw

__all__ = [
    "BANDS", "NAMED", "SCALES", "Activity", "BuildError", "Calibration", "CalibrationError", "Circuit", "CircuitError",
    "EngineError", "Network", "NetworkError", "Passive", "Rig", "Spectrum", "Wiring", "calibrate", "check_background",
    "compiler", "cpu_target", "describe", "draw", "drawn_network", "manipulated", "methods_text", "program",
    "releases", "residual_text", "resting_weights", "structure_of",
]  # fmt: skip
