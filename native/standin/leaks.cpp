#include "leaks.h"
#include "device.h"
#include "handles.h"
#include "memory.h"
#include "stream.h"

namespace tf_standin {
namespace {

LeakKind* first_kind = nullptr;

template <class T> std::size_t count_handles() { return handles<T>().count(); }

const LeakKind streams("streams", &count_handles<Stream>);
const LeakKind events("events", &count_handles<Event>);
const LeakKind graphs("graphs", &count_handles<Graph>);
const LeakKind executable_graphs("executable graphs", &count_handles<ExecutableGraph>);
const LeakKind pinned("blocks of pinned memory", &live_pinned);

} // namespace

LeakKind::LeakKind(const char* kind, std::size_t (*count_of)()) : name(kind), count(count_of), next(first_kind) {
    first_kind = this;
}

int find_leaks(std::string* lines) {
    std::size_t total = 0;
    for (const Allocation& a : live_allocations()) {
        *lines += "allocation " + std::to_string(a.number) + " of " + std::to_string(a.bytes) + " bytes on device " +
                  std::to_string(a.device->ordinal()) + "\n";
        ++total;
    }
    for (const LeakKind* kind = first_kind; kind != nullptr; kind = kind->next) {
        std::size_t count = kind->count();
        if (count > 0) *lines += std::to_string(count) + " " + kind->name + "\n";
        total += count;
    }
    return static_cast<int>(total);
}

} // namespace tf_standin
