#!/usr/bin/env bash
# Guess: pint keeps the unit of a dose per body weight as that of any other dose: float() of "0.5 mg/kg" refuses, as float() of "35 mg"
#   does, or gives the number that is written, as numpy does; and a rate constant (1/h) cannot be added to an infusion rate (mg/kg/h).
# Seen: mass over mass is no dimension, so nothing refuses: float() gives 5e-07 in silence, `> 0.1` is False, adding a plain 1 gives
#   1.0000005, and 0.3/h + 0.2 mg/kg/h is 0.3000002/h. numpy.full(2, dose) holds 0.5, numpy.array([dose, dose], dtype=float) 5e-07.
#   It still prints as "0.5 milligram / kilogram", and times a weight it is right (35 mg at 70 kg).
# Who meets it: whoever takes doses as mg/kg, ug/kg/min or ug/g of tissue through pint and hands the number on to numpy, math, pandas or
#   JSON; `.magnitude`, or m_as("mg/kg"), gives what is written.
# Source: what is run below; seen with pint 0.25.3 and numpy 2.3.5.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q pint==0.25.3 numpy==2.3.5 2>/dev/null
cd "$place"
venv/bin/python -W ignore - <<'END'
from importlib.metadata import version

import numpy as np
import pint

print("pint", version("pint"), "numpy", version("numpy"))
units = pint.UnitRegistry()
dose, whole = units("0.5 mg/kg"), units("35 mg")


def told(ask):
    try:
        return str(ask())
    except pint.DimensionalityError as error:
        return f"refuses: {error}"


seen = {
    'float of "35 mg"': told(lambda: float(whole)),
    'float of "0.5 mg/kg"': told(lambda: float(dose)),
    "the same, printed": told(lambda: dose),
    "0.5 mg/kg > 0.1": told(lambda: dose > 0.1),
    "0.5 mg/kg + 1": told(lambda: dose + 1),
    "numpy.full(2, dose)": told(lambda: np.full(2, dose)),
    "numpy.array([dose, dose], dtype=float)": told(lambda: np.array([dose, dose], dtype=float)),
    "0.3/h + 0.2 mg/kg/h": told(lambda: units("0.3/h") + units("0.2 mg/kg/h")),
    "0.5 mg/kg * 70 kg": told(lambda: dose * units("70 kg")),
}
for what, answer in seen.items():
    print(f"{what}: {answer}")
mass, per_kg, printed, more, one, full, array, rates, times = seen.values()
assert mass.startswith("refuses") and per_kg == "5e-07" and printed == "0.5 milligram / kilogram"
assert more == "False" and one.startswith("1.0000005")
assert full == "[0.5 0.5]" and array == "[5.e-07 5.e-07]"
assert rates == "0.3000002 / hour" and times == "35.0 milligram"
END
