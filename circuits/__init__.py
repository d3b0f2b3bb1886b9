"""Block and weights go in, the circuit spikes, activity comes out."""

from circuits.activity import Activity
from circuits.cache import BuildError, build_record, program
from circuits.calibrate import Calibration, CalibrationError, calibrate, residual_text
from circuits.constants import check_background
from circuits.describe import SCALES, Circuit, CircuitError, describe, resting_weights
from circuits.engine import EngineError, EngineLost
from circuits.equations import methods_text
from circuits.manipulate import NAMED, manipulated
from circuits.network import SETTLE_S, STANDARD, Network, NetworkError, Numerics, Volley, drawn_network, model_of
from circuits.rig import Passive, Rig, releases
from circuits.spectrum import BANDS, Spectrum
from circuits.toolchain import compiler, toolchain, why_no_compiler
from circuits.wiring import Wiring, draw

__all__ = [
    "BANDS",
    "NAMED",
    "SCALES",
    "SETTLE_S",
    "STANDARD",
    "Activity",
    "BuildError",
    "Calibration",
    "CalibrationError",
    "Circuit",
    "CircuitError",
    "EngineError",
    "EngineLost",
    "Network",
    "NetworkError",
    "Numerics",
    "Passive",
    "Rig",
    "Spectrum",
    "Volley",
    "Wiring",
    "build_record",
    "calibrate",
    "check_background",
    "compiler",
    "describe",
    "draw",
    "drawn_network",
    "manipulated",
    "methods_text",
    "model_of",
    "program",
    "releases",
    "residual_text",
    "resting_weights",
    "toolchain",
    "why_no_compiler",
]
