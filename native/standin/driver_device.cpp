// The driver API: start-up, devices, contexts and the names of errors.
#include "call.h"
#include "device.h"
#include "memory.h"
#include "options.h"
#include "stream.h"
#include "counters.h"
#include <cstdio>
#include <cstring>
#include <map>

using namespace tf_standin;

TF_API int cuInit(unsigned flags) {
    static Call call("cuInit");
    if (int error = call.begin(Needs::nothing)) return error;
    if (flags != 0) return invalid_value;
    initialize();
    return options().devices > 0 ? success : no_device;
}

TF_API int cuDriverGetVersion(int* version) {
    static Call call("cuDriverGetVersion");
    if (int error = call.begin(Needs::nothing)) return error;
    *version = static_cast<int>(options().driver_version);
    return success;
}

TF_API int cuDeviceGetCount(int* count) {
    static Call call("cuDeviceGetCount");
    if (int error = call.begin(Needs::driver)) return error;
    *count = static_cast<int>(options().devices);
    return success;
}

TF_API int cuDeviceGet(int* device_handle, int ordinal) {
    static Call call("cuDeviceGet");
    if (int error = call.begin(Needs::driver)) return error;
    if (device(ordinal) == nullptr) return invalid_device;
    *device_handle = ordinal;
    return success;
}

TF_API int cuDeviceGetName(char* name, int length, int ordinal) {
    static Call call("cuDeviceGetName");
    if (int error = call.begin(Needs::driver)) return error;
    if (device(ordinal) == nullptr) return invalid_device;
    std::snprintf(name, static_cast<std::size_t>(length), "TinyFlow stand-in %d (CPU emulator)", ordinal);
    return success;
}

TF_API int cuDeviceTotalMem_v2(std::size_t* bytes, int ordinal) {
    static Call call("cuDeviceTotalMem_v2");
    if (int error = call.begin(Needs::driver)) return error;
    if (device(ordinal) == nullptr) return invalid_device;
    *bytes = static_cast<std::size_t>(static_cast<long long>(options().memory_bytes));
    return success;
}

TF_API int cuDeviceGetUuid_v2(unsigned char* uuid, int ordinal) {
    static Call call("cuDeviceGetUuid_v2");
    if (int error = call.begin(Needs::driver)) return error;
    if (device(ordinal) == nullptr) return invalid_device;
    std::memset(uuid, 0, 16);
    uuid[15] = static_cast<unsigned char>(ordinal);
    return success;
}

TF_API int cuDeviceGetAttribute(int* value, int attribute, int ordinal) {
    static Call call("cuDeviceGetAttribute");
    if (int error = call.begin(Needs::driver)) return error;
    if (device(ordinal) == nullptr) return invalid_device;
    const int capability = static_cast<int>(options().compute_capability);
    const std::map<int, int> attributes = {
        {1, 1024},                                         // MAX_THREADS_PER_BLOCK
        {5, 0x7fffffff},                                   // MAX_GRID_DIM_X
        {8, 48 * 1024},                                    // MAX_SHARED_MEMORY_PER_BLOCK
        {10, 32},                                          // WARP_SIZE
        {13, 1000000},                                     // CLOCK_RATE in kHz
        {16, static_cast<int>(options().multiprocessors)}, // MULTIPROCESSOR_COUNT
        {33, ordinal + 1},                                 // PCI_BUS_ID
        {36, 1000000},                                     // MEMORY_CLOCK_RATE in kHz
        {37, 1024},                                        // GLOBAL_MEMORY_BUS_WIDTH
        {38, 4 << 20},                                     // L2_CACHE_SIZE
        {39, 2048},                                        // MAX_THREADS_PER_MULTIPROCESSOR
        {75, capability / 10},                             // COMPUTE_CAPABILITY_MAJOR
        {76, capability % 10},                             // COMPUTE_CAPABILITY_MINOR
        {81, 48 * 1024},                                   // MAX_SHARED_MEMORY_PER_MULTIPROCESSOR
        {95, 0},                                           // COOPERATIVE_LAUNCH
        {97, 48 * 1024},                                   // MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
        {115, 1},                                          // MEMORY_POOLS_SUPPORTED
    };
    auto known = attributes.find(attribute);
    if (known == attributes.end()) return invalid_value;
    *value = known->second;
    return success;
}

TF_API int cuDevicePrimaryCtxRetain(void** context, int ordinal) {
    static Call call("cuDevicePrimaryCtxRetain");
    if (int error = call.begin(Needs::driver)) return error;
    Device* retained = device(ordinal);
    if (retained == nullptr) return invalid_device;
    retained->retain();
    *context = retained;
    return success;
}

TF_API int cuDevicePrimaryCtxRelease_v2(int ordinal) {
    static Call call("cuDevicePrimaryCtxRelease_v2");
    if (int error = call.begin(Needs::driver)) return error;
    Device* retained = device(ordinal);
    return retained == nullptr ? static_cast<int>(invalid_device) : retained->release_context();
}

