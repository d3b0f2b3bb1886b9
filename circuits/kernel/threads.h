// The threads of a network, which go through a step together, and which cells belong to which of them.
//
// Cells are cut into chunks of one population, and a loop over cells is a loop over whole chunks.  These end where vectors do, but
// for the last of a population: every number comes out the same with any number of threads.
#ifndef PRELIMBIC_THREADS_H
#define PRELIMBIC_THREADS_H
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "numeric.h"
#include "pipe.h"

namespace prelimbic {

// Of so many cells, what is drawn for all is still in the cache when it is used.
const int FEW_CELLS = 8192;
const int CHUNK = 1024;  // cells of a chunk, but for the last of a population; a multiple of any vector's width

class Team {
  public:
    explicit Team(bool flush) : flush_(flush) {}

    int size() const { return size_; }

    // So many threads from now on, this one among them.
    void resize(int size) {
        if (size == size_) return;
        dismiss();
        try {
            for (int member = 1; member < size; member++) others_.emplace_back([this, member] { wait_for_work(member); });
        } catch (const std::system_error&) {
            dismiss();
            throw Refused{"the machine does not give " + std::to_string(size) + " threads"};
        }
        size_ = size;
    }

    // Every thread does the work of its number at once.
    void together(const std::function<void(int)>& work) {
        {
            const std::lock_guard<std::mutex> held(lock_);
            work_ = &work;
            orders_++;
        }
        told_.notify_all();
        work(0);
        meet();
    }

    // Go on when all threads are here.  They are so within microseconds, unless others want the cores too: who waits longer
    // leaves them to those who are awaited.
    void meet() {
        if (size_ == 1) return;
        const uint32_t round = round_.load(std::memory_order_acquire);
        if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == size_) {
            arrived_.store(0, std::memory_order_relaxed);
            round_.store(round + 1);
            if (asleep_ == 0) return;
            { const std::lock_guard<std::mutex> held(lock_); }  // who goes to sleep does
            met_.notify_all();
            return;
        }
        for (int turn = 0; turn < PATIENT_TURNS; turn++) {
            if (round_.load(std::memory_order_acquire) != round) return;
            rest_a_moment();
        }
        std::unique_lock<std::mutex> held(lock_);
        asleep_++;
        met_.wait(held, [&] { return round_ != round; });
        asleep_--;
    }

  private:
    static constexpr int PATIENT_TURNS = 4000;

    void wait_for_work(int member) {
        if (flush_) flush_denormals();
        for (uint64_t done = 0;;) {
            const std::function<void(int)>* work;
            {
                std::unique_lock<std::mutex> held(lock_);
                told_.wait(held, [&] { return orders_ > done; });
                done = orders_;
                work = work_;
            }
            if (work == nullptr) return;
            (*work)(member);
            meet();
        }
    }

    void dismiss() {
        {
            const std::lock_guard<std::mutex> held(lock_);
            work_ = nullptr;
            orders_++;
        }
        told_.notify_all();
        for (std::thread& other : others_) other.join();
        others_.clear();
        orders_ = 0;
        size_ = 1;
    }

    const bool flush_;
    int size_ = 1;
    std::vector<std::thread> others_;
    std::mutex lock_;
    std::condition_variable told_, met_;
    const std::function<void(int)>* work_ = nullptr;
    uint64_t orders_ = 0;
    alignas(64) std::atomic<int> arrived_{0};
    alignas(64) std::atomic<uint32_t> round_{0};
    std::atomic<int> asleep_{0};
};

struct Span { int first, last; };
struct Chunk { int population, first, last; };

// Every chunk, in the order of the cells; `whole` takes a population as one, whose constants are then read once.
inline std::vector<Chunk> chunks_of(const std::vector<int32_t>& bounds, bool whole) {
    std::vector<Chunk> found;
    for (size_t p = 0; p < bounds.size(); p++)
        for (int first = p == 0 ? 0 : bounds[p - 1], last; first < bounds[p]; first = last) {
            last = whole ? bounds[p] : std::min(first + CHUNK, bounds[p]);
            found.push_back({static_cast<int>(p), first, last});
        }
    return found;
}

}  // namespace prelimbic
#endif
