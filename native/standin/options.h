// What tests choose about the stand-in. Each is set by tf_standin_set(name, value), or before the program starts by an
// environment variable TINYFLOW_STANDIN_<NAME IN CAPITALS>.
#pragma once
#include <atomic>
#include <string>

namespace tf_standin {

struct Option {
    const char* name;
    long long initial;
    std::atomic<long long> value;

    operator long long() const { return value.load(std::memory_order_relaxed); }
};

struct Options {
    Option devices{"devices", 1, {}};                           // 0 to 8
    Option driver_version{"driver_version", 13000, {}};         // 1000·major + 10·minor
    Option memory_bytes{"memory_bytes", 16LL << 30, {}};        // of each device
    Option compute_capability{"compute_capability", 90, {}};    // 10·major + minor
    Option multiprocessors{"multiprocessors", 16, {}};
    Option deferred{"deferred", 1, {}};                         // 0: work is done when it is given
    Option queue_limit{"queue_limit", 1024, {}};                // items that wait; then the oldest is done
    Option order{"order", 0, {}};                               // of threads: 0 forward, 1 reverse, 2 random
    Option cpu_threads{"cpu_threads", 0, {}};                   // 0: one a core
    Option protect{"protect", 0, {}};                           // 1: the host cannot touch device memory
    Option cudnn_version{"cudnn_version", 91300, {}};           // 10000·major + 100·minor + patch
    Option lost_device{"lost_device", 0, {}};                   // an error code: every call returns it from now on

    // Null if there is none of that name.
    Option* find(const std::string& name);
    void reset();
};

Options& options();

} // namespace tf_standin
