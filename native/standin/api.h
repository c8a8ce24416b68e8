// What all parts of the stand-in share: exports, handles as C sees them, and the driver's error codes.
#pragma once
#include <cstddef>
#include <cstdint>

#define TF_API extern "C" __attribute__((visibility("default")))

namespace tf_standin {

using DevicePointer = std::uint64_t;

// CUresult. Kept as int, because that is what the functions return.
enum DriverError : int {
    success = 0,
    invalid_value = 1,
    out_of_memory = 2,
    not_initialized = 3,
    no_device = 100,
    invalid_device = 101,
    invalid_image = 200,
    invalid_context = 201,
    invalid_ptx = 218,
    unsupported_ptx_version = 222,
    illegal_state = 401,
    invalid_handle = 400,
    not_found = 500,
    not_ready = 600,
    illegal_address = 700,
    launch_out_of_resources = 701,
    launch_timeout = 702,
    misaligned_address = 716,
    launch_failed = 719,
    not_supported = 801,
    stream_capture_unsupported = 900,
    stream_capture_invalidated = 901,
    stream_capture_unmatched = 903,
    stream_capture_unjoined = 904,
    stream_capture_isolation = 905,
    stream_capture_implicit = 906,
    captured_event = 907,
    stream_capture_wrong_thread = 908,
    unknown = 999,
};

// Errors after which a real context is lost: every later call of the process returns them again.
inline bool is_sticky(int error) {
    return error == illegal_address || error == launch_timeout || (error >= 714 && error <= launch_failed) ||
           error == unknown;
}

} // namespace tf_standin
