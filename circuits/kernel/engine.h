// The run-time of a compiled network: its arrays, its clock, its records, and the loop that serves them to the owner.
//
// The generated text defines Real, the arrays and what happens in a step, and hands both over.  A frame on standard input is:
// op, length of name, bytes of payload, name, payload; answers go to a file descriptor of their own.
//   B  begin a run of so many cells and contacts: all that was there before is gone
//   L  load an array        F  fetch one        R  run so many steps        C  clear the records
//   S  fetch the state: all that what follows depends on, but for wiring, weights and records        T  take such a state
#ifndef PRELIMBIC_ENGINE_H
#define PRELIMBIC_ENGINE_H
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "delivery.h"
#include "draws.h"
#include "numeric.h"
#include "pipe.h"

namespace prelimbic {

// A state starts at zero; a constant must be loaded before anything runs; what is alike must also be the same in all cells of
// a population, since the update loops take it from the first of them.  All that a contact does is in proportion to its strength.
enum Kind { STATE, CONSTANT, ALIKE, STRENGTH };
// Steps of a run: beyond, float32 no longer tells times half a millisecond apart.
const int64_t LONGEST_RUN = 1 << 26;
enum Extent { ONE = -2, CELL = -1 };  // else the number of a synapse group

struct Array {
    const char* name;
    bool real;  // else int32
    Kind kind;
    int extent;
    void** data;
};

struct Network {  // the generated text
    std::vector<Array> arrays;
    std::vector<const char*> groups, traces;
    std::vector<std::vector<const char*>> spare;  // what is zero, if anything is, in cells that have no such part
    void (*step)(int64_t now);  // finds the cells that spike, delivers, resets
    void (*sample)();
};

class Engine {
  public:
    int cells = 0, spiking_count = 0;
    double step_s = 0.0;
    std::vector<int32_t> bounds;  // of populations
    std::vector<int> lacking;     // of how many spare parts, from the first on, the cells of each have none
    std::vector<int32_t> spiking;
    std::vector<int32_t> fires;  // as wide as the other numbers of a cell: a narrower type would widen the vectors' stride
    std::vector<Rows> rows;  // of each group
    std::vector<std::vector<double>> traces;

    explicit Engine(const Network& network) : network_(network), loaded_(network.arrays.size(), false) {
        groups_ = network.groups.size();
        traces.resize(network.traces.size());
    }

    void serve() {
        for (;;) {
            const Frame frame = receive();
            try {
                if (frame.op == 'B') begin(frame);
                else if (frame.op == 'L') load(frame);
                else if (frame.op == 'R') run(frame);
                else if (frame.op == 'C') clear();
                else if (frame.op == 'T') take_state(frame);
                else if (frame.op == 'S') { give_state(); continue; }
                else if (frame.op == 'F') { fetch(frame.name); continue; }
                else throw Refused{std::string("no command is called ") + frame.op};
                reply(0, nullptr, 0);
            } catch (const Refused& refused) {
                reply(1, refused.why.data(), refused.why.size());
            }
        }
    }

    int first_cell(size_t population) const { return population == 0 ? 0 : bounds[population - 1]; }

    // Cells whose flag is up, in ascending order.
    void collect() {
        spiking_count = 0;
        for (int first = 0; first < cells; first += ROOM) {
            int32_t any = 0;
            for (int k = first; k < first + ROOM; k++) any |= fires[k];
            if (any == 0) continue;
            for (int k = first; k < first + ROOM && k < cells; k++)
                if (fires[k]) spiking[spiking_count++] = k;
        }
    }

    void record(const Real* value, int64_t now) {
        for (int s = 0; s < spiking_count; s++) {
            spike_cell_.push_back(spiking[s]);
            spike_time_.push_back(now * step_s);
            spike_value_.push_back(value[spiking[s]]);
        }
    }

  private:
    void begin(const Frame& frame) {
        std::vector<int64_t> sizes(frame.bytes / sizeof(int64_t));
        std::memcpy(sizes.data(), frame.payload, sizes.size() * sizeof(int64_t));
        size_t k = 0;
        std::memcpy(&step_s, &sizes[k++], sizeof(step_s));
        sample_every_ = sizes[k++];
        contacts_.assign(sizes.begin() + k, sizes.begin() + k + groups_);
        k += groups_;
        bounds.assign(sizes.begin() + k, sizes.end());
        cells = bounds.back();
        lacking.assign(bounds.size(), 0);
        now_ = 0;
        rows.assign(groups_, Rows());
        wiring_.assign(groups_, Wiring());
        wired_ = false;
        fires.assign(cells + ROOM, 0);
        spiking.assign(cells, 0);
        clear();
        loaded_.assign(network_.arrays.size(), false);
        for (const Array& array : network_.arrays) {
            std::free(*array.data);
            const size_t room = (count(array) / ROOM + 1) * ROOM * width(array);
            *array.data = std::aligned_alloc(64, room);
            if (*array.data == nullptr) throw Refused{std::string("no memory is left for ") + array.name};
            std::memset(*array.data, 0, room);
        }
    }

