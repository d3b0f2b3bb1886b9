"""The one factor from IC50 of recombinant receptors to those of tissue: `python benchmarks/fit_affinity.py`.

Fitted on what was recorded of occupancy and of shutdown (claims V4b and V4c), for the Pyr cells of a sheet
and with the Hill slope of the sheet `compounds`; memantine's shutdown is then a prediction.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.optimize import minimize_scalar

from prelimbic.circuits import describe
from prelimbic.parameters import circuit_numbers, circuit_sheet, compounds, disposition, in_tissue, sheet
from prelimbic.pharmacology.block import by_subunit

# uM unbound in plasma of rats, 95 % interval (Shaffer 2014); share shut by 10 uM, +- (Mealing 1999)
HALF_UM, HALF_LOW, HALF_HIGH = 1.42, 0.99, 2.14
SHUT, SHUT_SE = 0.80, 0.02


def main() -> None:
    """Print the factor with what it makes of the records."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sheet", default="native")
    mixture = describe(circuit_numbers(circuit_sheet(parser.parse_args().sheet)), 1.0, 1.0).mixtures[0]
    to_brain = disposition("ketamine", "rat", sheet("species")).brain_to_plasma_unbound

    def found(log_factor: float) -> tuple[float, float, float]:
        source = sheet("compounds").replaced({"tissue.factor": float(np.exp(log_factor))})
        drugs = in_tissue(compounds(source), source)
        tried = np.geomspace(1e-2, 1e2, 2001)
        shut = np.array([by_subunit(np.array([c]), [drugs["ketamine"]]) @ mixture for c in tried])
        ten = [float(by_subunit(np.array([10.0]), [drugs[d]]) @ mixture) for d in ("ketamine", "memantine")]
        return float(np.interp(0.5, shut, tried)) / to_brain, ten[0], ten[1]

    spread = np.log(HALF_HIGH / HALF_LOW) / (2 * 1.96)

    def miss(log_factor: float) -> float:
        half, ten, _ = found(log_factor)
        return (np.log(half / HALF_UM) / spread) ** 2 + ((ten - SHUT) / SHUT_SE) ** 2

    best = minimize_scalar(miss, bounds=(np.log(0.05), 0.0), method="bounded").x
    half, ten, memantine = found(best)
    print(f"factor on IC50 {np.exp(best):.3f}, squared misses {miss(best):.2f} over 2 records, 1 number")
    print(f"half occupancy {half:.2f} uM in plasma ({HALF_UM}, {HALF_LOW} to {HALF_HIGH})")
    print(
        f"10 uM shuts {ten:.3f} ({SHUT} +- {SHUT_SE}); 10 uM memantine, not fitted, {memantine:.3f} (0.81)"
    )


if __name__ == "__main__":
    main()
