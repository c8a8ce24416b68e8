// NCCL among the threads of one process, or among several devices of one thread: every rank's stream takes its part in its
// turn, and the last to come does the sum for all, in the order of the ranks.
#include "call.h"
#include "element.h"
#include "handles.h"
#include "leaks.h"
#include "memory.h"
#include "stream.h"
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

using namespace tf_standin;

namespace {

enum Result : int {
    result_success = 0,
    result_unhandled_cuda_error = 1,
    result_invalid_argument = 4,
    result_invalid_usage = 5,
};

enum Reduction : int { sum = 0, product = 1, maximum = 2, minimum = 3, average = 4 };
enum DataType : int { int8 = 0, uint8 = 1, int32 = 2, uint32 = 3, int64 = 4, uint64 = 5, float32 = 7, float64 = 8, bfloat16 = 9 };

struct UniqueId {
    char bytes[128];
};

// How long a rank waits for the others before it gives up: tests must end.
constexpr std::chrono::seconds patience{30};
// Between looks at whether the others' work is waiting in this very thread.
constexpr std::chrono::milliseconds look_again{1};

struct Part {
    const void* source = nullptr;
    void* target = nullptr;
    std::size_t count = 0;
    int type = 0, operation = 0, root = -1; // root < 0: an all-reduce
};

// One collective operation: who has come, and whether it is done.
struct Meeting {
    std::vector<Part> parts;
    std::vector<bool> came;
    int present = 0;
    bool done = false;
    std::string trouble;
};

class Group {
public:
    explicit Group(int size) : size(size), _round(size, 0), _streams(size) {}

    const int size;

    // The number-th to create its communicator waits until all have; false if they do not come.
    bool join() {
        std::unique_lock<std::mutex> lock(_mutex);
        ++_joined;
        _changed.notify_all();
        return _changed.wait_for(lock, patience, [this] { return _joined >= size; });
    }

    void set_stream(int rank, std::shared_ptr<Stream> stream) {
        std::lock_guard<std::mutex> lock(_mutex);
        _streams[rank] = std::move(stream);
    }

    void abort() {
        std::lock_guard<std::mutex> lock(_mutex);
        _aborted = true;
        _changed.notify_all();
    }

