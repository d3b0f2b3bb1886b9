"""Background input from a counter-based generator: Threefry-4x32, 13 rounds (Salmon et al. 2011).

The draw depends only on (seed, cell, step), so it is the same for every dose, process and back-end.
"""

from __future__ import annotations

import numpy as np

MOST_EVENTS = 4  # events a step that are told apart; more are counted as this many
HIGHEST_MEAN = 0.5  # events a step; above it the truncation would show

LANES = 16
ROUNDS = 13  # the fewest for which Random123 publishes known answers
ROTATIONS = ((10, 26), (11, 21), (13, 27), (23, 5), (6, 20), (17, 11), (25, 10), (18, 20))
PARITY = 0x1BD11BDA
GOLDEN = 2654435769  # 2^32 over the golden ratio

# The function for Brian2's own C++ code, on the header of ours.
CPP_SOURCE = """
static inline float background_uniform(
    int32_t cell, int32_t stream, int64_t step, int32_t key_0, int32_t key_1
) {
    using prelimbic::LANES; using prelimbic::ROOM;
    uint32_t word[4] = {(uint32_t)(cell/ROOM*LANES + cell%LANES), (uint32_t)step, (uint32_t)stream, 0};
    prelimbic::threefry(word[0], word[1], word[2], word[3], (uint32_t)key_0, (uint32_t)key_1);
    const int part = cell%ROOM/LANES;
    return prelimbic::unit(word[part%4] >> 16*(part/4) & 0xffffu, prelimbic::below((uint32_t)step));
}
"""


def uniform(cell: np.ndarray, stream: int, step: int, key_0: int, key_1: int) -> np.ndarray:
    """Uniform numbers in [0, 1], float32, one a cell: the reference that kernel/draws.h must equal.

    A call of Threefry serves eight cells, LANES apart, with 16 bits each: its counter is (block of the cell,
    step since the run began, stream, 0).  What stands below these bits is the same for all cells of a step
    and fills [0, 1) evenly over steps.
    """
    cell = np.asarray(cell).astype(np.uint32)
    block, part = cell // (8 * LANES) * LANES + cell % LANES, cell // LANES % 8
    step = int(step) & 0xFFFFFFFF
    words = threefry((block, step, stream, 0), (key_0, key_1, 0, 0))
    bits = np.choose(part % 4, words) >> (np.uint32(16) * (part // 4)) & np.uint32(0xFFFF)
    rest = np.float32((step * GOLDEN & 0xFFFFFFFF) >> 8) * np.float32(2.0**-24)
    return (bits.astype(np.float32) + rest) * np.float32(2.0**-16)


def threefry(
    counter: tuple[np.ndarray | int, ...], key: tuple[int, ...], rounds: int = ROUNDS
) -> list[np.ndarray]:
    """The four output words of a counter of four, of which one may be an array, under a key of four; 32 bits
    each.
    """
    shape = np.broadcast_shapes(*(np.shape(word) for word in counter))
    words = [np.broadcast_to(np.asarray(word, dtype=np.int64).astype(np.uint32), shape) for word in counter]
    keys = [np.uint32(int(k) & 0xFFFFFFFF) for k in key]
    keys.append(np.bitwise_xor.reduce([*keys, np.uint32(PARITY)]))
    with np.errstate(over="ignore"):
        words = [word + k for word, k in zip(words, keys, strict=False)]
        for r in range(rounds):
            for (x, y), turn in zip(
                ((0, 1), (2, 3)) if r % 2 == 0 else ((0, 3), (2, 1)), ROTATIONS[r % 8], strict=True
            ):
                words[x] = words[x] + words[y]
                words[y] = ((words[y] << np.uint32(turn)) | (words[y] >> np.uint32(32 - turn))) ^ words[x]
            if r % 4 == 3:
                n = r // 4 + 1
                words = [word + keys[(n + k) % 5] for k, word in enumerate(words)]
                words[3] = words[3] + np.uint32(n)
    return words


def event_probabilities(rate_Hz: np.ndarray, step_ms: float) -> np.ndarray:
    """P(at least k events in a step) for k = 1..MOST_EVENTS, shape (MOST_EVENTS, cells)."""
    from scipy.special import pdtrc  # for start-up time

    mean = np.asarray(rate_Hz) * step_ms * 1e-3
    if mean.max(initial=0.0) > HIGHEST_MEAN:
        fastest = mean.max() / step_ms * 1e3
        raise ValueError(
            f"a background of {fastest:g} Hz (background_rate) is too fast for a {step_ms:g} ms step"
        )
    return np.stack([pdtrc(k, mean) for k in range(MOST_EVENTS)])