    void load(const Frame& frame) {
        if (std::vector<int32_t>* wiring = wiring_named(frame)) {
            wiring->resize(frame.bytes / sizeof(int32_t));
            std::memcpy(wiring->data(), frame.payload, frame.bytes);
            wired_ = false;
            for (size_t k = 0; k < loaded_.size(); k++)
                if (network_.arrays[k].extent >= 0) loaded_[k] = false;  // they stand in the old order
            return;
        }
        const size_t k = find(frame.name);
        const Array& array = network_.arrays[k];
        fits(frame.name, frame, count(array) * width(array));
        if (array.real) check(array, reinterpret_cast<const Real*>(frame.payload));
        if (array.extent >= 0) {
            wire();
            const Real* values = reinterpret_cast<const Real*>(frame.payload);
            Real* data = static_cast<Real*>(*array.data);
            if (array.kind == STRENGTH) rows[array.extent].part(values);
            const int32_t* given = rows[array.extent].given.data();
            for (size_t c = 0; c < contacts_[array.extent]; c++) data[c] = values[given[c]];
        } else {
            std::memcpy(*array.data, frame.payload, frame.bytes);
        }
        loaded_[k] = true;
    }

    void fetch(const std::string& name) {
        if (name == "spikes.i") return reply(0, spike_cell_.data(), spike_cell_.size() * sizeof(int32_t));
        if (name == "spikes.t") return reply(0, spike_time_.data(), spike_time_.size() * sizeof(double));
        if (name == "spikes.value") return reply(0, spike_value_.data(), spike_value_.size() * sizeof(Real));
        for (size_t k = 0; k < traces.size(); k++)
            if (name == std::string("traces.") + network_.traces[k])
                return reply(0, traces[k].data(), traces[k].size() * sizeof(double));
        const Array& array = network_.arrays[find(name)];
        if (array.extent < 0) return reply(0, *array.data, count(array) * width(array));
        wire();
        std::vector<Real> values(contacts_[array.extent]);
        const int32_t* given = rows[array.extent].given.data();
        for (size_t c = 0; c < values.size(); c++) values[given[c]] = static_cast<Real*>(*array.data)[c];
        reply(0, values.data(), values.size() * sizeof(Real));
    }

    void run(const Frame& frame) {
        int64_t steps;
        fits("the number of steps", frame, sizeof(steps));
        std::memcpy(&steps, frame.payload, sizeof(steps));
        for (size_t k = 0; k < loaded_.size(); k++)
            if (!loaded_[k] && network_.arrays[k].kind != STATE && count(network_.arrays[k]) > 0)
                throw Refused{std::string(network_.arrays[k].name) + " was not loaded"};
        wire();
        if (now_ + steps > LONGEST_RUN) throw Refused{"no run may be longer than " + std::to_string(LONGEST_RUN) + " steps"};
        for (size_t p = 0; p < bounds.size(); p++) lacking[p] = lacks(p);
        for (const int64_t end = now_ + steps; now_ < end; now_++) {
            if (now_ % sample_every_ == 0) network_.sample();
            if (now_ % 1024 == 0 && owner_gone()) ::_exit(0);
            network_.step(now_);
        }
        for (const Array& array : network_.arrays)
            if (array.real && array.extent == CELL) check(array, static_cast<const Real*>(*array.data));
    }

    // Of how many spare parts, from the first on, the cells of a population have none.
    int lacks(size_t population) const {
        int found = 0;
        for (const std::vector<const char*>& names : network_.spare) {
            for (const char* name : names) {
                const Real* values = static_cast<const Real*>(*network_.arrays[find(name)].data);
                for (int k = first_cell(population); k < bounds[population]; k++)
                    if (values[k] != 0) return found;
            }
            found++;
        }
        return found;
    }

    void clear() {
        spike_cell_.clear();
        spike_time_.clear();
        spike_value_.clear();
        for (std::vector<double>& trace : traces) trace.clear();
    }

    // The clock, every array of cells, then of each group how many rows are due and these, each with the steps left to it.
    void give_state() {
        wire();
        std::vector<char> state;
        const auto put = [&](const void* data, size_t bytes) {
            state.insert(state.end(), static_cast<const char*>(data), static_cast<const char*>(data) + bytes);
        };
        put(&now_, sizeof(now_));
        for (const Array& array : network_.arrays)
            if (array.extent < 0) put(*array.data, count(array) * width(array));
        for (Rows& group : rows) {
            const std::vector<Rows::Due> due = group.waiting(now_);
            const int64_t waiting = static_cast<int64_t>(due.size());
            put(&waiting, sizeof(waiting));
            put(due.data(), due.size() * sizeof(Rows::Due));
        }
        reply(0, state.data(), state.size());
    }

