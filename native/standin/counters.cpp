#include "counters.h"
#include <cstring>
#include <utility>

namespace tf_standin {
namespace {

template <class Visit> void each(Counters& c, Visit visit) {
    const std::pair<const char*, Counter*> all[] = {
        {"launches", &c.launches},
        {"kernels_run", &c.kernels_run},
        {"graph_launches", &c.graph_launches},
        {"library_calls", &c.library_calls},
        {"host_to_device", &c.host_to_device},
        {"host_to_device_bytes", &c.host_to_device_bytes},
        {"device_to_host", &c.device_to_host},
        {"device_to_host_bytes", &c.device_to_host_bytes},
        {"device_to_device", &c.device_to_device},
        {"device_to_device_bytes", &c.device_to_device_bytes},
        {"memsets", &c.memsets},
        {"synchronizations", &c.synchronizations},
        {"allocations", &c.allocations},
        {"frees", &c.frees},
        {"allocated_bytes", &c.allocated_bytes},
        {"captures_without_workspace", &c.captures_without_workspace},
    };
    for (const auto& one : all) visit(one.first, *one.second);
}

} // namespace

Counter* Counters::find(const char* name) {
    Counter* found = nullptr;
    each(*this, [&](const char* known, Counter& counter) {
        if (std::strcmp(known, name) == 0) found = &counter;
    });
    return found;
}

void Counters::reset() {
    each(*this, [](const char*, Counter& counter) { counter = 0; });
}

Counters& counters() {
    static Counters& all = *new Counters;
    return all;
}

} // namespace tf_standin
