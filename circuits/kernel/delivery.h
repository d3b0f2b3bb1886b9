// Contacts of a synapse group in rows of one sending cell, one delay and one target population, and the rows that are due at
// coming steps.  In a row, contacts that do nothing stand behind the others and are not delivered.
#ifndef PRELIMBIC_DELIVERY_H
#define PRELIMBIC_DELIVERY_H
#include <algorithm>
#include <cstdint>
#include <vector>

#include "given.h"

namespace prelimbic {

const size_t AHEAD = 6;  // rows between the one that is delivered and the one that memory is asked for

class Rows {
  public:
    struct Spike { int32_t source, kind; };  // under way in a row of its cell

    // Given contacts in any order, find the place of each: by source, delay (steps), target population, then as given.
    void arrange(const int32_t* source, const int32_t* target, const int32_t* delay, size_t contacts, int cells,
                 const std::vector<int32_t>& bounds) {
        const int longest = contacts == 0 ? 0 : *std::max_element(delay, delay + contacts);
        const int populations = static_cast<int>(bounds.size());
        std::vector<int32_t> population(cells), kind((longest + 1) * populations, -1);
        for (int c = 0, p = 0; c < cells; c++) {
            while (c >= bounds[p]) p++;
            population[c] = p;
        }
        const auto combination = [&](size_t c) { return delay[c] * populations + population[target[c]]; };
        for (size_t c = 0; c < contacts; c++) kind[combination(c)] = 0;
        steps_.clear();
        population_.clear();
        for (size_t k = 0; k < kind.size(); k++)
            if (kind[k] == 0) {
                kind[k] = static_cast<int32_t>(steps_.size());
                steps_.push_back(static_cast<int32_t>(k) / populations);
                population_.push_back(static_cast<int32_t>(k) % populations);
            }
        const size_t kinds = steps_.size();
        first_ = contacts == 0 ? 0 : *std::min_element(source, source + contacts);
        last_ = contacts == 0 ? -1 : *std::max_element(source, source + contacts);
        const auto row = [&](size_t c) { return (source[c] - first_) * kinds + kind[combination(c)]; };
        begin_.assign(static_cast<size_t>(last_ - first_ + 1) * kinds + 1, 0);
        for (size_t c = 0; c < contacts; c++) begin_[row(c) + 1]++;
        for (size_t r = 1; r < begin_.size(); r++) begin_[r] += begin_[r - 1];
        std::vector<int32_t> next(begin_.begin(), begin_.end());
        given_.arrange(target, contacts, cells);
        this->target.resize(contacts);
        for (size_t c = 0; c < contacts; c++) {
            const int32_t place = next[row(c)]++;
            given_.put(place, target[c], static_cast<int32_t>(c));
            this->target[place] = target[c];
        }
        end_.assign(begin_.begin() + 1, begin_.end());
        strength_.assign(end_.size(), 0);
        alike_ = false;
        slots_ = 1;
        while (slots_ <= static_cast<size_t>(longest)) slots_ *= 2;
        due_.assign(slots_ * populations, {});
        reached_.assign(populations, 0);
        for (size_t c = 0; c < contacts; c++) reached_[population[target[c]]]++;
    }

    // Put the contacts of each row that have a strength, of those given, before those that have none; both stay in the order in
    // which they were given, so that sums are made in one order whatever the others are.  Rows on their way keep their meaning.
    // True where all strengths of a row are one, of each row: they need not be stored.
    bool part(const Real* strength) {
        std::vector<uint64_t> row;
        alike_ = true;
        for (size_t r = 0; r < end_.size(); r++) {
            if (!parted(r, strength)) sort(r, strength, row);
            const int32_t first = begin_[r], last = end_[r];
            strength_[r] = first < last ? strength[given(first)] : Real(0);
            for (int32_t c = first; c < last && alike_; c++) alike_ = strength[given(c)] == strength_[r];
        }
        return alike_;
    }

    // The strength of a contact by its place, of those stored or of its row.
    struct Strengths { const Real* of; int32_t each; };
    Strengths strengths(const Spike& spike, const Real* stored) const {
        return alike_ ? Strengths{&strength_[place(spike)], 0} : Strengths{stored, -1};
    }

    // What contacts have, in the order given, from what they have by place or, without that, of their row.
    void tell(const Real* stored, Real* out) const {
        for (size_t r = 0; r < end_.size(); r++)
            for (int32_t c = begin_[r]; c < begin_[r + 1]; c++)
                out[given(c)] = !alike_ ? stored[c] : c < end_[r] ? strength_[r] : Real(0);
    }

