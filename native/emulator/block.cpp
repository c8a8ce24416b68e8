#include "block.h"
#include <algorithm>
#include <cstring>
#include <numeric>

namespace tf_emulator {
namespace {

constexpr unsigned stacks_at_once = warp_size;
constexpr std::size_t shared_alignment = 16;
constexpr int poison_byte = 0xff; // all bits set: a NaN as float, -1 as int
constexpr std::uint32_t poison_word = 0xffffffffu;

__thread Block* current_block = nullptr;

} // namespace

__thread Position position;

Block::Block() : _threads(max_block_threads), _shared(new char[max_shared_bytes + shared_alignment]) {}

Block* Block::current() { return current_block; }

void Block::begin(const Kernel& kernel, const void* arguments, Size grid, Size size, Order order) {
    current_block = this;
    _kernel = &kernel;
    _arguments = arguments;
    bool same_threads = size.x == _size.x && size.y == _size.y && size.z == _size.z;
    if (!same_threads || order != _order || order == Order::random) line_up(size, order);
    position.block_size = size;
    position.grid_size = grid;
}

// The threads of a block, and the order in which they run.
void Block::line_up(Size size, Order order) {
    _size = size;
    _order = order;
    _count = size.x * size.y * size.z;
    _sequence.resize(_count);
    _warp_sequence.resize(warps());
    std::iota(_sequence.begin(), _sequence.end(), 0u);
    std::iota(_warp_sequence.begin(), _warp_sequence.end(), 0u);
    if (order == Order::reverse) {
        for (unsigned w = 0; w < warps(); ++w) {
            std::reverse(_sequence.begin() + w * warp_size, _sequence.begin() + w * warp_size + lanes(w));
        }
        std::reverse(_warp_sequence.begin(), _warp_sequence.end());
    }
    _places.resize(_count);
    for (unsigned i = 0; i < _count; ++i) _places[i] = {i % size.x, i / size.x % size.y, i / (size.x * size.y)};
}

void Block::end() { current_block = nullptr; }

Outcome Block::run(Size index, std::uint64_t seed) {
    position.block = index;
    if (_order == Order::random) shuffle_order(seed);
    for (unsigned i = 0; i < _count; ++i) {
        _threads[i].state = State::fresh;
        _threads[i].barriers = 0;
    }
    _sites.clear();
    _shared_bytes = 0;
    _done = 0;
    while (_done < _count && is_good()) {
        for (unsigned warp : _warp_sequence) {
            if (!advance(warp)) break;
        }
        if (_done < _count && is_good() && !release_barrier()) explain_deadlock();
    }
    Outcome outcome = std::move(_outcome);
    _outcome = {};
    if (!outcome.good()) reset_stacks();
    return outcome;
}

// Gives up what still waits on the stacks.
void Block::reset_stacks() {
    _idle.clear();
    for (int i = 0; i < static_cast<int>(_contexts.size()); ++i) {
        prepare_context(_contexts[i], (*_stacks[i / stacks_at_once])[i % stacks_at_once], &stack_entry);
        _idle.push_back(i);
    }
}

void Block::shuffle_order(std::uint64_t seed) {
    std::minstd_rand random(static_cast<std::uint_fast32_t>(seed * 2654435761u + 1));
    std::shuffle(_warp_sequence.begin(), _warp_sequence.end(), random);
    for (unsigned w = 0; w < warps(); ++w) {
        std::shuffle(_sequence.begin() + w * warp_size, _sequence.begin() + w * warp_size + lanes(w), random);
    }
}

void Block::place(unsigned thread) {
    _running = thread;
    position.thread = _places[thread];
}

// Runs a warp until each of its threads is done or waits at a barrier, or nothing moves; false after an error.
bool Block::advance(unsigned warp) {
    unsigned first = warp * warp_size, count = lanes(warp);
    start_fresh_threads(warp);
    if (_done == _count) return is_good();
    while (is_good()) {
        for (unsigned i = first; i < first + count && is_good(); ++i) {
            if (_threads[_sequence[i]].state == State::ready) resume(_sequence[i]);
        }
        if (!is_good() || !complete_exchanges(warp)) break;
    }
    return is_good();
}

void Block::start_fresh_threads(unsigned warp) {
    unsigned first = warp * warp_size;
    if (_threads[_sequence[first]].state != State::fresh) return;
    _next = first;
    _end = first + lanes(warp);
    while (_next < _end && is_good()) {
        if (_idle.empty()) {
            // 32 more, once.
            _stacks.push_back(std::make_unique<Stacks>(stacks_at_once));
            for (unsigned i = 0; i < stacks_at_once; ++i) {
                _idle.push_back(static_cast<int>(_contexts.size()));
                _contexts.emplace_back();
                prepare_context(_contexts.back(), (*_stacks.back())[i], &stack_entry);
            }
        }
        int stack = _idle.back();
        _idle.pop_back();
        enter_stack(stack);
    }
}

void Block::stack_entry() { current_block->run_threads_on_this_stack(); }

// Threads that never wait follow one another here without any switch.
void Block::run_threads_on_this_stack() {
    for (;;) {
        while (_next < _end) {
            place(_sequence[_next++]);
            _kernel->call(_kernel->function, _arguments);
            _threads[_running].state = State::done;
            ++_done;
        }
        _idle.push_back(_stack);
        leave_stack();
    }
}

void Block::resume(unsigned thread) {
    place(thread);
    enter_stack(_threads[thread].stack);
}

void Block::enter_stack(int stack) {
    _stack = stack;
    switch_context(_scheduler, _contexts[stack]);
}

void Block::leave_stack() { switch_context(_contexts[_stack], _scheduler); }

void Block::wait_at_barrier(int line) {
    Thread& thread = _threads[_running];
    thread.state = State::at_barrier;
    thread.line = line;
    ++thread.barriers;
    thread.stack = _stack;
    leave_stack();
}

std::uint32_t Block::wait_for_exchange(Exchange kind, std::uint32_t mask, std::uint32_t value,
                                       std::uint32_t argument) {
    unsigned running = _running;
    if ((mask >> running % warp_size & 1) == 0) {
        fail(Trouble::bad_kernel, "the mask of an exchange between lanes lacks the calling lane");
    }
    Thread& thread = _threads[running];
    thread.state = State::in_exchange;
    thread.kind = kind;
    thread.mask = mask;
    thread.value = value;
    thread.argument = argument;
    thread.stack = _stack;
    leave_stack();
    return _threads[running].value;
}

bool Block::complete_exchanges(unsigned warp) {
    bool any = false;
    Thread* lane_threads = &_threads[warp * warp_size];
    for (unsigned lane = 0; lane < lanes(warp); ++lane) {
        const Thread first = lane_threads[lane];
        if (first.state != State::in_exchange || !has_arrived(warp, first)) continue;
        std::uint32_t ballot = 0, results[warp_size];
        for (unsigned i = 0; i < lanes(warp); ++i) {
            bool takes_part = (first.mask >> i & 1) && lane_threads[i].state == State::in_exchange;
            if (takes_part && lane_threads[i].value != 0) ballot |= 1u << i;
        }
        for (unsigned i = 0; i < lanes(warp); ++i) results[i] = received(warp, i, ballot);
        for (unsigned i = 0; i < lanes(warp); ++i) {
            if (!(first.mask >> i & 1) || lane_threads[i].state != State::in_exchange) continue;
            lane_threads[i].value = results[i];
            lane_threads[i].state = State::ready;
        }
        any = true;
    }
    return any;
}

// Whether all lanes of the mask do the same exchange; lanes that have ended, or never were, do not count.
bool Block::has_arrived(unsigned warp, const Thread& first) const {
    for (unsigned i = 0; i < lanes(warp); ++i) {
        const Thread& other = _threads[warp * warp_size + i];
        if (!(first.mask >> i & 1) || other.state == State::done) continue;
        if (other.state != State::in_exchange || other.kind != first.kind || other.mask != first.mask) return false;
    }
    return true;
}

std::uint32_t Block::received(unsigned warp, unsigned lane, std::uint32_t ballot) const {
    const Thread& thread = _threads[warp * warp_size + lane];
    if (thread.state != State::in_exchange) return 0;
    long long source = lane;
    switch (thread.kind) {
    case Exchange::meet: return 0;
    case Exchange::ballot: return ballot;
    case Exchange::from_lane: source = thread.argument % warp_size; break;
    case Exchange::from_below: source = static_cast<long long>(lane) - thread.argument; break;
    case Exchange::from_above: source = static_cast<long long>(lane) + thread.argument; break;
    case Exchange::from_partner: source = lane ^ thread.argument; break;
    }
    if (source < 0 || source >= warp_size) return thread.value;
    // What CUDA leaves undefined: a source that takes no part.
    bool present = source < lanes(warp) && (thread.mask >> source & 1) &&
                   _threads[warp * warp_size + source].state == State::in_exchange;
    return present ? _threads[warp * warp_size + source].value : poison_word;
}

// Lets all threads go on from the barrier where they wait; false if they do not all wait at the same one.
bool Block::release_barrier() {
    const Thread& first = _threads[0];
    for (unsigned i = 0; i < _count; ++i) {
        const Thread& thread = _threads[i];
        if (thread.state != State::at_barrier || thread.line != first.line || thread.barriers != first.barriers) {
            return false;
        }
    }
    for (unsigned i = 0; i < _count; ++i) _threads[i].state = State::ready;
    return true;
}

void Block::explain_deadlock() {
    for (unsigned i = 0; i < _count; ++i) {
        if (_threads[i].state != State::in_exchange) continue;
        set_error(Trouble::bad_kernel, "deadlock: " + describe(i) + " waits for an exchange with lanes that never come");
        return;
    }
    for (unsigned i = 0; i < _count; ++i) {
        if (_threads[i].state != State::at_barrier) continue;
        for (unsigned j = 0; j < _count; ++j) {
            if (_threads[j].state == State::at_barrier && _threads[j].line == _threads[i].line) continue;
            set_error(Trouble::bad_kernel, "divergent barrier: " + describe(i) + " waits at the barrier of line " +
                                               std::to_string(_threads[i].line) + ", which " + describe(j) +
                                               " does not reach");
            return;
        }
    }
}

void* Block::shared_memory(const void* site, std::size_t bytes) {
    char* memory = _shared.get();
    memory += (shared_alignment - reinterpret_cast<std::uintptr_t>(memory) % shared_alignment) % shared_alignment;
    for (const Shared& known : _sites) {
        if (known.site == site) return memory + known.offset;
    }
    std::size_t offset = _shared_bytes;
    _shared_bytes += (bytes + shared_alignment - 1) / shared_alignment * shared_alignment;
    if (_shared_bytes > max_shared_bytes) fail(Trouble::bad_kernel, "a block uses more than 48 KiB of shared memory");
    std::memset(memory + offset, poison_byte, _shared_bytes - offset);
    _sites.push_back({site, offset});
    return memory + offset;
}

void Block::fail(Trouble trouble, const std::string& reason) {
    set_error(trouble, describe(_running) + ": " + reason);
    _next = _end;
    leave_stack();
    __builtin_unreachable();
}

std::string Block::describe(unsigned thread) const {
    auto text = [](const Size& place) {
        return "(" + std::to_string(place.x) + ", " + std::to_string(place.y) + ", " + std::to_string(place.z) + ")";
    };
    return "thread " + text(_places[thread]) + " of block " + text(position.block);
}

void Block::set_error(Trouble trouble, const std::string& reason) {
    if (is_good()) _outcome = {trouble, "kernel " + _kernel->name + ": " + reason + "."};
}

} // namespace tf_emulator
