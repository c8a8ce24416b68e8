// Device memory: host memory that is full of NaN when it is given out, ends at a page that nobody may touch, and of which
// every range that an operation uses is checked.
#pragma once
#include "api.h"
#include <cstdint>
#include <string>
#include <vector>

namespace tf_standin {

class Device;

struct Allocation {
    DevicePointer address;
    std::size_t bytes;
    Device* device;
    long long number; // the how many-th of the process
    char* mapping;
    std::size_t mapped_bytes;
};

// The driver's error; out of memory if the device's memory would be exceeded.
int allocate(Device& device, std::size_t bytes, DevicePointer* address);

// What was written past its ends, if anything was, is reported as the loss of the device.
int release(DevicePointer address);

bool is_device_memory(DevicePointer address, std::size_t bytes);

// Those alive, of a device or of all.
std::vector<Allocation> live_allocations(const Device* device = nullptr);
std::size_t allocated_bytes(const Device& device);
std::size_t peak_bytes(const Device& device);

// Pinned host memory. Not filled: programs take large blocks of it and use little.
void* allocate_pinned(std::size_t bytes);
int release_pinned(void* address);
bool is_pinned(const void* address, std::size_t bytes);
std::size_t live_pinned();

// While one lives, this process may touch device memory, also where the option `protect` forbids it to.
class MemoryAccess {
public:
    MemoryAccess();
    ~MemoryAccess();
    MemoryAccess(const MemoryAccess&) = delete;
    MemoryAccess& operator=(const MemoryAccess&) = delete;
};

} // namespace tf_standin
