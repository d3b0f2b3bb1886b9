"""Background input from a counter-based generator: Threefry-2x32, 20 rounds (Salmon et al. 2011).

The draw depends only on (seed, cell, step), so it is the same for every dose, process and back-end.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import poisson

MOST_EVENTS = 4  # events a step that are told apart; more are counted as this many
HIGHEST_MEAN = 0.5  # events a step; above it the truncation would show

ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)
PARITY = 0x1BD11BDA


def uniform(cell: np.ndarray, step: int, key_0: int, key_1: int) -> np.ndarray:
    """Uniform numbers in [0, 1], float32, one a cell: the reference that the C++ text below must equal."""
    with np.errstate(over="ignore"):
        keys = [np.uint32(np.int64(k) & 0xFFFFFFFF) for k in (key_0, key_1)]
        keys.append(keys[0] ^ keys[1] ^ np.uint32(PARITY))
        x = np.asarray(cell).astype(np.uint32) + keys[0]
        y = np.uint32(int(step) & 0xFFFFFFFF) + keys[1] + np.zeros_like(x)
        for block in range(5):
            for rotation in ROTATIONS[4 * (block % 2) : 4 * (block % 2) + 4]:
                x = x + y
                y = (y << np.uint32(rotation)) | (y >> np.uint32(32 - rotation))
                y = y ^ x
            x = x + keys[(block + 1) % 3]
            y = y + keys[(block + 2) % 3] + np.uint32(block + 1)
    return x.astype(np.float32) * np.float32(2.0**-32)


def cpp_source() -> str:
    """The same function as C++ text for the compiled network."""
    lines = []
    for block in range(5):
        for rotation in ROTATIONS[4 * (block % 2) : 4 * (block % 2) + 4]:
            lines.append(f"x += y; y = (y << {rotation}) | (y >> {32 - rotation}); y ^= x;")
        lines.append(f"x += k{(block + 1) % 3}; y += k{(block + 2) % 3} + {block + 1}u;")
    body = "\n    ".join(lines)
    return f"""
static inline float background_uniform(int32_t cell, int64_t step, int32_t key_0, int32_t key_1) {{
    const uint32_t k0 = (uint32_t)key_0, k1 = (uint32_t)key_1, k2 = k0 ^ k1 ^ {PARITY}u;
    uint32_t x = (uint32_t)cell + k0, y = (uint32_t)step + k1;
    {body}
    return (float)x * 2.3283064365386963e-10f;
}}
"""


def event_probabilities(rate_Hz: np.ndarray, step_ms: float) -> np.ndarray:
    """P(at least k events in a step) for k = 1..MOST_EVENTS, shape (MOST_EVENTS, cells)."""
    mean = np.asarray(rate_Hz) * step_ms * 1e-3
    if mean.max(initial=0.0) > HIGHEST_MEAN:
        raise ValueError(f"a background of {mean.max() / step_ms * 1e3:g} Hz is too fast for a {step_ms:g} ms step")
    return np.stack([poisson.sf(k, mean) for k in range(MOST_EVENTS)])
