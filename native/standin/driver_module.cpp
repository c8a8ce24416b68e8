// The driver API: modules and launches. A module's PTX is not run: each of its kernels must be one of the emulator's, with
// a parameter of the same size and a block of the same number of threads, so that PTX and sources cannot drift apart.
#include "../emulator/emulator.h"
#include "call.h"
#include "counters.h"
#include "handles.h"
#include "leaks.h"
#include "options.h"
#include "ptx.h"
#include "stream.h"
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

using namespace tf_standin;

namespace {

struct Function {
    const tf_emulator::Kernel* kernel;
};

struct Module {
    std::map<std::string, std::shared_ptr<Function>> functions;

    ~Module() {
        for (const auto& entry : functions) handles<Function>().remove(entry.second.get());
    }
};

const LeakKind modules("modules", [] { return handles<Module>().count(); });

// What the driver's compiler would write into the log that the caller gave, if it gave one.
class JitLog {
public:
    JitLog(unsigned count, const int* names, void** values) {
        constexpr int error_log = 5, error_log_bytes = 6;
        for (unsigned i = 0; i < count; ++i) {
            if (names[i] == error_log) _text = static_cast<char*>(values[i]);
            if (names[i] == error_log_bytes) _bytes = reinterpret_cast<std::size_t>(values[i]);
        }
    }

    int fail(int error, const std::string& reason) {
        if (_text != nullptr && _bytes > 0) {
            std::snprintf(_text, _bytes, "%s", reason.c_str());
        } else {
            std::fprintf(stderr, "stand-in: %s\n", reason.c_str());
        }
        return error;
    }

private:
    char* _text = nullptr;
    std::size_t _bytes = 0;
};

int add_kernel(Module& module, const PtxKernel& ptx, JitLog& log) {
    const tf_emulator::Kernel* kernel = tf_emulator::find_kernel(ptx.name);
    if (kernel == nullptr) {
        return log.fail(invalid_ptx, "kernel " + ptx.name +
                                         " is in the PTX and not in the stand-in; run native/build-standin.sh");
    }
    if (ptx.parameter_bytes.size() != 1 || ptx.parameter_bytes[0] != kernel->argument_bytes) {
        std::size_t bytes = ptx.parameter_bytes.empty() ? 0 : ptx.parameter_bytes[0];
        return log.fail(invalid_ptx, "kernel " + ptx.name + " has " + std::to_string(ptx.parameter_bytes.size()) +
                                         " parameters, the first of " + std::to_string(bytes) +
                                         " bytes, in the PTX, and one of " + std::to_string(kernel->argument_bytes) +
                                         " bytes in the stand-in; run native/build-ptx.sh and native/build-standin.sh");
    }
    if (ptx.max_threads != kernel->max_threads) {
        return log.fail(invalid_ptx, "kernel " + ptx.name + " is made for " + std::to_string(ptx.max_threads) +
                                         " threads in the PTX and for " + std::to_string(kernel->max_threads) +
                                         " in the stand-in; run native/build-ptx.sh");
    }
    auto function = std::make_shared<Function>(Function{kernel});
    handles<Function>().add(function);
    module.functions[ptx.name] = function;
    return success;
}

int load(void** handle, const void* image, JitLog log) {
    Ptx ptx = read_ptx(static_cast<const char*>(image));
    if (ptx.version == 0) return log.fail(invalid_image, "the image is no PTX");
    if (options().driver_version < cuda_of_ptx(ptx.version)) {
        return log.fail(unsupported_ptx_version, "PTX of version " + std::to_string(ptx.version / 10) + "." +
                                                     std::to_string(ptx.version % 10) +
                                                     " is newer than this driver knows");
    }
    if (ptx.target > options().compute_capability) {
        return log.fail(invalid_ptx, "the PTX is for sm_" + std::to_string(ptx.target) + ", which is newer than the device");
    }
    auto module = std::make_shared<Module>();
    for (const PtxKernel& kernel : ptx.kernels) {
        if (int error = add_kernel(*module, kernel, log)) return error;
    }
    *handle = handles<Module>().add(module);
    return success;
}

} // namespace

