// Shares a loop out among the threads of the CPU.
#pragma once
#include <cstddef>
#include <functional>

namespace tf_emulator {

// Runs body(0) to body(count - 1), each once, in rising order of their beginnings, on at most that many threads
// (0: one a core). Where the helpers are busy with another loop, the caller does it all alone.
void parallel_for(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& body);

} // namespace tf_emulator
