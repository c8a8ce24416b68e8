// The driver API: memory and copies.
#include "call.h"
#include "counters.h"
#include "memory.h"
#include "options.h"
#include "stream.h"
#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

using namespace tf_standin;

namespace {

void* host(DevicePointer address) { return reinterpret_cast<void*>(address); }

Ending outside(const char* side, std::size_t bytes) {
    return {illegal_address, std::string("its ") + side + " of " + std::to_string(bytes) +
                                 " bytes is not within one allocation of the device"};
}

Ending copy_to_device(DevicePointer destination, const void* source, std::size_t bytes) {
    if (!is_device_memory(destination, bytes)) return outside("destination", bytes);
    std::memcpy(host(destination), source, bytes);
    return {};
}

Ending copy_to_host(void* destination, DevicePointer source, std::size_t bytes) {
    if (!is_device_memory(source, bytes)) return outside("source", bytes);
    std::memcpy(destination, host(source), bytes);
    return {};
}

Ending copy_on_device(DevicePointer destination, DevicePointer source, std::size_t bytes) {
    if (!is_device_memory(destination, bytes)) return outside("destination", bytes);
    if (!is_device_memory(source, bytes)) return outside("source", bytes);
    std::memmove(host(destination), host(source), bytes);
    return {};
}

void count_copy(Counter& copies, Counter& bytes_copied, std::size_t bytes) {
    ++copies;
    bytes_copied += static_cast<long long>(bytes);
}

// A capture may not read or write host memory that can move or vanish before the replay.
int check_capture_of_host_memory(void* stream_handle, const void* memory, std::size_t bytes) {
    auto stream = find_stream(stream_handle);
    if (stream == nullptr) return invalid_handle;
    if (!stream->is_capturing() || is_pinned(memory, bytes)) return success;
    stream->invalidate_capture();
    return stream_capture_unsupported;
}

// What the blocking copies do: they wait, copy, and tell of the copy's own error.
int wait_and_run(Work work) {
    if (int error = refuse_while_capturing()) return error;
    ++counters().synchronizations;
    auto stream = current_device()->legacy_stream();
    if (int error = stream->submit(std::move(work))) return error;
    return stream->drain();
}

template <class Word> int fill(DevicePointer destination, Word value, std::size_t count, void* stream, const char* name) {
    ++counters().memsets;
    return submit(stream, {name, WorkKind::memset, [=]() -> Ending {
                               if (!is_device_memory(destination, count * sizeof(Word))) {
                                   return outside("destination", count * sizeof(Word));
                               }
                               std::fill_n(static_cast<Word*>(host(destination)), count, value);
                               return {};
                           }});
}

} // namespace

TF_API int cuMemGetInfo_v2(std::size_t* free, std::size_t* total) {
    static Call call("cuMemGetInfo_v2");
    if (int error = call.begin(Needs::context)) return error;
    *total = static_cast<std::size_t>(static_cast<long long>(options().memory_bytes));
    *free = *total - std::min(*total, allocated_bytes(*current_device()));
    return success;
}

TF_API int cuMemAlloc_v2(DevicePointer* address, std::size_t bytes) {
    static Call call("cuMemAlloc_v2");
    if (int error = call.begin(Needs::context)) return error;
    if (int error = refuse_while_capturing()) return error;
    return allocate(*current_device(), bytes, address);
}

TF_API int cuMemFree_v2(DevicePointer address) {
    static Call call("cuMemFree_v2");
    int error = call.begin(Needs::context);
    if (error != success && !is_sticky(error)) return error;
    if (address == 0) return error;
    if (int refused = refuse_while_capturing()) return refused;
    drain_all(*current_device());
    if (int wrong = release(address)) return wrong;
    return error;
}

// Stream-ordered: the memory is there at once, as nothing on the stream can use it before it has the address.
// In a capture it would become a node of the graph; the stand-in does not know those and refuses.
TF_API int cuMemAllocAsync(DevicePointer* address, std::size_t bytes, void* stream_handle) {
    static Call call("cuMemAllocAsync");
    if (int error = call.begin(Needs::context)) return error;
    auto stream = find_stream(stream_handle);
    if (stream == nullptr) return invalid_handle;
    if (stream->is_capturing()) {
        stream->invalidate_capture();
        return stream_capture_unsupported;
    }
    return allocate(*current_device(), bytes, address);
}

TF_API int cuMemFreeAsync(DevicePointer address, void* stream_handle) {
    static Call call("cuMemFreeAsync");
    if (int error = call.begin(Needs::context)) return error;
    if (!is_device_memory(address, 1)) return invalid_value;
    return submit(stream_handle, {"cuMemFreeAsync", WorkKind::free, [address]() -> Ending {
                                      if (release(address) != success) {
                                          return {illegal_address, "the memory had been freed before"};
                                      }
                                      return {};
                                  }});
}

TF_API int cuDeviceGetDefaultMemPool(void** pool, int ordinal) {
    static Call call("cuDeviceGetDefaultMemPool");
    if (int error = call.begin(Needs::driver)) return error;
    *pool = device(ordinal);
    return *pool == nullptr ? invalid_device : success;
}

TF_API int cuMemPoolSetAttribute(void* pool, int, void*) {
    static Call call("cuMemPoolSetAttribute");
    if (int error = call.begin(Needs::driver)) return error;
    return device_of_context(pool) == nullptr ? invalid_value : success;
}