TF_API int cuModuleLoadData(void** handle, const void* image) {
    static Call call("cuModuleLoadData");
    if (int error = call.begin(Needs::context)) return error;
    if (int error = refuse_while_capturing()) return error;
    return load(handle, image, JitLog(0, nullptr, nullptr));
}

TF_API int cuModuleLoadDataEx(void** handle, const void* image, unsigned count, int* names, void** values) {
    static Call call("cuModuleLoadDataEx");
    if (int error = call.begin(Needs::context)) return error;
    if (int error = refuse_while_capturing()) return error;
    return load(handle, image, JitLog(count, names, values));
}

TF_API int cuModuleUnload(void* handle) {
    static Call call("cuModuleUnload");
    int error = call.begin(Needs::context);
    if (error != success && !is_sticky(error)) return error;
    if (handles<Module>().remove(handle) == nullptr) return invalid_handle;
    return error;
}

TF_API int cuModuleGetFunction(void** function, void* handle, const char* name) {
    static Call call("cuModuleGetFunction");
    if (int error = call.begin(Needs::context)) return error;
    auto module = handles<Module>().find(handle);
    if (module == nullptr) return invalid_handle;
    auto found = module->functions.find(name);
    if (found == module->functions.end()) return not_found;
    *function = found->second.get();
    return success;
}

// Kernels here have no variables outside them.
TF_API int cuModuleGetGlobal_v2(DevicePointer*, std::size_t*, void* handle, const char*) {
    static Call call("cuModuleGetGlobal_v2");
    if (int error = call.begin(Needs::context)) return error;
    return handles<Module>().find(handle) == nullptr ? invalid_handle : not_found;
}

TF_API int cuFuncGetAttribute(int* value, int attribute, void* handle) {
    static Call call("cuFuncGetAttribute");
    if (int error = call.begin(Needs::context)) return error;
    auto function = handles<Function>().find(handle);
    if (function == nullptr) return invalid_handle;
    constexpr int max_threads_per_block = 0, last = 16;
    if (attribute < 0 || attribute >= last) return invalid_value;
    *value = attribute == max_threads_per_block ? static_cast<int>(function->kernel->max_threads) : 0;
    return success;
}

TF_API int cuFuncSetAttribute(void* handle, int, int) {
    static Call call("cuFuncSetAttribute");
    if (int error = call.begin(Needs::context)) return error;
    return handles<Function>().find(handle) == nullptr ? invalid_handle : success;
}

TF_API int cuFuncGetParamInfo(void* handle, std::size_t index, std::size_t* offset, std::size_t* bytes) {
    static Call call("cuFuncGetParamInfo");
    if (int error = call.begin(Needs::context)) return error;
    auto function = handles<Function>().find(handle);
    if (function == nullptr) return invalid_handle;
    if (index != 0) return invalid_value;
    *offset = 0;
    if (bytes != nullptr) *bytes = function->kernel->argument_bytes;
    return success;
}

TF_API int cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void* handle, int block_size, std::size_t) {
    static Call call("cuOccupancyMaxActiveBlocksPerMultiprocessor");
    if (int error = call.begin(Needs::context)) return error;
    if (handles<Function>().find(handle) == nullptr) return invalid_handle;
    constexpr int threads_per_multiprocessor = 2048;
    if (block_size <= 0) return invalid_value;
    *blocks = threads_per_multiprocessor / block_size;
    return success;
}

// Launches ------------------------------------------------------------------------------------------------------------

