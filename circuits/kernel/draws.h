// Uniform numbers of the background: Threefry-4x32 with 13 rounds (Salmon et al. 2011).  circuits/background.py has the
// same in numpy.  One call serves four cells, 16 apart, so that a vector of calls fills four vectors of numbers.
#ifndef PRELIMBIC_DRAWS_H
#define PRELIMBIC_DRAWS_H
#include <cstdint>

#include "numeric.h"

namespace prelimbic {

const int LANES = 16;     // cells whose numbers are the first words of their calls; the next 16 take the second words
const int ROOM = 4 * LANES;  // arrays of draws are filled in such portions

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

// 31 bits to [0, 1]: every vector unit converts signed integers.
inline float unit(uint32_t bits) { return static_cast<float>(static_cast<int32_t>(bits >> 1)) * 4.656612873077393e-10f; }

// Fill out[0..cells) for one step; the array has room up to the next multiple of ROOM.
template <typename T>
inline void draw_uniform(T* __restrict out, int cells, uint32_t stream, uint32_t step, uint32_t key_0, uint32_t key_1) {
    for (int first = 0; first < cells; first += ROOM) {
PRELIMBIC_INDEPENDENT
        for (int k = 0; k < LANES; k++) {
            uint32_t a = static_cast<uint32_t>(first / 4 + k), b = step, c = stream, d = 0;
            threefry(a, b, c, d, key_0, key_1);
            out[first + k] = unit(a);
            out[first + LANES + k] = unit(b);
            out[first + 2 * LANES + k] = unit(c);
            out[first + 3 * LANES + k] = unit(d);
        }
    }
}

}  // namespace prelimbic
#endif
