#include "device.h"
#include "memory.h"
#include "options.h"
#include "stream.h"
#include <cstdio>
#include <vector>

namespace tf_standin {
namespace {

std::atomic<bool> initialized{false};
thread_local Device* current = nullptr;

const std::vector<Device*>& all_devices() {
    static const std::vector<Device*>& devices = *[] {
        auto* made = new std::vector<Device*>;
        for (int i = 0; i < most_devices; ++i) made->push_back(new Device(i));
        return made;
    }();
    return devices;
}

} // namespace

void Device::retain() { ++_retained; }

int Device::release_context() {
    int retained = _retained;
    do {
        if (retained == 0) return invalid_context;
    } while (!_retained.compare_exchange_weak(retained, retained - 1));
    if (retained > 1) return success;
    legacy_stream()->drain();
    forget_loss();
    return success;
}

int Device::lost() const {
    if (long long forced = options().lost_device) return static_cast<int>(forced);
    return _lost;
}

void Device::lose(int error, const std::string& reason) {
    std::lock_guard<std::mutex> lock(_mutex);
    if (_lost != success) return;
    _reason = reason;
    _lost = error;
}

std::string Device::lost_reason() const {
    std::lock_guard<std::mutex> lock(_mutex);
    return _reason;
}

void Device::forget_loss() {
    std::lock_guard<std::mutex> lock(_mutex);
    _lost = success;
    _reason.clear();
}

std::shared_ptr<Stream> Device::legacy_stream() {
    std::lock_guard<std::mutex> lock(_mutex);
    if (_legacy_stream == nullptr) _legacy_stream = std::make_shared<Stream>(*this, StreamKind::legacy);
    return _legacy_stream;
}

bool is_initialized() { return initialized; }
void initialize() { initialized = true; }

Device* device(int ordinal) {
    return ordinal >= 0 && ordinal < options().devices && ordinal < most_devices ? all_devices()[ordinal] : nullptr;
}

Device* device_of_context(const void* context) {
    for (Device* candidate : all_devices()) {
        if (candidate == context) return candidate;
    }
    return nullptr;
}

Device* current_device() { return current; }
void set_current_device(Device* device) { current = device; }

} // namespace tf_standin
