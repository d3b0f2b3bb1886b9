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

#include "memory.h"
#include "numeric.h"
#include "pipe.h"
#include "steps.h"

namespace prelimbic {

// Steps of a run: beyond, float32 no longer tells times half a millisecond apart.
const int64_t LONGEST_RUN = 1 << 26;

class Engine : public Steps {
  public:
    explicit Engine(const Network& network) : Steps(network), loaded_(network.arrays.size(), false) {}

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

  private:
    void begin(const Frame& frame) {
        std::vector<int64_t> sizes(frame.bytes / sizeof(int64_t));
        std::memcpy(sizes.data(), frame.payload, sizes.size() * sizeof(int64_t));
        size_t k = 0;
        std::memcpy(&step_s, &sizes[k++], sizeof(step_s));
        sample_every_ = sizes[k++];
        team_.resize(static_cast<int>(sizes[k++]));
        contacts_.assign(sizes.begin() + k, sizes.begin() + k + groups_);
        k += groups_;
        bounds.assign(sizes.begin() + k, sizes.end());
        cells = bounds.back();
        divide();
        now_ = 0;
        wiring_.assign(groups_, Wiring());
        loaded_.assign(network_.arrays.size(), false);
        make_arrays();
    }

    // Give every array zeros and room for whole portions, which fill multiples of 8 lines.  They follow one another 8 lines more
    // apart: arrays that begin at one place of a page would drive each other out of the cache, and where one begins a few lines
    // behind another, what is read looks to some processors like what was just written.
    void make_arrays() {
        std::vector<size_t> at;
        size_t lines = 0;
        for (const Array& array : network_.arrays) {
            at.push_back(lines * LINE);
            lines += ((count(array) / ROOM + 1) * ROOM * width(array) / LINE) + 8;
        }
        memory_.reset(lines * LINE + (cells + ROOM) * sizeof(int32_t));
        for (size_t k = 0; k < at.size(); k++) *network_.arrays[k].data = memory_.data() + at[k];
        fires = reinterpret_cast<int32_t*>(memory_.data() + lines * LINE);
    }

    void load(const Frame& frame) {
        if (load_wiring(frame)) return;
        const size_t k = find(frame.name);
        const Array& array = network_.arrays[k];
        fits(frame.name, frame, count(array) * width(array));
        if (array.real) check(array, reinterpret_cast<const Real*>(frame.payload));
        if (array.extent >= 0) {
            wire();
            const Real* values = reinterpret_cast<const Real*>(frame.payload);
            Real* data = static_cast<Real*>(*array.data);
            Rows& group = rows[array.extent];
            const bool known = array.kind == STRENGTH && group.part(values);  // by row, which saves the memory of data
            for (size_t c = 0; c < contacts_[array.extent] && !known; c++) data[c] = values[group.given(c)];
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
        rows[array.extent].tell(static_cast<const Real*>(*array.data), values.data());
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
        team_.together([&](int member) {
            for (int64_t now = now_; now < now_ + steps; now++) step(member, now);
        });
        now_ += steps;
        for (const Array& array : network_.arrays)
            if (array.real && array.extent == CELL) check(array, static_cast<const Real*>(*array.data));
    }

    // Of how many spare parts, from the first on, the cells of a population have none.
    int lacks(size_t population) const {
        int found = 0;
        for (const Spare& part : network_.spare) {
            for (size_t g = 0; g < groups_; g++)
                if (rows[g].reaches(static_cast<int>(population)) > 0 && std::count(part.groups.begin(), part.groups.end(), network_.groups[g]) > 0)
                    return found;
            for (const std::string& name : part.arrays) {
                const Real* values = static_cast<const Real*>(*network_.arrays[find(name)].data);
                for (int k = first_cell(population); k < bounds[population]; k++)
                    if (values[k] != 0) return found;
            }
            found++;
        }
        return found;
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

    // What is sent of a group's contacts, until its rows are arranged.
    struct Wiring {
        std::vector<int32_t> source, target, delay;
        bool arranged = false;
        bool is_of(size_t contacts) const {
            return source.size() == contacts && target.size() == contacts && delay.size() == contacts;
        }
    };

    // Take the sources, targets or delays (steps) of a group, if these are what is sent; with the third its rows are arranged.
    bool load_wiring(const Frame& frame) {
        for (size_t g = 0; g < groups_; g++) {
            const std::string group = network_.groups[g];
            std::vector<int32_t>* found = frame.name == group + ".sources" ? &wiring_[g].source
                                        : frame.name == group + ".targets" ? &wiring_[g].target
                                        : frame.name == group + ".delays" ? &wiring_[g].delay : nullptr;
            if (found == nullptr) continue;
            fits(frame.name, frame, contacts_[g] * sizeof(int32_t));
            const int32_t* given = reinterpret_cast<const int32_t*>(frame.payload);
            found->assign(given, given + contacts_[g]);
            wiring_[g].arranged = false;
            for (size_t k = 0; k < loaded_.size(); k++)
                if (network_.arrays[k].extent == static_cast<int>(g)) loaded_[k] = false;  // they stand in the old order
            if (wiring_[g].is_of(contacts_[g])) arrange(g);
            return true;
        }
        return false;
    }

    void arrange(size_t g) {
        const Wiring given = std::move(wiring_[g]);  // which is not kept
        wiring_[g] = Wiring();
        for (size_t c = 0; c < contacts_[g]; c++)
            if (given.source[c] < 0 || given.source[c] >= cells || given.target[c] < 0 || given.target[c] >= cells || given.delay[c] < 0)
                throw Refused{std::string("a contact of ") + network_.groups[g] + " leads out of the network"};
        rows[g].arrange(given.source.data(), given.target.data(), given.delay.data(), contacts_[g], cells, bounds);
        wiring_[g].arranged = true;
        forget_tasks();
    }

    void wire() {
        for (size_t g = 0; g < groups_; g++)
            if (!wiring_[g].arranged) throw Refused{std::string("the wiring of ") + network_.groups[g] + " was not loaded"};
        make_tasks();
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

    Memory memory_;  // of the arrays
    std::vector<bool> loaded_;
    int64_t now_ = 0;
    std::vector<size_t> contacts_;
    std::vector<Wiring> wiring_;
};

}  // namespace prelimbic
#endif
