#include "memory.h"
#include "counters.h"
#include "device.h"
#include "options.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>

namespace tf_standin {
namespace {

constexpr std::size_t alignment = 256; // what CUDA promises
constexpr int poison_byte = 0xff;      // a NaN
constexpr unsigned char margin_byte = 0xc5;
constexpr std::size_t most_spare_bytes = std::size_t{512} << 20;

struct Heap {
    std::mutex mutex;
    std::map<DevicePointer, Allocation> allocations;
    std::map<const Device*, std::size_t> used, peak;
    long long count = 0;
    int accesses = 0;
    bool locked = false; // whether the mappings are unreadable now

    // Mappings that were freed, by their size: unreadable until they are used again. Fresh pages cost more than filling.
    std::multimap<std::size_t, char*> spare;
    std::size_t spare_bytes = 0;

    std::map<const void*, std::size_t> pinned;
};

Heap& heap() {
    static Heap& all = *new Heap;
    return all;
}

std::size_t page_bytes() {
    static const std::size_t bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return bytes;
}

std::size_t round_up(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

// Memory of whole pages before one that nobody may touch; null if there is none left.
char* take_mapping(Heap& h, std::size_t open) {
    auto found = h.spare.find(open);
    if (found != h.spare.end()) {
        char* mapping = found->second;
        h.spare.erase(found);
        h.spare_bytes -= open;
        mprotect(mapping, open, PROT_READ | PROT_WRITE);
        return mapping;
    }
    void* fresh = mmap(nullptr, open + page_bytes(), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (fresh == MAP_FAILED) return nullptr;
    mprotect(static_cast<char*>(fresh) + open, page_bytes(), PROT_NONE);
    return static_cast<char*>(fresh);
}

void give_mapping(Heap& h, char* mapping, std::size_t open) {
    if (h.spare_bytes + open > most_spare_bytes) {
        munmap(mapping, open + page_bytes());
        return;
    }
    mprotect(mapping, open, PROT_NONE);
    h.spare.emplace(open, mapping);
    h.spare_bytes += open;
}

// The part of a mapping before its guard page.
std::size_t open_bytes(const Allocation& a) { return a.mapped_bytes - page_bytes(); }

void set_protection(const Allocation& a, bool open) {
    mprotect(a.mapping, open_bytes(a), open ? PROT_READ | PROT_WRITE : PROT_NONE);
}

// Whether the bytes around the allocation, on its own pages, are as they were.
bool margins_are_whole(const Allocation& a) {
    auto untouched = [](const char* from, const char* to) {
        return std::all_of(from, to, [](char byte) { return static_cast<unsigned char>(byte) == margin_byte; });
    };
    const char* begin = reinterpret_cast<const char*>(a.address);
    return untouched(a.mapping, begin) && untouched(begin + a.bytes, a.mapping + open_bytes(a));
}

} // namespace

int allocate(Device& device, std::size_t bytes, DevicePointer* address) {
    if (bytes == 0) return invalid_value;
    Heap& h = heap();
    std::size_t padded = round_up(bytes, alignment), open = round_up(padded, page_bytes());
    char* begin;
    {
        std::lock_guard<std::mutex> lock(h.mutex);
        std::size_t limit = static_cast<std::size_t>(static_cast<long long>(options().memory_bytes));
        if (bytes > limit || h.used[&device] > limit - bytes) return out_of_memory;
        begin = take_mapping(h, open);
        if (begin == nullptr) return out_of_memory;
        h.used[&device] += bytes;
        h.peak[&device] = std::max(h.peak[&device], h.used[&device]);
    }

    // As far to the right as the alignment allows: what runs over its end meets the page that nobody may touch.
    std::memset(begin, margin_byte, open - padded);
    std::memset(begin + open - padded, poison_byte, bytes);
    std::memset(begin + open - padded + bytes, margin_byte, padded - bytes);

    std::lock_guard<std::mutex> lock(h.mutex);
    Allocation allocation;
    allocation.address = reinterpret_cast<DevicePointer>(begin + open - padded);
    allocation.bytes = bytes;
    allocation.device = &device;
    allocation.number = ++h.count;
    allocation.mapping = begin;
    allocation.mapped_bytes = open + page_bytes();
    h.allocations[allocation.address] = allocation;
    if (options().protect != 0 && h.accesses == 0) {
        set_protection(allocation, false);
        h.locked = true;
    }
    ++counters().allocations;
    counters().allocated_bytes += static_cast<long long>(bytes);
    *address = allocation.address;
    return success;
}

int release(DevicePointer address) {
    Heap& h = heap();
    MemoryAccess access;
    std::unique_lock<std::mutex> lock(h.mutex);
    auto found = h.allocations.find(address);
    if (found == h.allocations.end()) return invalid_value;
    Allocation allocation = found->second;
    h.allocations.erase(found);
    h.used[allocation.device] -= allocation.bytes;
    lock.unlock();
    ++counters().frees;
    if (!margins_are_whole(allocation)) {
        allocation.device->lose(illegal_address, "something wrote just before or after an allocation of " +
                                                     std::to_string(allocation.bytes) + " bytes");
    }
    lock.lock();
    give_mapping(h, allocation.mapping, open_bytes(allocation));
    return success;
}

bool is_device_memory(DevicePointer address, std::size_t bytes) {
    Heap& h = heap();
    std::lock_guard<std::mutex> lock(h.mutex);
    auto after = h.allocations.upper_bound(address);
    if (after == h.allocations.begin()) return false;
    const Allocation& a = std::prev(after)->second;
    std::size_t offset = address - a.address;
    return offset <= a.bytes && bytes <= a.bytes - offset;
}

std::vector<Allocation> live_allocations(const Device* device) {
    Heap& h = heap();
    std::lock_guard<std::mutex> lock(h.mutex);
    std::vector<Allocation> live;
    for (const auto& entry : h.allocations) {
        if (device == nullptr || entry.second.device == device) live.push_back(entry.second);
    }
    return live;
}

std::size_t allocated_bytes(const Device& device) {
    std::lock_guard<std::mutex> lock(heap().mutex);
    return heap().used[&device];
}

std::size_t peak_bytes(const Device& device) {
    std::lock_guard<std::mutex> lock(heap().mutex);
    return heap().peak[&device];
}

void* allocate_pinned(std::size_t bytes) {
    void* address = std::aligned_alloc(page_bytes(), round_up(bytes, page_bytes()));
    if (address == nullptr) return nullptr;
    std::lock_guard<std::mutex> lock(heap().mutex);
    heap().pinned[address] = bytes;
    return address;
}

int release_pinned(void* address) {
    {
        std::lock_guard<std::mutex> lock(heap().mutex);
        if (heap().pinned.erase(address) == 0) return invalid_value;
    }
    std::free(address);
    return success;
}

bool is_pinned(const void* address, std::size_t bytes) {
    Heap& h = heap();
    std::lock_guard<std::mutex> lock(h.mutex);
    auto after = h.pinned.upper_bound(address);
    if (after == h.pinned.begin()) return false;
    auto block = std::prev(after);
    std::size_t offset = static_cast<std::size_t>(static_cast<const char*>(address) - static_cast<const char*>(block->first));
    return offset <= block->second && bytes <= block->second - offset;
}

std::size_t live_pinned() {
    std::lock_guard<std::mutex> lock(heap().mutex);
    return heap().pinned.size();
}

MemoryAccess::MemoryAccess() {
    Heap& h = heap();
    std::lock_guard<std::mutex> lock(h.mutex);
    if (h.accesses++ == 0 && h.locked) {
        for (const auto& entry : h.allocations) set_protection(entry.second, true);
        h.locked = false;
    }
}

MemoryAccess::~MemoryAccess() {
    Heap& h = heap();
    std::lock_guard<std::mutex> lock(h.mutex);
    if (--h.accesses == 0 && options().protect != 0) {
        for (const auto& entry : h.allocations) set_protection(entry.second, false);
        h.locked = true;
    }
}

} // namespace tf_standin
