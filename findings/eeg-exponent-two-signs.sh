#!/usr/bin/env bash
# Guess: the aperiodic exponent of a spectrum that falls as 1/f^1.5 is the same number in the tools of the field, which come from one
#   laboratory and are used on the same recordings.
# Seen: specparam gives +1.5 and neurodsp -1.5 for the same trace; neither name, `exponent` and `fit_irasa`, says which. A table that
#   joins both, or a change "exponent up", tells the opposite in half of its rows, and no value is out of range.
# Who meets it: whoever compares a drug's aperiodic slope between two tools, or takes a published change over to another.
# Source: what is run below; seen with specparam 2.0.0rc7, neurodsp 2.3.0.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q specparam==2.0.0rc7 neurodsp==2.3.0 numpy==2.4.6 scipy==1.17.1 2>/dev/null
cd "$place"
venv/bin/python - <<'END'
import numpy as np
from neurodsp.aperiodic import compute_irasa, fit_irasa
from specparam import SpectralModel

RATE, SECONDS, FALL = 1000, 120, 1.5  # power falls as 1/f^1.5
rng = np.random.default_rng(1)
bins = np.fft.rfftfreq(RATE * SECONDS, 1 / RATE)
shape = np.zeros_like(bins)
shape[1:] = bins[1:] ** (-FALL / 2)
trace = np.fft.irfft(shape * (rng.normal(size=bins.size) + 1j * rng.normal(size=bins.size)))

windows = trace.reshape(-1, 2 * RATE) * np.hanning(2 * RATE)
freqs, power = np.fft.rfftfreq(2 * RATE, 1 / RATE), (np.abs(np.fft.rfft(windows)) ** 2).mean(axis=0)
model = SpectralModel(aperiodic_mode="fixed", verbose=False)
model.fit(freqs, power, [2, 100])
mine = float(model.get_params("aperiodic", "exponent"))
at, aperiodic, _ = compute_irasa(trace, RATE, f_range=(2, 100))
theirs = float(fit_irasa(at, aperiodic)[1])
print(f"1/f^{FALL}: specparam {mine:+.2f}, neurodsp {theirs:+.2f}")
assert abs(mine - FALL) < 0.1 and abs(theirs + FALL) < 0.1
END