    void take_state(const Frame& frame) {
        wire();
        size_t at = 0;
        const auto get = [&](void* data, size_t bytes) {
            if (frame.bytes - at < bytes) throw Refused{"a saved state is too short for this network"};
            std::memcpy(data, frame.payload + at, bytes);
            at += bytes;
        };
        get(&now_, sizeof(now_));
        if (now_ < 0 || now_ > LONGEST_RUN) throw Refused{"a saved state is of no step that a run has"};
        for (size_t k = 0; k < network_.arrays.size(); k++) {
            const Array& array = network_.arrays[k];
            if (array.extent >= 0) continue;
            get(*array.data, count(array) * width(array));
            if (array.real) check(array, static_cast<const Real*>(*array.data));
            loaded_[k] = true;
        }
        for (size_t g = 0; g < groups_; g++) {
            int64_t waiting;
            get(&waiting, sizeof(waiting));
            if (waiting < 0 || static_cast<size_t>(waiting) > (frame.bytes - at) / sizeof(Rows::Due))
                throw Refused{"a saved state is too short for this network"};
            std::vector<Rows::Due> due(static_cast<size_t>(waiting));
            get(due.data(), due.size() * sizeof(Rows::Due));
            if (!rows[g].wait_for(due, now_)) throw Refused{"a saved state does not fit the wiring of this network"};
        }
        if (at != frame.bytes) throw Refused{"a saved state is too long for this network"};
        clear();
    }

    struct Wiring { std::vector<int32_t> source, target, delay; };

    // Where the sources, targets or delays (steps) of a group go, or nothing.
    std::vector<int32_t>* wiring_named(const Frame& frame) {
        for (size_t g = 0; g < groups_; g++) {
            const std::string group = network_.groups[g];
            std::vector<int32_t>* found = frame.name == group + ".sources" ? &wiring_[g].source
                                        : frame.name == group + ".targets" ? &wiring_[g].target
                                        : frame.name == group + ".delays" ? &wiring_[g].delay : nullptr;
            if (found == nullptr) continue;
            fits(frame.name, frame, contacts_[g] * sizeof(int32_t));
            return found;
        }
        return nullptr;
    }

    void wire() {
        if (wired_) return;
        for (size_t g = 0; g < groups_; g++) {
            const Wiring& w = wiring_[g];
            if (w.source.size() != contacts_[g] || w.target.size() != contacts_[g] || w.delay.size() != contacts_[g])
                throw Refused{std::string("the wiring of ") + network_.groups[g] + " was not loaded"};
            for (size_t c = 0; c < contacts_[g]; c++)
                if (w.source[c] < 0 || w.source[c] >= cells || w.target[c] < 0 || w.target[c] >= cells || w.delay[c] < 0)
                    throw Refused{std::string("a contact of ") + network_.groups[g] + " leads out of the network"};
            rows[g].arrange(w.source.data(), w.target.data(), w.delay.data(), contacts_[g], cells, bounds);
        }
        wired_ = true;
    }

    void check(const Array& array, const Real* values) const {
        const size_t n = count(array);
        uint32_t highest = 0;
        for (size_t k = 0; k < n; k++) highest = std::max(highest, exponent_bits(values[k]));
        if (highest == NOT_FINITE)
            for (size_t k = 0; k < n; k++)
                if (exponent_bits(values[k]) == NOT_FINITE) throw Refused{std::string(array.name) + " is not finite at " + std::to_string(k)};
        if (array.kind != ALIKE) return;
        for (size_t p = 0, first = 0; p < bounds.size(); first = bounds[p++])
            for (size_t k = first; k < static_cast<size_t>(bounds[p]); k++)
                if (values[k] != values[first])
                    throw Refused{std::string(array.name) + " must be the same in all cells of a population"};
    }

    size_t find(const std::string& name) const {
        for (size_t k = 0; k < network_.arrays.size(); k++)
            if (name == network_.arrays[k].name) return k;
        throw Refused{"no array is called " + name};
    }

    static void fits(const std::string& name, const Frame& frame, size_t bytes) {
        if (frame.bytes != bytes)
            throw Refused{name + " takes " + std::to_string(bytes) + " bytes, not " + std::to_string(frame.bytes)};
    }

    size_t count(const Array& a) const {
        return a.extent == ONE ? 1 : a.extent == CELL ? static_cast<size_t>(cells) : contacts_[a.extent];
    }
    static size_t width(const Array& a) { return a.real ? sizeof(Real) : sizeof(int32_t); }

    const Network network_;
    std::vector<bool> loaded_;
    size_t groups_ = 0;
    int64_t now_ = 0, sample_every_ = 1;
    bool wired_ = false;
    std::vector<size_t> contacts_;
    std::vector<Wiring> wiring_;
    std::vector<int32_t> spike_cell_;
    std::vector<double> spike_time_;
    std::vector<Real> spike_value_;
};

}  // namespace prelimbic
#endif
