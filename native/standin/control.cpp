// What tests call to steer the stand-in and to ask what happened. NVIDIA's libraries have nothing of this.
#include "../emulator/emulator.h"
#include "call.h"
#include "counters.h"
#include "device.h"
#include "handles.h"
#include "leaks.h"
#include "memory.h"
#include "options.h"
#include "stream.h"
#include <cstdio>
#include <cstring>

using namespace tf_standin;

// Sets an option (options.h); 0, or -1 if there is none of that name.
TF_API int tf_standin_set(const char* name, long long value) {
    Option* option = options().find(name);
    if (option == nullptr) return -1;
    option->value = value;
    return 0;
}

TF_API long long tf_standin_get(const char* name) {
    Option* option = options().find(name);
    return option == nullptr ? -1 : static_cast<long long>(*option);
}

// Lets the nth call from now of an exported function fail with that code; all of them if nth is 0. "kernel" stands for
// the nth kernel that runs, whose failure is seen later, as on a GPU. An error after which a device is lost (700, 719,
// 999, ...) loses it.
TF_API void tf_standin_fail(const char* function, int nth, int code) { Call::fail(function, nth, code); }

// The count of that name (counters.h), or how often a function of that name was called. Two are states and no counts:
// live_bytes and peak_bytes of the first device.
TF_API long long tf_standin_count(const char* name) {
    if (Counter* counter = counters().find(name)) return *counter;
    Device* first = device(0);
    if (first != nullptr && std::strcmp(name, "live_bytes") == 0) return static_cast<long long>(allocated_bytes(*first));
    if (first != nullptr && std::strcmp(name, "peak_bytes") == 0) return static_cast<long long>(peak_bytes(*first));
    return Call::count_of(name);
}

// Starts all counts again from 0.
TF_API void tf_standin_reset_counts() {
    counters().reset();
    Call::reset_counts();
}

// Takes back all that was set: options, failures and the loss of devices. What is alive stays alive.
TF_API void tf_standin_reset() {
    options().reset();
    Call::clear_failures();
    for (int i = 0; i < most_devices; ++i) {
        if (Device* one = device(i)) one->forget_loss();
    }
}

// How many things are alive that somebody has to destroy, and a line for each into the text.
TF_API int tf_standin_leaks(char* text, std::size_t bytes) {
    std::string lines;
    int count = find_leaks(&lines);
    if (text != nullptr && bytes > 0) std::snprintf(text, bytes, "%s", lines.c_str());
    return count;
}

// The names of all kernels, a line each; the bytes that they need with the zero at the end.
TF_API std::size_t tf_standin_kernels(char* text, std::size_t bytes) {
    std::string lines;
    for (const tf_emulator::Kernel* kernel : tf_emulator::all_kernels()) lines += kernel->name + "\n";
    if (text != nullptr && bytes > 0) std::snprintf(text, bytes, "%s", lines.c_str());
    return lines.size() + 1;
}