namespace {

struct CUlaunchConfig {
    unsigned grid_x, grid_y, grid_z, block_x, block_y, block_z, shared_bytes;
    void* stream;
    void* attributes;
    unsigned attribute_count;
};

int error_of(tf_emulator::Trouble trouble) {
    switch (trouble) {
    case tf_emulator::Trouble::none: return success;
    case tf_emulator::Trouble::illegal_address: return illegal_address;
    case tf_emulator::Trouble::misaligned_address: return misaligned_address;
    default: return launch_failed;
    }
}

// The argument struct, from an array of addresses of parameters, or from a buffer whose size is checked.
const void* find_arguments(const tf_emulator::Kernel& kernel, void** parameters, void** extra) {
    if (parameters != nullptr) return parameters[0];
    const std::uintptr_t end = 0, buffer = 1, buffer_bytes = 2;
    const void* arguments = nullptr;
    std::size_t bytes = 0;
    for (; extra != nullptr && reinterpret_cast<std::uintptr_t>(*extra) != end; extra += 2) {
        if (reinterpret_cast<std::uintptr_t>(extra[0]) == buffer) arguments = extra[1];
        if (reinterpret_cast<std::uintptr_t>(extra[0]) == buffer_bytes) bytes = *static_cast<std::size_t*>(extra[1]);
    }
    return bytes == kernel.argument_bytes ? arguments : nullptr;
}

int launch(void* handle, tf_emulator::Size grid, tf_emulator::Size block, unsigned shared_bytes, void* stream,
           void** parameters, void** extra) {
    auto function = handles<Function>().find(handle);
    if (function == nullptr) return invalid_handle;
    const tf_emulator::Kernel& kernel = *function->kernel;
    unsigned long long threads = static_cast<unsigned long long>(block.x) * block.y * block.z;
    constexpr unsigned most_y_or_z = 65535, most_x = 0x7fffffff;
    if (threads == 0 || threads > tf_emulator::max_block_threads) return invalid_value;
    if (grid.x == 0 || grid.y == 0 || grid.z == 0) return invalid_value;
    if (grid.x > most_x || grid.y > most_y_or_z || grid.z > most_y_or_z) return invalid_value;
    // With .maxntid a larger block is refused; our kernels have no shared memory but their own.
    if (threads > kernel.max_threads || shared_bytes != 0) return invalid_value;
    const void* arguments = find_arguments(kernel, parameters, extra);
    if (arguments == nullptr) return invalid_value;

    ++counters().launches;
    auto bytes = std::make_shared<std::vector<char>>(static_cast<const char*>(arguments),
                                                     static_cast<const char*>(arguments) + kernel.argument_bytes);
    return submit(stream, {"cuLaunchKernel of " + kernel.name, WorkKind::kernel, [=, &kernel]() -> Ending {
                               if (int code = failure_of("kernel")) return {code, "it was told to fail"};
                               tf_emulator::LaunchOptions how;
                               how.order = static_cast<tf_emulator::Order>(static_cast<long long>(options().order));
                               how.cpu_threads = static_cast<unsigned>(options().cpu_threads);
                               ++counters().kernels_run;
                               tf_emulator::Outcome outcome = tf_emulator::launch(kernel, grid, block, bytes->data(), how);
                               return {error_of(outcome.trouble), outcome.reason};
                           }});
}

} // namespace

TF_API int cuLaunchKernel(void* function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                          unsigned block_y, unsigned block_z, unsigned shared_bytes, void* stream, void** parameters,
                          void** extra) {
    static Call call("cuLaunchKernel");
    if (int error = call.begin(Needs::context)) return error;
    return launch(function, {grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared_bytes, stream, parameters,
                  extra);
}

TF_API int cuLaunchKernelEx(const CUlaunchConfig* config, void* function, void** parameters, void** extra) {
    static Call call("cuLaunchKernelEx");
    if (int error = call.begin(Needs::context)) return error;
    return launch(function, {config->grid_x, config->grid_y, config->grid_z},
                  {config->block_x, config->block_y, config->block_z}, config->shared_bytes, config->stream, parameters,
                  extra);
}
