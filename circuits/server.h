// The loop of a compiled network: it takes framed commands on standard input and answers on a file descriptor of its
// own, so that one process serves every look of a run.  A frame is: op, length of name, bytes of payload, name, payload.
#ifndef PRELIMBIC_SERVER_H
#define PRELIMBIC_SERVER_H
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

namespace prelimbic {

struct Array {
    const char* name;
    char* data;
    size_t bytes;
};
typedef std::function<std::vector<Array>()> Table;

inline void read_all(void* target, size_t bytes) {
    char* p = static_cast<char*>(target);
    while (bytes > 0) {
        const ssize_t n = ::read(0, p, bytes);
        if (n <= 0) ::_exit(0);  // the owner is gone
        p += n;
        bytes -= static_cast<size_t>(n);
    }
}

inline void reply(int64_t status, const void* data, size_t bytes) {
    static const int fd = std::atoi(std::getenv("PRELIMBIC_REPLY_FD"));
    const int64_t head[2] = {status, static_cast<int64_t>(bytes)};
    const char* parts[2] = {reinterpret_cast<const char*>(head), static_cast<const char*>(data)};
    const size_t sizes[2] = {sizeof(head), bytes};
    for (int k = 0; k < 2; k++)
        for (size_t done = 0; done < sizes[k];) {
            const ssize_t n = ::write(fd, parts[k] + done, sizes[k] - done);
            if (n <= 0) ::_exit(0);
            done += static_cast<size_t>(n);
        }
}

inline void refuse(const std::string& why) { reply(1, why.data(), why.size()); }

// Serve until the owner says next ('N') or hangs up.  'L' loads an array, 'F' fetches one, 'R' runs, 'C' clears records.
inline void serve(const Table& table, const std::function<void(double)>& run, const std::function<void()>& clear) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        struct { char op, name_length; char pad[6]; int64_t bytes; } head;
        read_all(&head, sizeof(head));
        std::string name(static_cast<size_t>(head.name_length), ' ');
        std::vector<char> payload(static_cast<size_t>(head.bytes));
        if (!name.empty()) read_all(&name[0], name.size());
        if (!payload.empty()) read_all(payload.data(), payload.size());
        if (head.op == 'N') return reply(0, nullptr, 0);
        if (head.op == 'C') { clear(); reply(0, nullptr, 0); continue; }
        if (head.op == 'R') {
            double seconds;
            std::memcpy(&seconds, payload.data(), sizeof(seconds));
            run(seconds);
            reply(0, nullptr, 0);
            continue;
        }
        bool known = false;
        for (const Array& array : table()) {
            if (name != array.name) continue;
            known = true;
            if (head.op == 'F') reply(0, array.data, array.bytes);
            else if (payload.size() != array.bytes)
                refuse(name + " takes " + std::to_string(array.bytes) + " bytes, not " + std::to_string(payload.size()));
            else { std::memcpy(array.data, payload.data(), array.bytes); reply(0, nullptr, 0); }
            break;
        }
        if (!known) refuse("no array is called " + name);
    }
}

}  // namespace prelimbic
#endif
