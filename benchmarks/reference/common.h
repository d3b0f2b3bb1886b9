// What the reference simulators share: arrays from files, random numbers, an exponential, spikes, a clock and the report.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>
#include <string>
#include <vector>

#include <sys/resource.h>

const double WARM_UP = 0.5;  // seconds of biological time before anything is counted

// Memory that begins on a cache line, so that no vector of the cell loops lies across two.
template <typename T>
struct Aligned {
    using value_type = T;
    static constexpr std::align_val_t line{64};

    Aligned() = default;
    template <typename U>
    Aligned(const Aligned<U>&) {}
    T* allocate(size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), line)); }
    void deallocate(T* values, size_t) { ::operator delete(values, line); }
    bool operator==(const Aligned&) const { return true; }
    bool operator!=(const Aligned&) const { return false; }
};
template <typename T>
using vector = std::vector<T, Aligned<T>>;

// The array in a file of raw values.  Ends the program when the file cannot be read.
template <typename T>
vector<T> load(const std::string& folder, const std::string& name) {
    std::ifstream file(folder + "/" + name, std::ios::binary | std::ios::ate);
    vector<T> values(file ? size_t(file.tellg()) / sizeof(T) : 0);
    file.seekg(0);
    file.read(reinterpret_cast<char*>(values.data()), values.size() * sizeof(T));
    if (!file) {
        std::fprintf(stderr, "%s/%s cannot be read\n", folder.c_str(), name.c_str());
        std::exit(1);
    }
    return values;
}

// States of `count` generators.  Seeds are mixed well, because those of neighbours differ by little.
inline vector<uint32_t> generators(size_t count, uint64_t seed) {
    vector<uint32_t> states(count);
    for (size_t i = 0; i < count; i++) {
        uint64_t x = (seed << 32) + i + 0x9E3779B97F4A7C15u;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
        states[i] = uint32_t(x >> 32) | 1u;
    }
    return states;
}

inline uint32_t xorshift(uint32_t x) {
    x ^= x << 13;
    x ^= x >> 17;
    return x ^ (x << 5);
}

// A 32-bit draw lies below this with the given chance.
inline uint32_t below(float chance) { return uint32_t(chance * 4294967296.0); }

// The exponential.  Plain C++ leaves it to the compiler, which calls its vector library; a tuned program saves a third of the
// cell loop's time with 2^n times a polynomial, 2e-7 of the value: every constant held in a register is lost in a call.
inline float exponential(float x) {
#ifndef TUNED
    return std::exp(x);
#endif
    x = std::max(x, -87.0f);
    const float n = std::nearbyint(x * 1.442695041f);
    const float f = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    const float p = 1 + f * (1 + f * (0.5f + f * (1.0f / 6 + f * (1.0f / 24 + f * (1.0f / 120 + f * (1.0f / 720))))));
    const int32_t bits = (int32_t(n) + 127) << 23;
    float power;
    std::memcpy(&power, &bits, sizeof power);
    return p * power;
}

// One flag a cell, padded so that eight can be looked at together.
struct Flags {
    vector<uint8_t> raised;

    explicit Flags(int cells) : raised((cells + 7) / 8 * 8) {}

    void collect(vector<int>& found) const {
        found.clear();
        for (size_t i = 0; i < raised.size(); i += 8) {
            uint64_t eight;
            std::memcpy(&eight, &raised[i], sizeof eight);
            if (eight == 0) continue;
            for (size_t k = i; k < i + 8; k++) if (raised[k]) found.push_back(int(k));
        }
    }
};

// CPU time of the process since it was made, shared out between two phases by time stamps at their ends: the pass over all
// cells with the search for spikes, and all that spikes cause.
class Meter {
public:
    enum Phase { CELLS, EVENTS };

    void lap(Phase phase) {
        const uint64_t stamp = __builtin_ia32_rdtsc(), lap = stamp - last;
        if (lap < INTERRUPTED) ticks[phase] += lap;
        last = stamp;
    }
    double total() const { return used() - begun; }
    double share(Phase phase) const { return double(ticks[phase]) / (ticks[CELLS] + ticks[EVENTS]); }

private:
    static constexpr uint64_t INTERRUPTED = 1'000'000;  // ticks; in a longer lap another process had the processor

    static double used() {
        rusage so_far;
        getrusage(RUSAGE_SELF, &so_far);
        const timeval user = so_far.ru_utime, system = so_far.ru_stime;
        return user.tv_sec + system.tv_sec + 1e-6 * (user.tv_usec + system.tv_usec);
    }
    double begun = used();
    uint64_t last = __builtin_ia32_rdtsc(), ticks[2] = {};
};

// What happened after the warm-up.
struct Tally {
    Meter meter;
    long events = 0, spikes[4] = {};

    // One line of JSON; class k has counts[k] cells.
    void print(const vector<int>& counts, long steps, double step_s) const {
        int cells = 0;
        std::printf("{\"rates\": [");
        for (int k = 0; k < 4; k++) {
            std::printf("%s%.6g", k ? ", " : "", spikes[k] / (steps * step_s * counts[k]));
            cells += counts[k];
        }
        const double cpu = meter.total();
        const double per_cell = cpu * meter.share(Meter::CELLS) / (double(steps) * cells);
        const double per_event = cpu * meter.share(Meter::EVENTS) / std::max(events, 1L);
        std::printf("], \"events\": %ld, \"cpu_seconds\": %.6g, \"ns_per_cell_step\": %.6g, \"ns_per_event\": %.6g}\n",
                    events, cpu, per_cell * 1e9, per_event * 1e9);
    }
};
