// The driver API: streams and events.
#include "call.h"
#include "counters.h"
#include "handles.h"
#include "stream.h"

using namespace tf_standin;

namespace {

// Waiting for, or asking about, a stream that is being captured ends the capture.
int refuse_if_capturing(Stream& stream) {
    if (!stream.is_capturing()) return success;
    stream.invalidate_capture();
    return stream_capture_unsupported;
}

bool is_captured(Event& event) {
    std::lock_guard<std::mutex> lock(event.mutex);
    return event.capture != nullptr;
}

int create_stream(void** handle, unsigned flags) {
    constexpr unsigned non_blocking = 1;
    if (flags > non_blocking) return invalid_value;
    StreamKind kind = flags == non_blocking ? StreamKind::non_blocking : StreamKind::blocking;
    *handle = handles<Stream>().add(std::make_shared<Stream>(*current_device(), kind));
    return success;
}

} // namespace

TF_API int cuStreamCreate(void** handle, unsigned flags) {
    static Call call("cuStreamCreate");
    if (int error = call.begin(Needs::context)) return error;
    return create_stream(handle, flags);
}

TF_API int cuStreamCreateWithPriority(void** handle, unsigned flags, int) {
    static Call call("cuStreamCreateWithPriority");
    if (int error = call.begin(Needs::context)) return error;
    return create_stream(handle, flags);
}

TF_API int cuStreamDestroy_v2(void* handle) {
    static Call call("cuStreamDestroy_v2");
    int error = call.begin(Needs::context);
    if (error != success && !is_sticky(error)) return error;
    auto stream = handles<Stream>().find(handle);
    if (stream == nullptr) return invalid_handle;
    if (int refused = refuse_if_capturing(*stream)) return refused;
    stream->drain();
    handles<Stream>().remove(handle);
    return error;
}

TF_API int cuStreamSynchronize(void* handle) {
    static Call call("cuStreamSynchronize");
    if (int error = call.begin(Needs::context)) return error;
    auto stream = find_stream(handle);
    if (stream == nullptr) return invalid_handle;
    if (int error = refuse_if_capturing(*stream)) return error;
    ++counters().synchronizations;
    return stream->drain();
}

// Does a piece of work at each call, so that polling comes to an end.
TF_API int cuStreamQuery(void* handle) {
    static Call call("cuStreamQuery");
    if (int error = call.begin(Needs::context)) return error;
    auto stream = find_stream(handle);
    if (stream == nullptr) return invalid_handle;
    if (int error = refuse_if_capturing(*stream)) return error;
    if (stream->is_idle()) return success;
    stream->run_one();
    if (int error = stream->device().lost()) return error;
    return not_ready;
}

TF_API int cuStreamWaitEvent(void* handle, void* event_handle, unsigned) {
    static Call call("cuStreamWaitEvent");
    if (int error = call.begin(Needs::context)) return error;
    auto stream = find_stream(handle);
    auto event = handles<Event>().find(event_handle);
    if (stream == nullptr || event == nullptr) return invalid_handle;
    return stream->wait_for(event);
}

TF_API int cuLaunchHostFunc(void* handle, void (*function)(void*), void* data) {
    static Call call("cuLaunchHostFunc");
    if (int error = call.begin(Needs::context)) return error;
    return submit(handle, {"cuLaunchHostFunc", WorkKind::host_function, [=] {
                               function(data);
                               return Ending{};
                           }});
}

TF_API int cuEventCreate(void** handle, unsigned flags) {
    static Call call("cuEventCreate");
    if (int error = call.begin(Needs::context)) return error;
    constexpr unsigned disable_timing = 2;
    *handle = handles<Event>().add(std::make_shared<Event>((flags & disable_timing) == 0));
    return success;
}

TF_API int cuEventDestroy_v2(void* handle) {
    static Call call("cuEventDestroy_v2");
    int error = call.begin(Needs::context);
    if (error != success && !is_sticky(error)) return error;
    return handles<Event>().remove(handle) == nullptr ? static_cast<int>(invalid_handle) : error;
}

TF_API int cuEventRecord(void* handle, void* stream_handle) {
    static Call call("cuEventRecord");
    if (int error = call.begin(Needs::context)) return error;
    auto stream = find_stream(stream_handle);
    auto event = handles<Event>().find(handle);
    if (stream == nullptr || event == nullptr) return invalid_handle;
    return stream->record(event);
}

TF_API int cuEventQuery(void* handle) {
    static Call call("cuEventQuery");
    if (int error = call.begin(Needs::context)) return error;
    auto event = handles<Event>().find(handle);
    if (event == nullptr) return invalid_handle;
    if (is_captured(*event)) return captured_event;
    if (event->has_happened()) return success;
    event->stream->run_one();
    if (int error = event->stream->device().lost()) return error;
    return not_ready;
}

TF_API int cuEventSynchronize(void* handle) {
    static Call call("cuEventSynchronize");
    if (int error = call.begin(Needs::context)) return error;
    auto event = handles<Event>().find(handle);
    if (event == nullptr) return invalid_handle;
    if (is_captured(*event)) return captured_event;
    ++counters().synchronizations;
    event->wait();
    return current_device()->lost();
}

namespace {

int elapsed_time(float* milliseconds, void* start_handle, void* end_handle) {
    auto start = handles<Event>().find(start_handle), end = handles<Event>().find(end_handle);
    if (start == nullptr || end == nullptr) return invalid_handle;
    if (!start->is_timed() || !end->is_timed() || start->stream == nullptr || end->stream == nullptr) {
        return invalid_handle;
    }
    if (is_captured(*start) || is_captured(*end)) return captured_event;
    if (!start->has_happened() || !end->has_happened()) return not_ready;
    *milliseconds = std::chrono::duration<float, std::milli>(end->time - start->time).count();
    return success;
}

} // namespace

TF_API int cuEventElapsedTime(float* milliseconds, void* start, void* end) {
    static Call call("cuEventElapsedTime");
    if (int error = call.begin(Needs::context)) return error;
    return elapsed_time(milliseconds, start, end);
}

TF_API int cuEventElapsedTime_v2(float* milliseconds, void* start, void* end) {
    static Call call("cuEventElapsedTime_v2");
    if (int error = call.begin(Needs::context)) return error;
    return elapsed_time(milliseconds, start, end);
}
