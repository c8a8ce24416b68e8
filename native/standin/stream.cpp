#include "stream.h"
#include "handles.h"
#include "memory.h"
#include "options.h"
#include <algorithm>
#include <cstdio>
#include <limits>
#include <utility>

namespace tf_standin {
namespace {

constexpr std::uint64_t everything = std::numeric_limits<std::uint64_t>::max();

std::mutex captures_mutex;
std::vector<std::shared_ptr<Capture>> captures; // that are going on
thread_local CaptureMode thread_mode = CaptureMode::global;

// The streams that wait for the legacy stream and for which it waits.
std::vector<std::shared_ptr<Stream>> blocking_streams(const Device& device) {
    std::vector<std::shared_ptr<Stream>> found;
    handles<Stream>().each([&](const std::shared_ptr<Stream>& stream) {
        if (&stream->device() == &device && stream->kind() == StreamKind::blocking) found.push_back(stream);
    });
    return found;
}

Capture::Member* member(Capture& capture, const Stream* stream) {
    for (Capture::Member& m : capture.members) {
        if (m.stream.get() == stream) return &m;
    }
    return nullptr;
}

} // namespace

// Work ----------------------------------------------------------------------------------------------------------------

int Stream::submit(Work work) {
    if (int lost = _device.lost()) return lost;
    if (is_capturing()) return add_to_capture(std::move(work));
    std::vector<std::pair<std::shared_ptr<Stream>, std::uint64_t>> before;
    if (_kind == StreamKind::legacy) {
        for (const auto& stream : blocking_streams(_device)) {
            if (stream->is_capturing()) {
                stream->invalidate_capture();
                return stream_capture_implicit;
            }
            before.emplace_back(stream, stream->last_ticket());
        }
    } else if (_kind == StreamKind::blocking) {
        auto legacy = _device.legacy_stream();
        before.emplace_back(legacy, legacy->last_ticket());
    }
    if (!before.empty()) {
        work.run = [before, run = std::move(work.run)] {
            for (const auto& other : before) other.first->run_until(other.second);
            return run();
        };
    }
    bool too_long;
    {
        std::lock_guard<std::mutex> lock(_mutex);
        _queue.push_back(std::move(work));
        ++_given;
        too_long = static_cast<long long>(_queue.size()) > options().queue_limit;
    }
    if (options().deferred == 0) return drain();
    if (too_long) run_one();
    return success;
}

bool Stream::pop(std::uint64_t up_to, Work* work) {
    std::lock_guard<std::mutex> lock(_mutex);
    if (_queue.empty() || _done >= up_to) return false;
    *work = std::move(_queue.front());
    _queue.pop_front();
    return true;
}

bool Stream::run_next(std::uint64_t up_to) {
    Work work;
    if (!pop(up_to, &work)) return false;
    // A lost device does nothing any more; what it is asked to free is freed all the same.
    if (_device.lost() == success || work.kind == WorkKind::free) {
        MemoryAccess access;
        Ending ending = work.run();
        if (ending.error != success) {
            _device.lose(ending.error, work.what + ": " + ending.reason);
            std::fprintf(stderr, "stand-in: %s: %s\n", work.what.c_str(), ending.reason.c_str());
        }
    }
    std::lock_guard<std::mutex> lock(_mutex);
    ++_done;
    return true;
}

int Stream::drain() {
    run_until(everything);
    return _device.lost();
}

void Stream::run_until(std::uint64_t ticket) {
    {
        std::lock_guard<std::mutex> lock(_mutex);
        if (_done >= ticket) return;
    }
    std::lock_guard<std::recursive_mutex> lock(_running);
    while (run_next(ticket)) {
    }
}

void Stream::run_one() {
    std::lock_guard<std::recursive_mutex> lock(_running);
    run_next(everything);
}

void Stream::help_until(const std::function<bool()>& enough) {
    std::unique_lock<std::recursive_mutex> lock(_running, std::try_to_lock);
    if (!lock.owns_lock()) return;
    while (!enough() && run_next(everything)) {
    }
}

bool Stream::is_idle() {
    std::lock_guard<std::mutex> lock(_mutex);
    return _done == _given;
}

bool Stream::has_done(std::uint64_t ticket) {
    std::lock_guard<std::mutex> lock(_mutex);
    return _done >= ticket;
}

std::uint64_t Stream::last_ticket() {
    std::lock_guard<std::mutex> lock(_mutex);
    return _given;
}

// Captures ------------------------------------------------------------------------------------------------------------

bool Stream::is_capturing() { return capture() != nullptr; }

std::shared_ptr<Capture> Stream::capture() {
    std::lock_guard<std::mutex> lock(_mutex);
    return _capture;
}

int Stream::add_to_capture(Work work) {
    auto recorded = capture();
    std::lock_guard<std::mutex> lock(captures_mutex);
    if (recorded->invalid) return stream_capture_invalidated;
    recorded->nodes.push_back(std::move(work));
    ++member(*recorded, this)->given;
    return success;
}

int Stream::begin_capture(CaptureMode mode) {
    if (_kind == StreamKind::legacy) return stream_capture_unsupported;
    std::lock_guard<std::mutex> lock(_mutex);
    if (_capture != nullptr) return illegal_state;
    _capture = std::make_shared<Capture>();
    _capture->mode = mode;
    _capture->thread = std::this_thread::get_id();
    _capture->origin = this;
    _capture->members.push_back({shared_from_this()});
    std::lock_guard<std::mutex> all(captures_mutex);
    captures.push_back(_capture);
    return success;
}

int Stream::end_capture(std::vector<Work>* nodes) {
    auto recorded = capture();
    if (recorded == nullptr) return illegal_state;
    if (recorded->origin != this) return stream_capture_unmatched;
    if (recorded->mode != CaptureMode::relaxed && recorded->thread != std::this_thread::get_id()) {
        invalidate_capture();
        return stream_capture_wrong_thread;
    }
    {
        std::lock_guard<std::mutex> lock(captures_mutex);
        captures.erase(std::find(captures.begin(), captures.end(), recorded));
    }
    bool joined = true;
    for (const Capture::Member& m : recorded->members) {
        joined = joined && (m.stream.get() == this || m.waited_for == m.given);
        std::lock_guard<std::mutex> lock(m.stream->_mutex);
        m.stream->_capture = nullptr;
    }
    if (recorded->invalid) return stream_capture_invalidated;
    if (!joined) return stream_capture_unjoined;
    *nodes = std::move(recorded->nodes);
    return success;
}

void Stream::invalidate_capture() {
    auto recorded = capture();
    if (recorded == nullptr) return;
    std::lock_guard<std::mutex> lock(captures_mutex);
    recorded->invalid = true;
}

int refuse_while_capturing() {
    if (thread_mode == CaptureMode::relaxed) return success;
    std::lock_guard<std::mutex> lock(captures_mutex);
    bool forbidden = false;
    for (const auto& capture : captures) {
        bool mine = capture->thread == std::this_thread::get_id();
        bool forbids = mine ? capture->mode != CaptureMode::relaxed
                            : capture->mode == CaptureMode::global && thread_mode == CaptureMode::global;
        if (!forbids) continue;
        capture->invalid = true;
        forbidden = true;
    }
    return forbidden ? stream_capture_unsupported : success;
}

CaptureMode exchange_capture_mode(CaptureMode mode) { return std::exchange(thread_mode, mode); }

bool break_captures(Device& device) {
    std::lock_guard<std::mutex> lock(captures_mutex);
    bool any = false;
    for (const auto& capture : captures) {
        if (&capture->origin->device() != &device) continue;
        // As other threads' captures in their own mode are not this thread's business.
        if (capture->mode != CaptureMode::global && capture->thread != std::this_thread::get_id()) continue;
        capture->invalid = true;
        any = true;
    }
    return any;
}

// Events --------------------------------------------------------------------------------------------------------------

int Stream::record(const std::shared_ptr<Event>& event) {
    if (auto recorded = capture()) {
        std::lock_guard<std::mutex> all(captures_mutex);
        if (recorded->invalid) return stream_capture_invalidated;
        std::lock_guard<std::mutex> lock(event->mutex);
        event->capture = recorded;
        event->stream = shared_from_this();
        event->captured_given = member(*recorded, this)->given;
        return success;
    }
    int error = submit({"cuEventRecord", WorkKind::wait, [event] {
                            std::lock_guard<std::mutex> lock(event->mutex);
                            event->time = std::chrono::steady_clock::now();
                            return Ending{};
                        }});
    if (error != success) return error;
    std::lock_guard<std::mutex> lock(event->mutex);
    event->capture = nullptr;
    event->stream = shared_from_this();
    event->ticket = last_ticket();
    return success;
}

int Stream::wait_for(const std::shared_ptr<Event>& event) {
    std::unique_lock<std::mutex> lock(event->mutex);
    auto source = event->stream;
    if (source == nullptr) return success; // Never recorded: there is nothing to wait for.
    auto theirs = event->capture;
    auto mine = capture();
    if (theirs != nullptr) {
        std::lock_guard<std::mutex> all(captures_mutex);
        if (theirs->invalid) return stream_capture_invalidated;
        if (mine != nullptr && mine != theirs) return stream_capture_isolation;
        if (mine == nullptr) {
            std::lock_guard<std::mutex> own(_mutex);
            theirs->members.push_back({shared_from_this()});
            _capture = theirs;
        }
        Capture::Member* waited = member(*theirs, source.get());
        waited->waited_for = std::max(waited->waited_for, event->captured_given);
        return success;
    }
    if (mine != nullptr) {
        invalidate_capture();
        return stream_capture_isolation;
    }
    std::uint64_t ticket = event->ticket;
    lock.unlock();
    if (source.get() == this) return success;
    return submit({"cuStreamWaitEvent", WorkKind::wait, [source, ticket] {
                       source->run_until(ticket);
                       return Ending{};
                   }});
}

void Event::wait() {
    std::unique_lock<std::mutex> lock(mutex);
    auto source = stream;
    std::uint64_t until = ticket;
    lock.unlock();
    if (source != nullptr) source->run_until(until);
}

bool Event::has_happened() {
    std::unique_lock<std::mutex> lock(mutex);
    auto source = stream;
    std::uint64_t until = ticket;
    lock.unlock();
    return source == nullptr || source->has_done(until);
}

// Handles -------------------------------------------------------------------------------------------------------------

std::shared_ptr<Stream> find_stream(void* handle) {
    constexpr std::uintptr_t legacy = 1; // CU_STREAM_LEGACY
    if (reinterpret_cast<std::uintptr_t>(handle) > legacy) return handles<Stream>().find(handle);
    Device* device = current_device();
    return device == nullptr ? nullptr : device->legacy_stream();
}

int submit(void* handle, Work work) {
    auto stream = find_stream(handle);
    return stream == nullptr ? static_cast<int>(invalid_handle) : stream->submit(std::move(work));
}

int drain_all(Device& device) {
    handles<Stream>().each([&](const std::shared_ptr<Stream>& stream) {
        if (&stream->device() == &device) stream->drain();
    });
    device.legacy_stream()->drain();
    return device.lost();
}

} // namespace tf_standin
