// Uniform numbers of the background: Threefry-4x32 with 13 rounds (Salmon et al. 2011).  circuits/background.py has the
// same in numpy.  A call gives eight numbers of 16 bits, for cells 16 apart, so that a vector of calls fills eight vectors.
// What stands below these bits is the same for all cells of a step and runs evenly through [0, 1) from step to step: the
// chance of an event is right to 2^-16 in every step and exact over many.
#ifndef PRELIMBIC_DRAWS_H
#define PRELIMBIC_DRAWS_H
#include <cstdint>

#include "numeric.h"

namespace prelimbic {

const int LANES = 16;        // cells that take the same part of different calls
const int ROOM = 8 * LANES;  // arrays of draws are filled in such portions

inline void threefry(uint32_t& a, uint32_t& b, uint32_t& c, uint32_t& d, uint32_t key_0, uint32_t key_1) {
    const uint32_t key[5] = {key_0, key_1, 0, 0, key_0 ^ key_1 ^ 0x1BD11BDAu};
    a += key[0];
    b += key[1];
#define PRELIMBIC_MIX(x, y, r) x += y; y = (y << r) | (y >> (32 - r)); y ^= x;
#define PRELIMBIC_TWO(r, s, t, u) PRELIMBIC_MIX(a, b, r) PRELIMBIC_MIX(c, d, s) PRELIMBIC_MIX(a, d, t) PRELIMBIC_MIX(c, b, u)
#define PRELIMBIC_KEY(n) a += key[n]; b += key[(n + 1) % 5]; c += key[(n + 2) % 5]; d += key[(n + 3) % 5] + n;
    PRELIMBIC_TWO(10, 26, 11, 21) PRELIMBIC_TWO(13, 27, 23, 5) PRELIMBIC_KEY(1)
    PRELIMBIC_TWO(6, 20, 17, 11) PRELIMBIC_TWO(25, 10, 18, 20) PRELIMBIC_KEY(2)
    PRELIMBIC_TWO(10, 26, 11, 21) PRELIMBIC_TWO(13, 27, 23, 5) PRELIMBIC_KEY(3)
    PRELIMBIC_MIX(a, b, 6) PRELIMBIC_MIX(c, d, 20)
#undef PRELIMBIC_MIX
#undef PRELIMBIC_TWO
#undef PRELIMBIC_KEY
}

// What all numbers of a step have below their 16 bits: the multiples of the golden ratio, which fill [0, 1) evenly.
inline float below(uint32_t step) { return static_cast<float>((step * 2654435769u) >> 8) * 5.9604644775390625e-8f; }

inline float unit(uint32_t bits, float rest) { return (static_cast<float>(static_cast<int32_t>(bits)) + rest) * 1.52587890625e-5f; }

// Fill out with the numbers of cells begin..end-1 for one step; `begin` is a multiple of ROOM, and there is room for as many
// numbers as the next multiple of ROOM takes.
template <typename T>
inline void draw_uniform(T* __restrict out, int begin, int end, uint32_t stream, uint32_t step, uint32_t key_0, uint32_t key_1) {
    const float rest = below(step);
    out -= begin;
    for (int first = begin; first < end; first += ROOM) {
        PRELIMBIC_INDEPENDENT
        for (int k = 0; k < LANES; k++) {
            uint32_t a = static_cast<uint32_t>(first / 8 + k), b = step, c = stream, d = 0;
            threefry(a, b, c, d, key_0, key_1);
            out[first + k] = unit(a & 0xffffu, rest);
            out[first + LANES + k] = unit(b & 0xffffu, rest);
            out[first + 2 * LANES + k] = unit(c & 0xffffu, rest);
            out[first + 3 * LANES + k] = unit(d & 0xffffu, rest);
            out[first + 4 * LANES + k] = unit(a >> 16, rest);
            out[first + 5 * LANES + k] = unit(b >> 16, rest);
            out[first + 6 * LANES + k] = unit(c >> 16, rest);
            out[first + 7 * LANES + k] = unit(d >> 16, rest);
        }
    }
}

// The same in an array of all cells, but for any cells and without touching those of others.
template <typename T>
inline void draw_within(T* __restrict all, int begin, int end, int cells, uint32_t stream, uint32_t step, uint32_t key_0, uint32_t key_1) {
    alignas(64) static thread_local T some[ROOM];
    end = end < cells ? end : cells;
    const int whole_begin = (begin + ROOM - 1) / ROOM * ROOM, whole_end = end == cells ? end : end / ROOM * ROOM;
    if (whole_begin < whole_end) draw_uniform(all + whole_begin, whole_begin, whole_end, stream, step, key_0, key_1);
    for (int first = begin / ROOM * ROOM; first < end; first += ROOM) {
        if (first >= whole_begin && first < whole_end) continue;
        draw_uniform(some, first, first + 1, stream, step, key_0, key_1);
        for (int k = begin > first ? begin : first; k < end && k < first + ROOM; k++) all[k] = some[k - first];
    }
}

}  // namespace prelimbic
#endif
