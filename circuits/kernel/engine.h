// The run-time of a compiled network: its arrays, its clock, its records, and the loop that serves them to the owner.
//
// The generated text defines Real, the arrays and what happens in a step, and hands both over.  A frame on standard input is:
// op, length of name, bytes of payload, name, payload; answers go to a file descriptor of their own.
//   B  begin a run of so many cells and contacts: all that was there before is gone
//   L  load an array        F  fetch one        R  run so many steps        C  clear the records
//   S  fetch the state: all that what follows depends on, but for wiring, weights and records        T  take such a state
#ifndef PRELIMBIC_ENGINE_H
#define PRELIMBIC_ENGINE_H
#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "delivery.h"
#include "draws.h"
#include "memory.h"
#include "numeric.h"
#include "pipe.h"
#include "threads.h"

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

// A part that cells are without where all these arrays are zero and no contact of these groups leads.
struct Spare { std::vector<std::string> arrays, groups; };

struct Network {  // the generated text
    std::vector<Array> arrays;
    std::vector<const char*> groups, traces;
    std::vector<Spare> spare;
    std::vector<std::vector<const char*>> changed;  // variables of target cells that contacts of each group change
    void (*tell_time)(int64_t now);                 // to a thread
    void (*draw)(const Span& cells, int64_t now);   // the background's numbers
    void (*update)(const Chunk& cells);             // raises the flags of cells that spike
    void (*deliver)(int group, int population, int64_t now);
    void (*reset)(const int32_t* cell, int count);
    const Real* (*recorded)();  // what is stored with a spike
    void (*sample)(const Chunk& cells);
    void (*trace)(size_t k);
};

class Engine {
  public:
    int cells = 0;
    double step_s = 0.0;
    std::vector<int32_t> bounds;  // of populations
    std::vector<int> lacking;     // of how many spare parts, from the first on, the cells of each have none
    int32_t* fires = nullptr;     // as wide as the other numbers of a cell: a narrower type would widen the vectors' stride
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
        lacking.assign(bounds.size(), 0);
        now_ = 0;
        rows.assign(groups_, Rows());
        tasks_.clear();
        wiring_.assign(groups_, Wiring());
        spiking_.assign(cells, 0);
        clear();
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

    // A step, as each thread goes through it: sample, draw, update, deliver, reset.
    void step(int member, int64_t now) {
        if (now % sample_every_ == 0) sample(member);
        if (member == 0 && now % 1024 == 0 && owner_gone()) ::_exit(0);
        network_.tell_time(now);
        if (whole_) network_.draw({0, cells}, now);
        for (const size_t k : mine_[member]) {
            if (!whole_) network_.draw({chunks_[k].first, chunks_[k].last}, now);
            network_.update(chunks_[k]);
            collect(k);
        }
        team_.meet();
        if (member == 0) store(now);
        for (size_t g; (g = taken(next_group_)) < groups_;) fire(rows[g], now);
        team_.meet();
        deliver(now);
        team_.meet();
        if (member == 0) next_group_ = next_task_ = 0;
        for (const size_t k : mine_[member]) reset(k);
    }

    void sample(int member) {
        for (const size_t k : mine_[member]) network_.sample(chunks_[k]);
        if (!traces.empty()) team_.meet();
        for (size_t k = member; k < traces.size(); k += team_.size()) network_.trace(k);
    }

    // What is due is delivered task by task, by whoever is free.
    void deliver(int64_t now) {
        for (size_t k; (k = taken(next_task_)) < tasks_.size();)
            for (const int group : tasks_[k].groups) network_.deliver(group, tasks_[k].population, now);
    }

    // The number of what is taken next; a thread alone need not lock the processor's memory for it.
    size_t taken(std::atomic<size_t>& next) const {
        if (team_.size() > 1) return next++;
        const size_t number = next.load(std::memory_order_relaxed);
        next.store(number + 1, std::memory_order_relaxed);
        return number;
    }

    // Groups whose contacts change the same variables of a population are delivered one after the other, by one thread: sums are
    // then added up in one order.  The largest tasks come first.
    void make_tasks() {
        tasks_.clear();
        for (size_t p = 0; p < bounds.size(); p++) {
            std::vector<Task> found;
            for (size_t g = 0; g < groups_; g++) {
                if (rows[g].reaches(p) == 0) continue;
                Task task{static_cast<int>(p), {}, rows[g].reaches(p)};
                std::vector<Task> others;
                for (const Task& other : found) {
                    const bool shared = std::any_of(other.groups.begin(), other.groups.end(), [&](int o) { return share(o, g); });
                    if (!shared) { others.push_back(other); continue; }
                    task.groups.insert(task.groups.end(), other.groups.begin(), other.groups.end());
                    task.contacts += other.contacts;
                }
                std::sort(task.groups.begin(), task.groups.end());
                task.groups.push_back(static_cast<int>(g));
                others.push_back(task);
                found = others;
            }
            tasks_.insert(tasks_.end(), found.begin(), found.end());
        }
        std::stable_sort(tasks_.begin(), tasks_.end(), [](const Task& a, const Task& b) { return a.contacts > b.contacts; });
    }

