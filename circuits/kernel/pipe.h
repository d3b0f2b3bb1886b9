// Frames between a compiled network and its owner.
#ifndef PRELIMBIC_PIPE_H
#define PRELIMBIC_PIPE_H
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace prelimbic {

struct Refused {
    std::string why;
};

struct Frame {
    char op;
    std::string name;
    const char* payload;  // until the next frame
    size_t bytes;
};

// Where answers go, and the memory that large payloads come through, as the owner named them.
struct Descriptors {
    int answers = -1, memory = -1;
    Descriptors() {
        if (std::sscanf(std::getenv("PRELIMBIC_FDS"), "%d %d", &answers, &memory) != 2) ::_exit(1);
    }
};
inline const Descriptors& descriptors() {
    static const Descriptors found;
    return found;
}

inline void read_all(void* target, size_t bytes) {
    char* p = static_cast<char*>(target);
    while (bytes > 0) {
        const ssize_t n = ::read(0, p, bytes);
        if (n <= 0) ::_exit(0);  // the owner is gone
        p += n;
        bytes -= static_cast<size_t>(n);
    }
}

inline Frame receive() {
    static std::vector<char> payload;  // kept: fresh memory would be zeroed, page by page, for every array
    static void* memory = nullptr;
    static size_t mapped = 0;
    struct { char op; uint8_t name_length, shared; char pad[5]; int64_t bytes; } head;
    read_all(&head, sizeof(head));
    Frame frame{head.op, std::string(head.name_length, ' '), nullptr, static_cast<size_t>(head.bytes)};
    if (head.name_length > 0) read_all(&frame.name[0], frame.name.size());
    if (head.shared) {
        if (mapped < frame.bytes) {
            if (memory != nullptr) ::munmap(memory, mapped);
            memory = ::mmap(nullptr, frame.bytes, PROT_READ, MAP_SHARED, descriptors().memory, 0);
            if (memory == MAP_FAILED) ::_exit(1);
            mapped = frame.bytes;
        }
        frame.payload = static_cast<const char*>(memory);
        return frame;
    }
    if (payload.size() < frame.bytes) payload.resize(frame.bytes);
    read_all(payload.data(), frame.bytes);
    frame.payload = payload.data();
    return frame;
}

inline void write_all(const void* data, size_t bytes) {
    const char* p = static_cast<const char*>(data);
    while (bytes > 0) {
        const ssize_t n = ::write(descriptors().answers, p, bytes);
        if (n <= 0) ::_exit(0);
        p += n;
        bytes -= static_cast<size_t>(n);
    }
}

inline void reply(int64_t status, const void* data, size_t bytes) {
    const int64_t head[2] = {status, static_cast<int64_t>(bytes)};
    write_all(head, sizeof(head));
    write_all(data, bytes);
}

// True once nobody holds the other end of standard input.
inline bool owner_gone() {
    pollfd input = {0, POLLIN, 0};
    return ::poll(&input, 1, 0) > 0 && (input.revents & (POLLHUP | POLLERR)) != 0;
}

}  // namespace prelimbic
#endif
