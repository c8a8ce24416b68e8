#include "emulator.h"
#include "block.h"
#include "illegal_address.h"
#include "parallel.h"
#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>

namespace tf_emulator {
namespace {

// Function-local, because kernels register before main, in any order of the files.
std::map<std::string, Kernel>& registry() {
    static std::map<std::string, Kernel> kernels;
    return kernels;
}

std::string misuse(const Kernel& kernel, Size grid, Size block) {
    unsigned long long threads = static_cast<unsigned long long>(block.x) * block.y * block.z;
    if (threads == 0 || grid.x == 0 || grid.y == 0 || grid.z == 0) return "an empty grid or block";
    if (threads > max_block_threads) return "more than 1024 threads in a block";
    if (threads > kernel.max_threads) {
        return std::to_string(threads) + " threads in a block; the kernel is made for at most " +
               std::to_string(kernel.max_threads);
    }
    return {};
}

} // namespace

void Registration::add(const Kernel& kernel) { registry().emplace(kernel.name, kernel); }

const Kernel* find_kernel(const std::string& name) {
    auto found = registry().find(name);
    return found == registry().end() ? nullptr : &found->second;
}

std::vector<const Kernel*> all_kernels() {
    std::vector<const Kernel*> kernels;
    for (const auto& entry : registry()) kernels.push_back(&entry.second);
    return kernels;
}

Outcome launch(const Kernel& kernel, Size grid, Size block, const void* arguments, LaunchOptions options) {
    std::string wrong = misuse(kernel, grid, block);
    if (!wrong.empty()) return {Trouble::bad_launch, "kernel " + kernel.name + ": " + wrong + "."};
    catch_illegal_addresses();

    // Shares of blocks, small enough that nobody waits long for the last, large enough to be worth taking.
    std::uint64_t blocks = static_cast<std::uint64_t>(grid.x) * grid.y * grid.z;
    std::uint64_t share = std::max<std::uint64_t>(1, std::min<std::uint64_t>(blocks / 32, 256));
    std::mutex outcome_mutex;
    Outcome outcome;
    std::atomic<std::uint64_t> failed{blocks};

    parallel_for((blocks + share - 1) / share, options.cpu_threads, [&](std::size_t part) {
        // One for each thread of the CPU, kept for the next launch: its stacks are dear to make. Behind a pointer, because the
        // system has few bytes for the threads' own variables of all libraries that are loaded late.
        static thread_local std::unique_ptr<Block> mine = std::make_unique<Block>();
        Block& worker = *mine;
        worker.begin(kernel, arguments, grid, block, options.order);
        for (std::uint64_t i = part * share; i < std::min(blocks, (part + 1) * share); ++i) {
            if (i >= failed) break; // Blocks before the failed one still run: the first failure is reported.
            std::uint64_t index = options.order == Order::reverse ? blocks - 1 - i : i;
            Size where = {static_cast<unsigned>(index % grid.x), static_cast<unsigned>(index / grid.x % grid.y),
                          static_cast<unsigned>(index / grid.x / grid.y)};
            Outcome result = worker.run(where, index);
            if (result.good()) continue;
            std::lock_guard<std::mutex> lock(outcome_mutex);
            if (i < failed) {
                failed = i;
                outcome = result;
            }
        }
        worker.end();
    });
    return outcome;
}

void barrier(int line) { Block::current()->wait_at_barrier(line); }

std::uint32_t exchange(Exchange kind, std::uint32_t mask, std::uint32_t value, std::uint32_t argument) {
    return Block::current()->wait_for_exchange(kind, mask, value, argument);
}

void* shared_memory(const void* site, std::size_t bytes) { return Block::current()->shared_memory(site, bytes); }

void misaligned(int bytes) {
    Block::current()->fail(Trouble::misaligned_address,
                           "a vector load or store at an address that is no multiple of " + std::to_string(bytes));
}

} // namespace tf_emulator
