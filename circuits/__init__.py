"""Block and weights go in, the circuit spikes, activity comes out."""

from prelimbic.circuits.activity import Activity
from prelimbic.circuits.cache import BuildError, build_record, program
from prelimbic.circuits.calibrate import (
    Calibration,
    CalibrationError,
    calibrate,
    residual_text,
    target_rates,
)
from prelimbic.circuits.constants import check_background
from prelimbic.circuits.describe import SCALES, Circuit, CircuitError, describe, resting_weights
from prelimbic.circuits.engine import EngineError, EngineLost
from prelimbic.circuits.manipulate import NAMED, manipulated
from prelimbic.circuits.methods import methods_text
from prelimbic.circuits.network import (
    SETTLE_S,
    STANDARD,
    Network,
    NetworkError,
    Numerics,
    Volley,
    drawn_network,
    model_of,
)
from prelimbic.circuits.potentials import as_recorded
from prelimbic.circuits.rig import Passive, Rig, of_projection, releases
from prelimbic.circuits.spectrum import BANDS, Spectrum
from prelimbic.circuits.toolchain import compiler, toolchain, why_no_compiler
from prelimbic.circuits.wiring import Wiring, draw

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
    "as_recorded",
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
    "of_projection",
    "program",
    "releases",
    "residual_text",
    "resting_weights",
    "target_rates",
    "toolchain",
    "why_no_compiler",
]
