// Streams, events, captures and graphs. Work that a stream is given waits until something asks for it: a
// synchronization, a query, a wait of another stream, or a queue that has grown too long. Code that forgets to
// synchronize, or reuses a host buffer too early, is wrong here every time and not once in a while.
#pragma once
#include "api.h"
#include "device.h"
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tf_standin {

// How a piece of work ended: success, or the error with which the device is lost.
struct Ending {
    int error = success;
    std::string reason;
};

enum class WorkKind { kernel, copy, memset, host_function, library, wait, free };

struct Work {
    std::string what;
    WorkKind kind;
    std::function<Ending()> run; // may run more than once: a graph replays it
};

enum class StreamKind { legacy, blocking, non_blocking };
enum class CaptureMode { global = 0, thread_local_ = 1, relaxed = 2 };

// What streams record instead of running it.
struct Capture {
    CaptureMode mode;
    std::thread::id thread;
    Stream* origin;
    bool invalid = false;
    std::vector<Work> nodes;

    // Streams that joined: how much each was given, and how much of that others wait for.
    struct Member {
        std::shared_ptr<Stream> stream;
        std::size_t given = 0, waited_for = 0;
    };
    std::vector<Member> members;
};

class Event {
public:
    explicit Event(bool timed) : _timed(timed) {}

    bool is_timed() const { return _timed; }

    std::mutex mutex;
    std::shared_ptr<Stream> stream; // that recorded it last; null if none did
    std::uint64_t ticket = 0;       // which of the stream's work it follows
    std::shared_ptr<Capture> capture;
    std::size_t captured_given = 0; // how much its stream had been given in the capture
    std::chrono::steady_clock::time_point time;

    // Runs what it waits for.
    void wait();
    bool has_happened();

private:
    const bool _timed;
};

class Stream : public std::enable_shared_from_this<Stream> {
public:
    Stream(Device& device, StreamKind kind) : _device(device), _kind(kind) {}

    Device& device() const { return _device; }
    StreamKind kind() const { return _kind; }

    // Takes work to do in its turn, or into the capture. Returns the driver's error.
    int submit(Work work);

    // Does everything that waits, or what is numbered up to the ticket; or one piece. Returns the device's error.
    int drain();
    void run_until(std::uint64_t ticket);
    void run_one();

    // The same if nobody else works on the stream now.
    void help_until(const std::function<bool()>& enough);

    bool is_idle();
    bool has_done(std::uint64_t ticket);
    std::uint64_t last_ticket();

    // Captures.
    bool is_capturing();
    std::shared_ptr<Capture> capture();
    int begin_capture(CaptureMode mode);
    int end_capture(std::vector<Work>* nodes);
    void invalidate_capture();
    int record(const std::shared_ptr<Event>& event);
    int wait_for(const std::shared_ptr<Event>& event);

private:
    int add_to_capture(Work work);
    bool pop(std::uint64_t up_to, Work* work);
    bool run_next(std::uint64_t up_to);

    Device& _device;
    const StreamKind _kind;
    std::mutex _mutex; // of all that follows but the running itself
    std::recursive_mutex _running;
    std::deque<Work> _queue;
    std::uint64_t _given = 0, _done = 0;
    std::shared_ptr<Capture> _capture;
};

struct Graph {
    std::shared_ptr<const std::vector<Work>> nodes;
};

struct ExecutableGraph {
    std::shared_ptr<const std::vector<Work>> nodes;
};

// The stream of a handle; 0 and 1 are the current device's legacy stream. Null if there is none.
std::shared_ptr<Stream> find_stream(void* handle);

// submit() to the stream of a handle.
int submit(void* handle, Work work);

// Runs all that waits on the streams of a device.
int drain_all(Device& device);

// What a call that may not happen during a capture does: nothing, or it ends the captures that forbid it, with an error.
int refuse_while_capturing();
CaptureMode exchange_capture_mode(CaptureMode mode);

// Whether a capture is going on that a wait for the whole device would break; it is broken then.
bool break_captures(Device& device);

} // namespace tf_standin
