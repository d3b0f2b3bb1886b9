// How a network goes through its steps: what each of its threads does, and what it records of spikes.
#ifndef PRELIMBIC_STEPS_H
#define PRELIMBIC_STEPS_H
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "delivery.h"
#include "draws.h"
#include "pipe.h"
#include "threads.h"

namespace prelimbic {

// A state starts at zero; a constant must be loaded before anything runs; what is alike must also be the same in all cells of
// a population, since the update loops take it from the first of them.  All that a contact does is in proportion to its strength.
enum Kind { STATE, CONSTANT, ALIKE, STRENGTH };
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

class Steps {
  public:
    int cells = 0;
    double step_s = 0.0;
    std::vector<int32_t> bounds;  // of populations
    std::vector<int> lacking;     // of how many spare parts, from the first on, the cells of each have none
    int32_t* fires = nullptr;     // as wide as the other numbers of a cell: a narrower type would widen the vectors' stride
    std::vector<Rows> rows;  // of each group
    std::vector<std::vector<double>> traces;

    explicit Steps(const Network& network) : network_(network), groups_(network.groups.size()) { traces.resize(network.traces.size()); }

    int first_cell(size_t population) const { return population == 0 ? 0 : bounds[population - 1]; }

  protected:
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
        if (!tasks_.empty()) return;
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

    void forget_tasks() { tasks_.clear(); }

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

    // Begin anew with `cells` and `bounds`: no rows, and every thread with as many chunks of each population as the others.
    void divide() {
        lacking.assign(bounds.size(), 0);
        rows.assign(groups_, Rows());
        tasks_.clear();
        spiking_.assign(cells, 0);
        clear();
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

    void clear() {
        spike_cell_.clear();
        spike_time_.clear();
        spike_value_.clear();
        for (std::vector<double>& trace : traces) trace.clear();
    }

    const Network network_;
    const size_t groups_;
    int64_t sample_every_ = 1;
    Team team_{sizeof(Real) == sizeof(float)};
    std::vector<int32_t> spike_cell_;
    std::vector<double> spike_time_;
    std::vector<Real> spike_value_;

  private:
    struct Task { int population; std::vector<int> groups; size_t contacts; };
    bool whole_ = false;  // whether one thread takes populations as they are
    std::vector<Chunk> chunks_;
    std::vector<std::vector<size_t>> mine_;  // chunks of each thread
    std::vector<int32_t> spiking_;           // cells that spike, of each chunk where its cells have their places
    std::vector<int> collected_;             // how many these are, of each chunk
    std::vector<size_t> stored_;             // where they are stored, of each chunk

    std::vector<Task> tasks_;                // of delivery
    alignas(64) std::atomic<size_t> next_task_{0}, next_group_{0};
};

}  // namespace prelimbic
#endif