    // A rank's stream has come to its next operation.
    Ending take_part(int rank, const Part& part);

private:
    std::mutex _mutex;
    std::condition_variable _changed;
    std::map<long long, std::shared_ptr<Meeting>> _meetings;
    std::vector<long long> _round; // how many operations each rank took part in
    std::vector<std::shared_ptr<Stream>> _streams;
    int _joined = 0;
    bool _aborted = false;
};

struct Communicator {
    std::shared_ptr<Group> group;
    int rank;
};

const LeakKind communicators("NCCL communicators", [] { return handles<Communicator>().count(); });

std::mutex groups_mutex;
std::map<std::string, std::weak_ptr<Group>> groups; // by their unique ids

std::size_t bytes_of(int type) {
    switch (type) {
    case int8: case uint8: return 1;
    case bfloat16: return 2;
    case int32: case uint32: case float32: return 4;
    case int64: case uint64: case float64: return 8;
    default: return 0;
    }
}

template <class T> T reduced(int operation, T a, T b) {
    switch (operation) {
    case product: return static_cast<T>(a * b);
    case maximum: return std::max(a, b);
    case minimum: return std::min(a, b);
    default: return static_cast<T>(a + b);
    }
}

template <class T> void reduce(const std::vector<Part>& parts) {
    std::vector<T> total(parts[0].count);
    for (std::size_t i = 0; i < total.size(); ++i) {
        T value = static_cast<const T*>(parts[0].source)[i];
        for (std::size_t r = 1; r < parts.size(); ++r) {
            value = reduced(parts[0].operation, value, static_cast<const T*>(parts[r].source)[i]);
        }
        total[i] = parts[0].operation == average ? static_cast<T>(value / static_cast<T>(parts.size())) : value;
    }
    for (const Part& part : parts) std::copy(total.begin(), total.end(), static_cast<T*>(part.target));
}

void reduce_bfloat16(const std::vector<Part>& parts) {
    std::vector<float> total(parts[0].count);
    for (std::size_t i = 0; i < total.size(); ++i) {
        total[i] = load(parts[0].source, i, ElementType::bfloat16);
        for (std::size_t r = 1; r < parts.size(); ++r) {
            total[i] = reduced(parts[0].operation, total[i], load(parts[r].source, i, ElementType::bfloat16));
        }
        if (parts[0].operation == average) total[i] /= static_cast<float>(parts.size());
    }
    for (const Part& part : parts) {
        for (std::size_t i = 0; i < total.size(); ++i) store(part.target, i, ElementType::bfloat16, total[i]);
    }
}

// Does an operation for which all have come; a text if their calls do not fit together.
std::string carry_out(const std::vector<Part>& parts) {
    for (const Part& part : parts) {
        const Part& first = parts[0];
        if (part.count != first.count || part.type != first.type || part.operation != first.operation ||
            part.root != first.root) {
            return "the ranks' calls differ in count, type, operation or root";
        }
    }
    std::size_t bytes = parts[0].count * bytes_of(parts[0].type);
    for (const Part& part : parts) {
        bool sends = part.root < 0 || &part == &parts[part.root];
        if (sends && !is_device_memory(reinterpret_cast<DevicePointer>(part.source), bytes)) {
            return "what is sent is not within one allocation of the device";
        }
        if (!is_device_memory(reinterpret_cast<DevicePointer>(part.target), bytes)) {
            return "what is received is not within one allocation of the device";
        }
    }
    if (parts[0].root >= 0) {
        const void* source = parts[parts[0].root].source;
        for (const Part& part : parts) std::memmove(part.target, source, bytes);
        return {};
    }
    switch (parts[0].type) {
    case int8: reduce<std::int8_t>(parts); break;
    case uint8: reduce<std::uint8_t>(parts); break;
    case int32: reduce<std::int32_t>(parts); break;
    case uint32: reduce<std::uint32_t>(parts); break;
    case int64: reduce<std::int64_t>(parts); break;
    case uint64: reduce<std::uint64_t>(parts); break;
    case float32: reduce<float>(parts); break;
    case float64: reduce<double>(parts); break;
    default: reduce_bfloat16(parts);
    }
    return {};
}

Ending Group::take_part(int rank, const Part& part) {
    std::unique_lock<std::mutex> lock(_mutex);
    long long number = _round[rank]++;
    std::shared_ptr<Meeting>& entry = _meetings[number];
    if (entry == nullptr) {
        entry = std::make_shared<Meeting>();
        entry->parts.resize(size);
        entry->came.resize(size);
    }
    std::shared_ptr<Meeting> meeting = entry;
    meeting->parts[rank] = part;
    meeting->came[rank] = true;
    if (++meeting->present == size) {
        meeting->trouble = carry_out(meeting->parts);
        meeting->done = true;
        _meetings.erase(number);
        _changed.notify_all();
    }
    auto deadline = std::chrono::steady_clock::now() + patience;
    while (!meeting->done) {
        if (_aborted) return {launch_failed, "the communicator was aborted"};
        if (std::chrono::steady_clock::now() > deadline) return {launch_timeout, "the other ranks did not come"};
        // Where one thread drives several ranks, nobody but we can bring the others here.
        std::vector<std::shared_ptr<Stream>> missing;
        for (int r = 0; r < size; ++r) {
            if (!meeting->came[r] && _streams[r] != nullptr) missing.push_back(_streams[r]);
        }
        lock.unlock();
        for (const auto& stream : missing) {
            stream->help_until([&] {
                std::lock_guard<std::mutex> again(_mutex);
                return meeting->done;
            });
        }
        lock.lock();
        _changed.wait_for(lock, look_again, [&] { return meeting->done || _aborted; });
    }
    if (!meeting->trouble.empty()) return {launch_failed, meeting->trouble};
    return {};
}

int enqueue(void* handle, void* stream_handle, const char* name, const Part& part) {
    auto communicator = handles<Communicator>().find(handle);
    auto stream = find_stream(stream_handle);
    if (communicator == nullptr || stream == nullptr) return result_invalid_argument;
    if (bytes_of(part.type) == 0 || part.operation < sum || part.operation > average) return result_invalid_argument;
    if (part.root >= communicator->group->size) return result_invalid_argument;
    communicator->group->set_stream(communicator->rank, stream);
    int error = stream->submit({name, WorkKind::library, [communicator, part] {
                                    return communicator->group->take_part(communicator->rank, part);
                                }});
    return error == success ? result_success : result_unhandled_cuda_error;
}

void* add_communicator(std::shared_ptr<Group> group, int rank) {
    return handles<Communicator>().add(std::make_shared<Communicator>(Communicator{std::move(group), rank}));
}

} // namespace

TF_API int ncclGetVersion(int* version) {
    static Call call("ncclGetVersion");
    if (int error = call.begin_library()) return error;
    *version = 22703; // 2.27.3
    return result_success;
}

TF_API int ncclGetUniqueId(UniqueId* id) {
    static Call call("ncclGetUniqueId");
    if (int error = call.begin_library()) return error;
    static std::atomic<long long> number{0};
    std::memset(id->bytes, 0, sizeof id->bytes);
    long long next = ++number;
    std::memcpy(id->bytes, &next, sizeof next);
    return result_success;
}

