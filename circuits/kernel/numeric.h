// Arithmetic that the generated loops call; everything here must vectorise.
#ifndef PRELIMBIC_NUMERIC_H
#define PRELIMBIC_NUMERIC_H
#include <cstdint>
#include <cstring>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

// Stands before a loop whose turns do not depend on one another.
#ifdef __clang__
#define PRELIMBIC_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define PRELIMBIC_INDEPENDENT _Pragma("GCC ivdep")
#endif

namespace prelimbic {

// Denormals to zero, which the decaying conductances of silent cells would reach.  -ffast-math asks for it at the link, other
// flags do not.
inline void flush_denormals() {
#if defined(__SSE2__)
    _mm_setcsr(_mm_getcsr() | 0x8040u);
#elif defined(__aarch64__)
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    __asm__ volatile("msr fpcr, %0" : : "r"(control | (uint64_t(1) << 24)));
#endif
}

// What a thread does between two looks at what it waits for.
inline void rest_a_moment() {
#if defined(__SSE2__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

inline float clip(float x, float low, float high) { return x < low ? low : (x > high ? high : x); }
inline double clip(double x, double low, double high) { return x < low ? low : (x > high ? high : x); }

// exp as 2^n times a polynomial on |r| <= ln(2)/2 (minimax), to 4e-7 of the value; the argument is clipped: nothing overflows.
inline float exp(float x) {
    x = clip(x, -87.0f, 88.0f);
    const float n = __builtin_rintf(x * 1.44269504f);
    const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 0.00831252033f;
    p = p * r + 0.0418901575f;
    p = p * r + 0.166671147f;
    p = p * r + 0.499992315f;
    p = p * (r * r) + r + 1.0f;
    const int32_t bits = (static_cast<int32_t>(n) + 127) << 23;
    float power;
    std::memcpy(&power, &bits, sizeof(power));
    return p * power;
}

inline double exp(double x) {
    x = clip(x, -708.0, 709.0);
    const double n = __builtin_rint(x * 1.4426950408889634);
    const double r = (x - n * 0.6931471803691238) - n * 1.9082149292705877e-10;
    double p = 1.0 / 6227020800.0;
    p = p * r + 1.0 / 479001600.0;
    p = p * r + 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = p * (r * r) + r + 1.0;
    const int64_t bits = (static_cast<int64_t>(static_cast<int32_t>(n)) + 1023) << 52;
    double power;
    std::memcpy(&power, &bits, sizeof(power));
    return p * power;
}

// A step less to wait, and what a cell that waits keeps.  A maximum: GCC would thread a test into the tests that follow, and a
// selection of truth values is not vectorised.
template <typename T> inline T one_less(T left) { return left - T(1) > T(0) ? left - T(1) : T(0); }
template <typename T> inline T unless_waiting(T left, T moved, T kept) { return left < T(0.5) ? moved : kept; }

// The bits of a number's exponent, all of which are up where it is not finite: with -ffast-math the compiler takes every number
// to be finite.
const uint32_t NOT_FINITE = 0x7ff00000u;
inline uint32_t exponent_bits(float x) {
    uint32_t bits;
    std::memcpy(&bits, &x, sizeof(bits));
    return (bits & 0x7f800000u) == 0x7f800000u ? NOT_FINITE : bits & 0x7f800000u;
}
inline uint32_t exponent_bits(double x) {
    uint64_t bits;
    std::memcpy(&bits, &x, sizeof(bits));
    return static_cast<uint32_t>(bits >> 32) & NOT_FINITE;
}

}  // namespace prelimbic
#endif
