#!/usr/bin/env bash
# Guess: scipy.linalg.expm gives the matrix exponential of a small, well-scaled matrix to some 1e-14, the more so of a triangular one,
#   for which it has a branch of its own.
# Seen: of a lower triangular matrix whose diagonal entries are almost equal (relative difference 1e-12) an entry off the diagonal is
#   wrong by 1e-6; a tiny number in the other corner, which takes the general branch, makes it right to 1e-13. The branch takes divided
#   differences of exponentials of the diagonal, which cancel.
# Who meets it: whoever solves one-way chains with expm - absorption into a compartment ("flip-flop" kinetics, where the absorption rate
#   is close to the elimination rate), transit compartments, decay chains - and fits or draws their rates.
# Source: what is run below, against the closed form of a chain of two; seen with scipy 1.17.1.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q scipy==1.17.1 2>/dev/null
cat > "$place/chain.py" <<'END'
import numpy as np
import scipy
from scipy.linalg import expm

difference = 1e-12  # of the two rates, relative
chain = np.array([[-1.0 - difference, 0.0], [1.0, -1.0]]) * 20.0  # absorbed at one rate, eliminated at nearly the same
exact = np.exp(-20.0) * -np.expm1(-20.0 * difference) / difference
triangular = expm(chain)[1, 0] / exact - 1.0
general = expm(chain + 1e-300 * np.array([[0.0, 1.0], [0.0, 0.0]]))[1, 0] / exact - 1.0
print(f"scipy {scipy.__version__}: relative error of the triangular matrix {triangular:.1e}, "
      f"with 1e-300 in the other corner {general:.1e}")
assert abs(triangular) > 1e-8, "the triangular branch is exact now"
assert abs(general) < 1e-11, "the general branch is not exact any more"
END
"$place/venv/bin/python" "$place/chain.py"
