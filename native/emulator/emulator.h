// Runs CUDA kernels on the CPU, thread for thread, and finds what a GPU would leave to chance.
//
// One thread of the CPU runs one block at a time. A CUDA thread runs straight through until it meets a barrier or an
// exchange between lanes; only then it is set aside on its own stack and continued when the others have arrived.
// Blocks are independent, so several threads of the CPU share them out; no result depends on how many there are.
//
// Found, and reported with kernel, block and thread: a barrier that not all threads pass, a barrier or exchange for
// which threads wait forever, an exchange whose lanes are missing, vector loads from misaligned addresses, more than
// 48 KiB of shared memory, an access where no memory is. Made visible: a missing barrier (shared memory is full of NaN
// when a block begins, and threads run in three different orders), memory that nobody wrote (the stand-in fills device
// memory with NaN). Not found: races within a warp that every one of the orders hides, and too many registers.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace tf_emulator {

constexpr unsigned warp_size = 32;
constexpr unsigned max_block_threads = 1024;
constexpr std::size_t max_shared_bytes = 48 * 1024;

struct Size {
    unsigned x, y, z;
};

// Where the running CUDA thread is: CUDA's threadIdx, blockIdx, blockDim and gridDim.
struct Position {
    Size thread, block, block_size, grid_size;
};

// Of the running thread of the CPU. __thread, not thread_local: read for every element, without an initializer's guard.
extern __thread Position position;

enum class Exchange { meet, from_lane, from_below, from_above, from_partner, ballot };

// What kernels call, through device_emulator.h ------------------------------------------------------------------------

void barrier(int line);
std::uint32_t exchange(Exchange kind, std::uint32_t mask, std::uint32_t value, std::uint32_t argument);
void* shared_memory(const void* site, std::size_t bytes);
[[noreturn]] void misaligned(int bytes);

inline long long thread_in_grid() {
    const Position& p = position;
    return static_cast<long long>(p.block.x) * p.block_size.x + p.thread.x;
}

// How many neighbouring items of count each thread of the grid takes.
inline long long share(long long count) {
    long long threads = static_cast<long long>(position.grid_size.x) * position.block_size.x;
    return (count + threads - 1) / threads;
}

// What the stand-in and tests call ------------------------------------------------------------------------------------

struct Kernel {
    std::string name;
    void (*function)();
    void (*call)(void (*function)(), const void* arguments);
    unsigned max_threads;
    std::size_t argument_bytes;
    std::size_t argument_alignment;
};

// All kernels of the program, by name; null where there is none of that name.
const Kernel* find_kernel(const std::string& name);
std::vector<const Kernel*> all_kernels();

enum class Order { forward, reverse, random };

struct LaunchOptions {
    Order order = Order::forward;
    unsigned cpu_threads = 1; // How many threads of the CPU share the blocks; 0 for one a core.
};

enum class Trouble { none, bad_launch, bad_kernel, misaligned_address, illegal_address };

struct Outcome {
    Trouble trouble = Trouble::none;
    std::string reason; // A sentence: kernel, thread, block and what went wrong.

    bool good() const { return trouble == Trouble::none; }
};

// Runs all blocks of a grid and tells what went wrong first, if anything did.
Outcome launch(const Kernel& kernel, Size grid, Size block, const void* arguments, LaunchOptions options = {});

// Adds a kernel to the list, when the program starts.
class Registration {
public:
    template <class Arguments> Registration(const char* name, void (*function)(Arguments), unsigned max_threads) {
        static_assert(std::is_trivially_copyable_v<Arguments>, "a kernel takes one plain struct");
        add({name, reinterpret_cast<void (*)()>(function), &call<Arguments>, max_threads, sizeof(Arguments),
             alignof(Arguments)});
    }

private:
    template <class Arguments> static void call(void (*function)(), const void* arguments) {
        reinterpret_cast<void (*)(Arguments)>(function)(*static_cast<const Arguments*>(arguments));
    }

    static void add(const Kernel& kernel);
};

} // namespace tf_emulator