    int32_t given(int32_t place) const { return given_.at(place, target[place]); }

    // Cells that spiked at this step: their rows fall due after their delays.
    void fire(const int32_t* cell, int count, int64_t now) {
        const int kinds = static_cast<int>(steps_.size());
        for (int s = 0; s < count; s++) {
            if (cell[s] < first_ || cell[s] > last_) continue;
            const int32_t* begin = &begin_[(cell[s] - first_) * kinds];
            for (int k = 0; k < kinds; k++)
                if (begin[k] < begin[k + 1]) due(population_[k], now + steps_[k]).push_back({cell[s], k});
        }
    }

    std::vector<Spike>& due(int population, int64_t now) { return due_[population * slots_ + (now & (slots_ - 1))]; }

    // Contacts on cells of a population.
    size_t reaches(int population) const { return reached_[population]; }

    struct Row { int32_t source, first, last; };
    Row row(const Spike& spike) const {
        const size_t r = place(spike);
        return {spike.source, begin_[r], end_[r]};
    }

    // Ask memory for where the rows of a cell begin, which will fire soon.
    void expect(int32_t cell) const {
        if (cell < first_ || cell > last_) return;
        const int32_t* begin = &begin_[(cell - first_) * steps_.size()];
        for (size_t k = 0; k <= steps_.size(); k += 16) __builtin_prefetch(begin + k);
    }
    void expect(const Spike& spike) const {
        __builtin_prefetch(&begin_[place(spike)]);
        __builtin_prefetch(&end_[place(spike)]);
    }

    // A row that is due so many steps from now; all of them, in the order in which they will be delivered.
    struct Due { int32_t steps; Spike spike; };
    std::vector<Due> waiting(int64_t now) {
        std::vector<Due> found;
        for (size_t steps = 0; steps < slots_; steps++)
            for (size_t p = 0; p < reached_.size(); p++)
                for (const Spike& spike : due(p, now + static_cast<int64_t>(steps)))
                    found.push_back({static_cast<int32_t>(steps), spike});
        return found;
    }

    // Wait for these rows instead of all others; false where they are no rows of this group.
    bool wait_for(const std::vector<Due>& rows, int64_t now) {
        for (std::vector<Spike>& slot : due_) slot.clear();
        for (const Due& one : rows) {
            const Spike& spike = one.spike;
            const bool known = one.steps >= 0 && static_cast<size_t>(one.steps) < slots_ && spike.source >= first_ &&
                               spike.source <= last_ && spike.kind >= 0 && static_cast<size_t>(spike.kind) < steps_.size() &&
                               begin_[place(spike)] < begin_[place(spike) + 1];
            if (!known) return false;
            due(population_[spike.kind], now + one.steps).push_back(spike);
        }
        return true;
    }

    std::vector<int32_t> target;  // by place

  private:
    // Whether those of a row that have a strength are the first ones already.
    bool parted(size_t r, const Real* strength) const {
        for (int32_t c = begin_[r]; c < begin_[r + 1]; c++)
            if ((strength[given(c)] != Real(0)) != (c < end_[r])) return false;
        return true;
    }

    void sort(size_t r, const Real* strength, std::vector<uint64_t>& row) {
        row.clear();
        end_[r] = begin_[r];
        for (int32_t c = begin_[r]; c < begin_[r + 1]; c++) {
            const int32_t contact = given(c);
            const bool idle = strength[contact] == Real(0);
            row.push_back(uint64_t(idle) << 63 | uint64_t(contact) << 32 | uint32_t(target[c]));
            end_[r] += !idle;
        }
        std::sort(row.begin(), row.end());
        for (size_t k = 0; k < row.size(); k++) {
            const int32_t place = begin_[r] + static_cast<int32_t>(k);
            target[place] = static_cast<int32_t>(row[k]);
            given_.put(place, target[place], row[k] >> 32 & 0x7fffffff);
        }
    }

    size_t place(const Spike& spike) const { return (spike.source - first_) * steps_.size() + spike.kind; }

    int32_t first_ = 0, last_ = -1;            // sources
    std::vector<int32_t> steps_, population_;  // of each kind of row: delay, and which population the targets are of
    std::vector<int32_t> begin_, end_;         // of each row: where it begins, and where what is delivered ends
    std::vector<Real> strength_;               // of each row, where its contacts have all the same
    bool alike_ = false;
    Given given_;
    size_t slots_ = 1;
    std::vector<size_t> reached_;            // contacts on each population
    std::vector<std::vector<Spike>> due_;    // of each population, and of it of each slot of time
};

}  // namespace prelimbic
#endif