TF_API int ncclCommInitRank(void** handle, int size, UniqueId id, int rank) {
    static Call call("ncclCommInitRank");
    if (int error = call.begin_library()) return error;
    if (size < 1 || rank < 0 || rank >= size) return result_invalid_argument;
    if (current_device() == nullptr) return result_unhandled_cuda_error;
    std::shared_ptr<Group> group;
    {
        std::lock_guard<std::mutex> lock(groups_mutex);
        std::weak_ptr<Group>& known = groups[std::string(id.bytes, sizeof id.bytes)];
        group = known.lock();
        if (group == nullptr) known = group = std::make_shared<Group>(size);
    }
    if (group->size != size) return result_invalid_usage;
    if (!group->join()) return result_unhandled_cuda_error;
    *handle = add_communicator(group, rank);
    return result_success;
}

TF_API int ncclCommInitAll(void** communicators_out, int count, const int*) {
    static Call call("ncclCommInitAll");
    if (int error = call.begin_library()) return error;
    if (count < 1) return result_invalid_argument;
    auto group = std::make_shared<Group>(count);
    for (int rank = 0; rank < count; ++rank) communicators_out[rank] = add_communicator(group, rank);
    return result_success;
}

TF_API int ncclCommCount(void* handle, int* count) {
    static Call call("ncclCommCount");
    if (int error = call.begin_library()) return error;
    auto communicator = handles<Communicator>().find(handle);
    if (communicator == nullptr) return result_invalid_argument;
    *count = communicator->group->size;
    return result_success;
}

TF_API int ncclCommUserRank(void* handle, int* rank) {
    static Call call("ncclCommUserRank");
    if (int error = call.begin_library()) return error;
    auto communicator = handles<Communicator>().find(handle);
    if (communicator == nullptr) return result_invalid_argument;
    *rank = communicator->rank;
    return result_success;
}

TF_API int ncclAllReduce(const void* source, void* target, std::size_t count, int type, int operation, void* handle,
                         void* stream) {
    static Call call("ncclAllReduce");
    if (int error = call.begin_library()) return error;
    return enqueue(handle, stream, "ncclAllReduce", {source, target, count, type, operation, -1});
}

TF_API int ncclBroadcast(const void* source, void* target, std::size_t count, int type, int root, void* handle,
                         void* stream) {
    static Call call("ncclBroadcast");
    if (int error = call.begin_library()) return error;
    if (root < 0) return result_invalid_argument;
    return enqueue(handle, stream, "ncclBroadcast", {source, target, count, type, sum, root});
}

// Operations do not wait when they are given, so groups need nothing.
TF_API int ncclGroupStart() {
    static Call call("ncclGroupStart");
    return call.begin_library();
}

TF_API int ncclGroupEnd() {
    static Call call("ncclGroupEnd");
    return call.begin_library();
}

TF_API int ncclCommGetAsyncError(void* handle, int* error_out) {
    static Call call("ncclCommGetAsyncError");
    if (int error = call.begin_library()) return error;
    if (handles<Communicator>().find(handle) == nullptr) return result_invalid_argument;
    *error_out = failure_of("nccl");
    return result_success;
}

TF_API int ncclCommFinalize(void* handle) {
    static Call call("ncclCommFinalize");
    if (int error = call.begin_library()) return error;
    return handles<Communicator>().find(handle) == nullptr ? result_invalid_argument : result_success;
}

TF_API int ncclCommDestroy(void* handle) {
    static Call call("ncclCommDestroy");
    if (int error = call.begin_library()) return error;
    return handles<Communicator>().remove(handle) == nullptr ? result_invalid_argument : result_success;
}

// Frees those who wait for this rank.
TF_API int ncclCommAbort(void* handle) {
    static Call call("ncclCommAbort");
    if (int error = call.begin_library()) return error;
    auto communicator = handles<Communicator>().remove(handle);
    if (communicator == nullptr) return result_invalid_argument;
    communicator->group->abort();
    return result_success;
}

TF_API const char* ncclGetErrorString(int result) {
    switch (result) {
    case result_success: return "no error";
    case result_unhandled_cuda_error: return "unhandled cuda error";
    case 2: return "unhandled system error";
    case 3: return "internal error";
    case result_invalid_argument: return "invalid argument";
    case result_invalid_usage: return "invalid usage";
    case 6: return "remote process exited or there was a network error";
    case 7: return "NCCL operation in progress";
    case 8: return "timeout";
    default: return "unknown result code";
    }
}

TF_API const char* ncclGetLastError(void*) { return ""; }
