// Runs one block: its threads, its barriers, its exchanges between lanes and its shared memory.
#pragma once
#include "emulator.h"
#include "fiber.h"
#include <algorithm>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace tf_emulator {

// Belongs to one thread of the CPU: what waits on its stacks remembers addresses of that thread's variables.
class Block {
public:
    Block();
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;

    // Sets what all blocks of a launch have in common; end() after the last of them.
    void begin(const Kernel& kernel, const void* arguments, Size grid, Size size, Order order);
    void end();

    // Runs the block with that index.
    Outcome run(Size index, std::uint64_t seed);

    // What the running thread asks for.
    void wait_at_barrier(int line);
    std::uint32_t wait_for_exchange(Exchange kind, std::uint32_t mask, std::uint32_t value, std::uint32_t argument);
    void* shared_memory(const void* site, std::size_t bytes);
    [[noreturn]] void fail(Trouble trouble, const std::string& reason);

    // The block that this thread of the CPU runs; null where it runs none.
    static Block* current();

private:
    enum class State { fresh, ready, at_barrier, in_exchange, done };

    struct Thread {
        State state;
        int stack; // Where it waits.
        unsigned barriers;
        int line;
        Exchange kind;
        std::uint32_t mask, value, argument;
    };

    struct Shared {
        const void* site;
        std::size_t offset;
    };

    void reset_stacks();
    void line_up(Size size, Order order);
    void shuffle_order(std::uint64_t seed);
    void place(unsigned thread);
    bool advance(unsigned warp);
    void start_fresh_threads(unsigned warp);
    void resume(unsigned thread);
    void enter_stack(int stack);
    void leave_stack();
    bool complete_exchanges(unsigned warp);
    bool has_arrived(unsigned warp, const Thread& first) const;
    std::uint32_t received(unsigned warp, unsigned lane, std::uint32_t ballot) const;
    bool release_barrier();
    void explain_deadlock();
    std::string describe(unsigned thread) const;
    bool is_good() const { return _outcome.good(); }
    void set_error(Trouble trouble, const std::string& reason);
    [[noreturn]] void run_threads_on_this_stack();
    static void stack_entry();

    unsigned warps() const { return (_count + warp_size - 1) / warp_size; }
    unsigned lanes(unsigned warp) const { return std::min(warp_size, _count - warp * warp_size); }

    const Kernel* _kernel = nullptr;
    const void* _arguments = nullptr;
    Order _order = Order::forward;
    Size _size = {0, 0, 0};
    unsigned _count = 0; // threads in a block
    std::vector<Thread> _threads;
    std::vector<Size> _places;            // threadIdx of each
    std::vector<unsigned> _sequence;      // threads in the order in which they run, warp by warp
    std::vector<unsigned> _warp_sequence; // warps in the order in which they run

    std::vector<std::unique_ptr<Stacks>> _stacks;
    std::deque<Context> _contexts; // one for each stack; they may not move, because they may hold their own addresses
    std::vector<int> _idle;
    Context _scheduler;
    int _stack = -1;       // the one that runs
    unsigned _running = 0; // the thread that runs
    unsigned _next = 0, _end = 0; // which of _sequence are to be started
    unsigned _done = 0;

    std::vector<Shared> _sites;
    std::size_t _shared_bytes = 0;
    std::unique_ptr<char[]> _shared;
    Outcome _outcome;
};

} // namespace tf_emulator
