// Memory that many arrays lie in: zeros, and in large pages where there are any.
#ifndef PRELIMBIC_MEMORY_H
#define PRELIMBIC_MEMORY_H
#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <string>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "pipe.h"

namespace prelimbic {

const size_t LINE = 64;  // bytes of the cache

class Memory {
  public:
    Memory() = default;
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    ~Memory() { drop(); }

    // So many bytes of zeros; what was there is gone.
    void reset(size_t bytes) {
        drop();
        if (bytes == 0) return;
        void* got = ::mmap(nullptr, bytes + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (got == MAP_FAILED) throw Refused{"no memory is left for " + std::to_string(bytes >> 20) + " MB"};
        whole_ = got;
        bytes_ = bytes + PAGE;
        data_ = reinterpret_cast<char*>((reinterpret_cast<size_t>(got) + PAGE - 1) / PAGE * PAGE);
#ifdef MADV_HUGEPAGE
        if (bytes >= 4 * PAGE) ::madvise(data_, bytes, MADV_HUGEPAGE);
#endif
    }

    char* data() { return data_; }

  private:
    static constexpr size_t PAGE = size_t(1) << 21;

    void drop() {
        if (whole_ != nullptr) ::munmap(whole_, bytes_);
        whole_ = nullptr;
        data_ = nullptr;
    }

    void* whole_ = nullptr;
    char* data_ = nullptr;
    size_t bytes_ = 0;
};

// Have large pieces of memory given back when they are no longer used, where the C library would keep them for later.
inline void give_back_memory() {
#if defined(__GLIBC__)
    ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

}  // namespace prelimbic
#endif