    // Whether contacts of two groups change a variable of the same name.
    bool share(size_t a, size_t b) const {
        for (const std::string name : network_.changed[a])
            for (const char* other : network_.changed[b])
                if (name == other) return true;
        return false;
    }

    // Cells of a chunk whose flag is up, in ascending order.
    void collect(size_t chunk) {
        int32_t* next = &spiking_[chunks_[chunk].first];
        for (int first = chunks_[chunk].first; first < chunks_[chunk].last; first += ROOM) {
            const int last = std::min(first + ROOM, chunks_[chunk].last);
            int32_t any = 0;
            for (int k = first; k < last; k++) any |= fires[k];
            if (any == 0) continue;
            for (int k = first; k < last; k++)
                if (fires[k]) *next++ = k;
        }
        collected_[chunk] = static_cast<int>(next - &spiking_[chunks_[chunk].first]);
    }

    // Have the rows of cells that spike fall due, those of a group after the other.
    void fire(Rows& group, int64_t now) {
        for (size_t k = 0; k < chunks_.size(); k++)
            for (int s = 0; s < collected_[k]; s++) group.expect(spiking_[chunks_[k].first + s]);
        for (size_t k = 0; k < chunks_.size(); k++) group.fire(&spiking_[chunks_[k].first], collected_[k], now);
    }

    // Store the cells that spike, and leave room for what they will have when they have been reset.
    void store(int64_t now) {
        for (size_t k = 0; k < chunks_.size(); k++) {
            const int32_t* cell = &spiking_[chunks_[k].first];
            stored_[k] = spike_cell_.size();
            spike_cell_.insert(spike_cell_.end(), cell, cell + collected_[k]);
        }
        spike_time_.resize(spike_cell_.size(), now * step_s);
        spike_value_.resize(spike_cell_.size());
    }

    // Reset the cells of a chunk that spike, and store what they have then.
    void reset(size_t chunk) {
        const int32_t* cell = &spiking_[chunks_[chunk].first];
        network_.reset(cell, collected_[chunk]);
        for (int s = 0; s < collected_[chunk]; s++) spike_value_[stored_[chunk] + s] = network_.recorded()[cell[s]];
    }

    // Give every thread as many chunks of each population as the others have.
    void divide() {
        const size_t threads = static_cast<size_t>(team_.size());
        whole_ = team_.size() == 1 && cells <= FEW_CELLS;
        chunks_ = chunks_of(bounds, whole_);
        collected_.assign(chunks_.size(), 0);
        stored_.assign(chunks_.size(), 0);
        mine_.assign(threads, {});
        for (size_t p = 0, begin = 0, end = 0; p < bounds.size(); p++, begin = end) {
            while (end < chunks_.size() && chunks_[end].population == static_cast<int>(p)) end++;
            for (size_t t = 0; t < threads; t++) {
                const size_t from = begin + (end - begin) * t / threads, to = begin + (end - begin) * (t + 1) / threads;
                for (size_t k = from; k < to; k++) mine_[t].push_back(k);
            }
        }
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
        tasks_.clear();
    }

    void wire() {
        for (size_t g = 0; g < groups_; g++)
            if (!wiring_[g].arranged) throw Refused{std::string("the wiring of ") + network_.groups[g] + " was not loaded"};
        if (tasks_.empty()) make_tasks();
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
    Memory memory_;  // of the arrays
    std::vector<bool> loaded_;
    size_t groups_ = 0;
    int64_t now_ = 0, sample_every_ = 1;
    struct Task { int population; std::vector<int> groups; size_t contacts; };
    std::vector<Task> tasks_;  // of delivery
    alignas(64) std::atomic<size_t> next_task_{0}, next_group_{0};
    Team team_{sizeof(Real) == sizeof(float)};
    bool whole_ = false;  // whether one thread takes populations as they are
    std::vector<Chunk> chunks_;
    std::vector<int32_t> spiking_;            // cells that spike, of each chunk where its cells have their places
    std::vector<int> collected_;              // how many these are, of each chunk
    std::vector<size_t> stored_;              // where they are stored, of each chunk
    std::vector<std::vector<size_t>> mine_;   // chunks of each thread
    std::vector<size_t> contacts_;
    std::vector<Wiring> wiring_;
    std::vector<int32_t> spike_cell_;
    std::vector<double> spike_time_;
    std::vector<Real> spike_value_;
};

}  // namespace prelimbic
#endif