TF_API int cuMemPoolGetAttribute(void* pool, int attribute, void* value) {
    static Call call("cuMemPoolGetAttribute");
    if (int error = call.begin(Needs::driver)) return error;
    Device* owner = device_of_context(pool);
    if (owner == nullptr) return invalid_value;
    constexpr int reserved_current = 5, reserved_high = 6, used_current = 7, used_high = 8;
    bool high = attribute == reserved_high || attribute == used_high;
    if (!high && attribute != reserved_current && attribute != used_current) return invalid_value;
    *static_cast<std::uint64_t*>(value) = high ? peak_bytes(*owner) : allocated_bytes(*owner);
    return success;
}

TF_API int cuMemPoolTrimTo(void* pool, std::size_t) {
    static Call call("cuMemPoolTrimTo");
    if (int error = call.begin(Needs::driver)) return error;
    return device_of_context(pool) == nullptr ? invalid_value : success;
}

TF_API int cuMemAllocHost_v2(void** address, std::size_t bytes) {
    static Call call("cuMemAllocHost_v2");
    if (int error = call.begin(Needs::context)) return error;
    if (int error = refuse_while_capturing()) return error;
    if (bytes == 0) return invalid_value;
    *address = allocate_pinned(bytes);
    return *address == nullptr ? out_of_memory : success;
}

TF_API int cuMemFreeHost(void* address) {
    static Call call("cuMemFreeHost");
    int error = call.begin(Needs::context);
    if (error != success && !is_sticky(error)) return error;
    if (int refused = refuse_while_capturing()) return refused;
    drain_all(*current_device());
    if (int wrong = release_pinned(address)) return wrong;
    return error;
}

TF_API int cuMemcpyHtoD_v2(DevicePointer destination, const void* source, std::size_t bytes) {
    static Call call("cuMemcpyHtoD_v2");
    if (int error = call.begin(Needs::context)) return error;
    count_copy(counters().host_to_device, counters().host_to_device_bytes, bytes);
    if (!is_device_memory(destination, bytes)) return invalid_value;
    return wait_and_run(
        {"cuMemcpyHtoD", WorkKind::copy, [=] { return copy_to_device(destination, source, bytes); }});
}

TF_API int cuMemcpyDtoH_v2(void* destination, DevicePointer source, std::size_t bytes) {
    static Call call("cuMemcpyDtoH_v2");
    if (int error = call.begin(Needs::context)) return error;
    count_copy(counters().device_to_host, counters().device_to_host_bytes, bytes);
    if (!is_device_memory(source, bytes)) return invalid_value;
    return wait_and_run({"cuMemcpyDtoH", WorkKind::copy, [=] { return copy_to_host(destination, source, bytes); }});
}

// From pinned memory the device reads when the copy's turn has come; from other memory the driver takes a copy at once.
TF_API int cuMemcpyHtoDAsync_v2(DevicePointer destination, const void* source, std::size_t bytes, void* stream) {
    static Call call("cuMemcpyHtoDAsync_v2");
    if (int error = call.begin(Needs::context)) return error;
    if (int error = check_capture_of_host_memory(stream, source, bytes)) return error;
    count_copy(counters().host_to_device, counters().host_to_device_bytes, bytes);
    if (is_pinned(source, bytes)) {
        return submit(stream, {"cuMemcpyHtoDAsync", WorkKind::copy,
                               [=] { return copy_to_device(destination, source, bytes); }});
    }
    auto staged = std::make_shared<std::vector<char>>(static_cast<const char*>(source),
                                                      static_cast<const char*>(source) + bytes);
    return submit(stream, {"cuMemcpyHtoDAsync", WorkKind::copy,
                           [=] { return copy_to_device(destination, staged->data(), bytes); }});
}

// The driver waits here if the destination is not pinned. Nobody should rely on that, so the stand-in does not wait.
TF_API int cuMemcpyDtoHAsync_v2(void* destination, DevicePointer source, std::size_t bytes, void* stream) {
    static Call call("cuMemcpyDtoHAsync_v2");
    if (int error = call.begin(Needs::context)) return error;
    if (int error = check_capture_of_host_memory(stream, destination, bytes)) return error;
    count_copy(counters().device_to_host, counters().device_to_host_bytes, bytes);
    return submit(stream, {"cuMemcpyDtoHAsync", WorkKind::copy,
                           [=] { return copy_to_host(destination, source, bytes); }});
}

TF_API int cuMemcpyDtoDAsync_v2(DevicePointer destination, DevicePointer source, std::size_t bytes, void* stream) {
    static Call call("cuMemcpyDtoDAsync_v2");
    if (int error = call.begin(Needs::context)) return error;
    count_copy(counters().device_to_device, counters().device_to_device_bytes, bytes);
    return submit(stream, {"cuMemcpyDtoDAsync", WorkKind::copy,
                           [=] { return copy_on_device(destination, source, bytes); }});
}

TF_API int cuMemsetD8Async(DevicePointer destination, unsigned char value, std::size_t count, void* stream) {
    static Call call("cuMemsetD8Async");
    if (int error = call.begin(Needs::context)) return error;
    return fill<unsigned char>(destination, value, count, stream, "cuMemsetD8Async");
}

TF_API int cuMemsetD32Async(DevicePointer destination, unsigned value, std::size_t count, void* stream) {
    static Call call("cuMemsetD32Async");
    if (int error = call.begin(Needs::context)) return error;
    if (destination % sizeof(unsigned) != 0) return invalid_value;
    return fill<unsigned>(destination, value, count, stream, "cuMemsetD32Async");
}
