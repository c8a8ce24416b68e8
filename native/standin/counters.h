// What has happened, for tests such as "a captured step is one graph launch and no copy".
#pragma once
#include <atomic>

namespace tf_standin {

using Counter = std::atomic<long long>;

struct Counters {
    Counter launches{0};        // kernels given to a stream or a capture
    Counter kernels_run{0};     // kernels that ran, those of graphs too
    Counter graph_launches{0};
    Counter library_calls{0};   // cuBLAS's and cuDNN's work given to a stream or a capture
    Counter host_to_device{0}, host_to_device_bytes{0};
    Counter device_to_host{0}, device_to_host_bytes{0};
    Counter device_to_device{0}, device_to_device_bytes{0};
    Counter memsets{0};
    Counter synchronizations{0}; // calls that wait: of streams, events and contexts, and blocking copies
    Counter allocations{0}, frees{0}, allocated_bytes{0};
    Counter captures_without_workspace{0}; // cuBLAS's products captured with the workspace it makes itself

    // Null if there is none of that name.
    Counter* find(const char* name);
    void reset();
};

Counters& counters();

} // namespace tf_standin