TF_API int cuDevicePrimaryCtxSetFlags_v2(int ordinal, unsigned) {
    static Call call("cuDevicePrimaryCtxSetFlags_v2");
    if (int error = call.begin(Needs::driver)) return error;
    return device(ordinal) == nullptr ? invalid_device : success;
}

TF_API int cuCtxSetCurrent(void* context) {
    static Call call("cuCtxSetCurrent");
    if (int error = call.begin(Needs::driver)) return error;
    Device* chosen = device_of_context(context);
    if (context != nullptr && (chosen == nullptr || !chosen->is_retained())) return invalid_context;
    set_current_device(chosen);
    return success;
}

TF_API int cuCtxGetCurrent(void** context) {
    static Call call("cuCtxGetCurrent");
    if (int error = call.begin(Needs::driver)) return error;
    *context = current_device();
    return success;
}

TF_API int cuCtxSynchronize() {
    static Call call("cuCtxSynchronize");
    if (int error = call.begin(Needs::context)) return error;
    if (break_captures(*current_device())) return stream_capture_unsupported;
    ++counters().synchronizations;
    return drain_all(*current_device());
}

// Names and texts of errors -------------------------------------------------------------------------------------------

namespace {

struct ErrorText {
    const char* name;
    const char* text;
};

const std::map<int, ErrorText>& error_texts() {
    static const std::map<int, ErrorText> texts = {
        {0, {"CUDA_SUCCESS", "no error"}},
        {1, {"CUDA_ERROR_INVALID_VALUE", "invalid argument"}},
        {2, {"CUDA_ERROR_OUT_OF_MEMORY", "out of memory"}},
        {3, {"CUDA_ERROR_NOT_INITIALIZED", "initialization error"}},
        {4, {"CUDA_ERROR_DEINITIALIZED", "driver shutting down"}},
        {34, {"CUDA_ERROR_STUB_LIBRARY", "CUDA driver is a stub library"}},
        {36, {"CUDA_ERROR_CALL_REQUIRES_NEWER_DRIVER", "API call is not supported in the installed CUDA driver"}},
        {100, {"CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"}},
        {101, {"CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"}},
        {200, {"CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"}},
        {201, {"CUDA_ERROR_INVALID_CONTEXT", "invalid device context"}},
        {209, {"CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"}},
        {218, {"CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"}},
        {222, {"CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "the provided PTX was compiled with an unsupported toolchain."}},
        {400, {"CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"}},
        {401, {"CUDA_ERROR_ILLEGAL_STATE", "the operation cannot be performed in the present state"}},
        {500, {"CUDA_ERROR_NOT_FOUND", "named symbol not found"}},
        {600, {"CUDA_ERROR_NOT_READY", "device not ready"}},
        {700, {"CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"}},
        {701, {"CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"}},
        {702, {"CUDA_ERROR_LAUNCH_TIMEOUT", "the launch timed out and was terminated"}},
        {716, {"CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"}},
        {719, {"CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"}},
        {800, {"CUDA_ERROR_NOT_PERMITTED", "operation not permitted"}},
        {801, {"CUDA_ERROR_NOT_SUPPORTED", "operation not supported"}},
        {803, {"CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "system has unsupported display driver / cuda driver combination"}},
        {804, {"CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE", "forward compatibility was attempted on non supported HW"}},
        {900, {"CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"}},
        {901,
         {"CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error during capture"}},
        {903, {"CUDA_ERROR_STREAM_CAPTURE_UNMATCHED", "capture was not initiated in this stream"}},
        {904, {"CUDA_ERROR_STREAM_CAPTURE_UNJOINED", "capturing stream has unjoined work"}},
        {905, {"CUDA_ERROR_STREAM_CAPTURE_ISOLATION", "dependency created on uncaptured work in another stream"}},
        {906, {"CUDA_ERROR_STREAM_CAPTURE_IMPLICIT", "operation would make the legacy stream depend on a capturing "
                                                     "blocking stream"}},
        {907, {"CUDA_ERROR_CAPTURED_EVENT", "operation not permitted on an event last recorded in a capturing stream"}},
        {908, {"CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD", "attempt to terminate a thread-local capture sequence from "
                                                         "another thread"}},
        {999, {"CUDA_ERROR_UNKNOWN", "unknown error"}},
    };
    return texts;
}

} // namespace

TF_API int cuGetErrorName(int error, const char** name) {
    auto known = error_texts().find(error);
    *name = known == error_texts().end() ? nullptr : known->second.name;
    return *name == nullptr ? invalid_value : success;
}

// With a lost device, what lost it.
TF_API int cuGetErrorString(int error, const char** text) {
    auto known = error_texts().find(error);
    *text = known == error_texts().end() ? nullptr : known->second.text;
    if (*text == nullptr) return invalid_value;
    Device* device = current_device();
    if (device != nullptr && is_sticky(error)) {
        static thread_local std::string longer;
        std::string reason = device->lost_reason();
        if (!reason.empty()) {
            longer = std::string(*text) + " (stand-in: " + reason + ")";
            *text = longer.c_str();
        }
    }
    return success;
}
