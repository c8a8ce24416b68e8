// A device with its primary context, and which one is current to a thread.
#pragma once
#include "api.h"
#include <atomic>
#include <memory>
#include <mutex>
#include <string>

namespace tf_standin {

class Stream;

class Device {
public:
    explicit Device(int ordinal) : _ordinal(ordinal) {}

    int ordinal() const { return _ordinal; }

    bool is_retained() const { return _retained > 0; }
    void retain();

    // Ends the context with the last release: its memory, streams and modules are gone.
    int release_context();

    // The error with which the device was lost, 0 while it works.
    int lost() const;
    void lose(int error, const std::string& reason);
    std::string lost_reason() const;
    void forget_loss();

    // The stream of handle 0.
    std::shared_ptr<Stream> legacy_stream();

private:
    const int _ordinal;
    std::atomic<int> _retained{0}, _lost{0};
    mutable std::mutex _mutex;
    std::string _reason;
    std::shared_ptr<Stream> _legacy_stream;
};

constexpr int most_devices = 8;

bool is_initialized();
void initialize();

// Null for an ordinal that is not there.
Device* device(int ordinal);
Device* device_of_context(const void* context);

// Null if no context is current to this thread.
Device* current_device();
void set_current_device(Device* device);

} // namespace tf_standin
