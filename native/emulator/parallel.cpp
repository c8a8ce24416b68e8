#include "parallel.h"
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace tf_emulator {
namespace {

// Set while this thread of the CPU works on a loop: a loop within it is done alone.
thread_local bool within_loop = false;

class Helpers {
public:
    explicit Helpers(unsigned count) : _count(count) {
        for (unsigned i = 0; i < count; ++i) std::thread([this] { serve(); }).detach();
    }

    // False, with nothing done, if another loop has the helpers.
    bool run(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& body) {
        std::unique_lock<std::mutex> mine(_owner, std::try_to_lock);
        if (!mine.owns_lock()) return false;
        {
            std::lock_guard<std::mutex> lock(_mutex);
            _body = &body;
            _size = count;
            _next = 0;
            _wanted = std::min(threads - 1, _count);
        }
        _wake.notify_all();
        take_turns(body, count);
        std::unique_lock<std::mutex> lock(_mutex);
        _wanted = 0; // A helper that wakes only now stays out.
        _left.wait(lock, [this] { return _active == 0; });
        return true;
    }

private:
    void take_turns(const std::function<void(std::size_t)>& body, std::size_t count) {
        for (std::size_t i; (i = _next.fetch_add(1)) < count;) body(i);
    }

    [[noreturn]] void serve() {
        within_loop = true;
        std::unique_lock<std::mutex> lock(_mutex);
        for (;;) {
            _wake.wait(lock, [this] { return _wanted > 0; });
            --_wanted;
            ++_active;
            const std::function<void(std::size_t)>& body = *_body;
            std::size_t size = _size;
            lock.unlock();
            take_turns(body, size);
            lock.lock();
            if (--_active == 0) _left.notify_all();
        }
    }

    const unsigned _count;
    std::mutex _owner, _mutex;
    std::condition_variable _wake, _left;
    const std::function<void(std::size_t)>* _body = nullptr;
    std::size_t _size = 0;
    std::atomic<std::size_t> _next{0};
    unsigned _wanted = 0, _active = 0;
};

unsigned cores() { return std::max(1u, std::thread::hardware_concurrency()); }

} // namespace

void parallel_for(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& body) {
    if (threads == 0) threads = cores();
    if (threads > 1 && count > 1 && !within_loop) {
        // Never destroyed: the helpers sleep in it until the process ends.
        static Helpers& helpers = *new Helpers(std::max(cores(), 4u) - 1);
        within_loop = true;
        bool done = helpers.run(count, threads, body);
        within_loop = false;
        if (done) return;
    }
    for (std::size_t i = 0; i < count; ++i) body(i);
}

} // namespace tf_emulator
