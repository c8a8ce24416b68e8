// cuDNN: convolutions and their gradients.
#include "call.h"
#include "counters.h"
#include "cudnn_problem.h"
#include "memory.h"
#include "options.h"
#include <algorithm>
#include <atomic>
#include <cstring>

using namespace tf_standin;
using namespace tf_standin::cudnn;

namespace {

// The rounding of factors that a math type means on this device.
Rounding rounding_of(const Problem& p) {
    constexpr int first_with_tf32 = 80;
    bool tensor_cores = p.how.math != fma_math && options().compute_capability >= first_with_tf32;
    return p.x.type == ElementType::float32 && tensor_cores ? Rounding::tf32 : Rounding::none;
}

struct Workspace {
    void* memory;
    std::size_t bytes;
};

// Whether the algorithm can run; `needed` is its workspace.
int check_run(const Problem& p, int code, const Workspace& workspace, const Algorithm** found, std::size_t* needed) {
    *found = find_algorithm(p.pass, code);
    if (*found == nullptr) return fail(status_bad_param, "there is no algorithm " + std::to_string(code));
    if (!is_supported(p, **found)) {
        return fail(status_not_supported, "algorithm " + std::to_string(code) + " cannot do this convolution");
    }
    *needed = workspace_bytes(p, **found);
    if (workspace.bytes < *needed || (*needed > 0 && workspace.memory == nullptr)) {
        return fail(status_size_insufficient, "the workspace has " + std::to_string(workspace.bytes) + " of " +
                                                  std::to_string(*needed) + " bytes");
    }
    return status_success;
}

// Work with what is common to the three passes: `compute` runs when workspace and operands have been looked at.
int run(Library& library, const char* name, const Problem& p, int code, Workspace workspace, const void* alpha,
        const void* beta, const void* x, const void* w, const void* y,
        std::function<void(const Problem&, const ConvolutionHow&)> compute) {
    const Algorithm* algorithm;
    std::size_t needed;
    if (int error = check_run(p, code, workspace, &algorithm, &needed)) return error;
    if (alpha == nullptr || beta == nullptr) return fail(status_null_pointer, "alpha or beta is missing");
    ConvolutionHow how = {*static_cast<const float*>(alpha), *static_cast<const float*>(beta), rounding_of(p),
                          static_cast<unsigned>(options().cpu_threads), false};
    bool deterministic = algorithm->deterministic;
    return submit(library, name, [=]() mutable -> Ending {
        static std::atomic<unsigned> runs{0};
        if (!is_in_device_memory(p.x, x)) return outside("x");
        if (!is_in_device_memory(p.w, w)) return outside("the filter");
        if (!is_in_device_memory(p.y, y)) return outside("y");
        if (needed > 0) {
            if (!is_device_memory(reinterpret_cast<DevicePointer>(workspace.memory), needed)) return outside("the workspace");
            std::memset(workspace.memory, 0xff, needed); // Whoever kept something there finds NaN.
        }
        how.other_order = !deterministic && runs++ % 2 == 1;
        compute(p, how);
        return {};
    });
}

int run_forward(Library& library, const Problem& p, int code, Workspace workspace, const void* alpha, const void* beta,
                const void* x, const void* w, void* y) {
    return run(library, "cudnnConvolutionForward", p, code, workspace, alpha, beta, x, w, y,
               [=](const Problem& q, const ConvolutionHow& how) {
                   Floats inputs(q.x, x), filters(q.w, w);
                   FloatResult result(q.y, y, how.beta != 0);
                   convolve(q.shape, inputs.data(), filters.data(), result.data(), how);
                   result.store();
               });
}

int run_backward_data(Library& library, const Problem& p, int code, Workspace workspace, const void* alpha,
                      const void* beta, const void* w, const void* dy, void* dx) {
    return run(library, "cudnnConvolutionBackwardData", p, code, workspace, alpha, beta, dx, w, dy,
               [=](const Problem& q, const ConvolutionHow& how) {
                   Floats filters(q.w, w), outputs(q.y, dy);
                   FloatResult result(q.x, dx, how.beta != 0);
                   convolve_backward_data(q.shape, filters.data(), outputs.data(), result.data(), how);
                   result.store();
               });
}

int run_backward_filter(Library& library, const Problem& p, int code, Workspace workspace, const void* alpha,
                        const void* beta, const void* x, const void* dy, void* dw) {
    return run(library, "cudnnConvolutionBackwardFilter", p, code, workspace, alpha, beta, x, dw, dy,
               [=](const Problem& q, const ConvolutionHow& how) {
                   Floats inputs(q.x, x), outputs(q.y, dy);
                   FloatResult result(q.w, dw, how.beta != 0);
                   convolve_backward_filter(q.shape, inputs.data(), outputs.data(), result.data(), how);
                   result.store();
               });
}

// What a measurement does before it lists: it needs a stream that is not captured, and it waits.
int begin_measurement(Library& library) {
    auto stream = find_stream(library.stream);
    if (stream == nullptr) return fail(status_bad_param, "the stream was destroyed");
    if (stream->is_capturing()) {
        stream->invalidate_capture();
        return fail(status_execution_failed, "an algorithm cannot be measured during a capture");
    }
    ++counters().synchronizations;
    return stream->drain() == success ? status_success : fail(status_execution_failed, "the device is lost");
}

const float one = 1, zero = 0;


} // namespace

TF_API int cudnnGetConvolution2dForwardOutputDim(void* descriptor, void* x_descriptor, void* w_descriptor, int* n, int* c,
                                                 int* h, int* w) {
    static Call call("cudnnGetConvolution2dForwardOutputDim");
    if (int error = call.begin_library()) return error;
    auto how = find_convolution(descriptor);
    auto x = find_tensor(x_descriptor);
    auto filter = find_filter(w_descriptor);
    if (how == nullptr || x == nullptr || filter == nullptr) return fail(status_bad_param, "a descriptor is not set");
    *n = x->size[0];
    *c = filter->size[0];
    *h = output_size(x->size[2], filter->size[2], how->pad_height, how->stride_height, how->dilation_height);
    *w = output_size(x->size[3], filter->size[3], how->pad_width, how->stride_width, how->dilation_width);
    return status_success;
}

// Forward -------------------------------------------------------------------------------------------------------------

TF_API int cudnnGetConvolutionForwardAlgorithm_v7(void* handle, void* x, void* w, void* how, void* y, int wanted,
                                                  int* found, Performance* results) {
    static Call call("cudnnGetConvolutionForwardAlgorithm_v7");
    if (int error = call.begin_library()) return error;
    Problem p;
    if (find_library(handle) == nullptr) return fail(status_bad_param, "no such handle");
    if (int error = find_problem(Pass::forward, x, w, how, y, &p)) return error;
    return list_algorithms(p, false, 0, wanted, found, results);
}

TF_API int cudnnFindConvolutionForwardAlgorithmEx(void* handle, void* xd, const void* x, void* wd, const void* w,
                                                  void* how, void* yd, void* y, int wanted, int* found,
                                                  Performance* results, void* workspace, std::size_t bytes) {
    static Call call("cudnnFindConvolutionForwardAlgorithmEx");
    if (int error = call.begin_library()) return error;
    Problem p;
    auto library = find_library(handle);
    if (library == nullptr) return fail(status_bad_param, "no such handle");
    if (int error = find_problem(Pass::forward, xd, wd, how, yd, &p)) return error;
    if (int error = begin_measurement(*library)) return error;
    if (is_supported(p, *find_algorithm(p.pass, 0))) {
        if (int error = run_forward(*library, p, 0, {workspace, bytes}, &one, &zero, x, w, y)) return error;
    }
    return list_algorithms(p, true, bytes, wanted, found, results);
}

TF_API int cudnnGetConvolutionForwardWorkspaceSize(void* handle, void* x, void* w, void* how, void* y, int code,
                                                   std::size_t* bytes) {
    static Call call("cudnnGetConvolutionForwardWorkspaceSize");
    if (int error = call.begin_library()) return error;
    Problem p;
    const Algorithm* algorithm;
    if (find_library(handle) == nullptr) return fail(status_bad_param, "no such handle");
    if (int error = find_problem(Pass::forward, x, w, how, y, &p)) return error;
    return check_run(p, code, {bytes, SIZE_MAX}, &algorithm, bytes);
}

TF_API int cudnnConvolutionForward(void* handle, const void* alpha, void* xd, const void* x, void* wd, const void* w,
                                   void* how, int code, void* workspace, std::size_t bytes, const void* beta, void* yd,
                                   void* y) {
    static Call call("cudnnConvolutionForward");
    if (int error = call.begin_library()) return error;
    Problem p;
    auto library = find_library(handle);
    if (library == nullptr) return fail(status_bad_param, "no such handle");
    if (int error = find_problem(Pass::forward, xd, wd, how, yd, &p)) return error;
    return run_forward(*library, p, code, {workspace, bytes}, alpha, beta, x, w, y);
}

// y = act(alpha1·conv(x, w) + alpha2·z + bias)
TF_API int cudnnConvolutionBiasActivationForward(void* handle, const void* alpha1, void* xd, const void* x, void* wd,
                                                 const void* w, void* how_descriptor, int code, void* workspace,
                                                 std::size_t bytes, const void* alpha2, void* zd, const void* z,
                                                 void* bias_descriptor, const void* bias, void* activation_descriptor,
                                                 void* yd, void* y) {
    static Call call("cudnnConvolutionBiasActivationForward");
    if (int error = call.begin_library()) return error;
    Problem p;
    auto library = find_library(handle);
    auto zs = find_tensor(zd), biases = find_tensor(bias_descriptor);
    auto activation = find_activation(activation_descriptor);
    if (library == nullptr) return fail(status_bad_param, "no such handle");
    if (int error = find_problem(Pass::forward, xd, wd, how_descriptor, yd, &p)) return error;
    if (zs == nullptr || biases == nullptr || activation == nullptr) return fail(status_bad_param, "a descriptor is not set");
    if (zs->size != p.y.size || biases->size != std::array<int, 4>{1, p.y.size[1], 1, 1}) {
        return fail(status_bad_param, "z has to be as y, and the bias [1, K, 1, 1]");
    }
    if (alpha2 == nullptr) return fail(status_null_pointer, "alpha2 is missing");
    constexpr int relu = 1, identity = 5, precomputed = 1; // CUDNN_ACTIVATION_…, …_ALGO_IMPLICIT_PRECOMP_GEMM
    if (activation->mode != relu && activation->mode != identity) {
        return fail(status_not_supported, "an activation other than ReLU and identity");
    }
    if (activation->nan != 0) return fail(status_not_supported, "NaN is to be propagated");
    if (activation->mode == identity && code != precomputed) {
        return fail(status_not_supported, "without an activation only algorithm 1 adds a bias");
    }
    bool cut = activation->mode == relu;
    float share = *static_cast<const float*>(alpha2);
    return run(*library, "cudnnConvolutionBiasActivationForward", p, code, {workspace, bytes}, alpha1, &zero, x, w, y,
               [=, z_tensor = *zs, bias_tensor = *biases](const Problem& q, const ConvolutionHow& how) {
                   Floats inputs(q.x, x), filters(q.w, w), offsets(bias_tensor, bias);
                   std::vector<float> sums(q.y.count());
                   convolve(q.shape, inputs.data(), filters.data(), sums.data(), how);
                   std::vector<float> added(share != 0 ? q.y.count() : 0);
                   if (share != 0) {
                       Floats others(z_tensor, z);
                       std::copy_n(others.data(), added.size(), added.begin());
                   }
                   FloatResult result(q.y, y, false);
                   for (std::size_t i = 0; i < sums.size(); ++i) {
                       std::size_t channel = i / q.shape.out_plane() % q.shape.filters;
                       float sum = sums[i] + offsets.data()[channel] + (share != 0 ? share * added[i] : 0);
                       result.data()[i] = cut && sum < 0 ? 0 : sum;
                   }
                   result.store();
               });
}

// Gradient of x -------------------------------------------------------------------------------------------------------

TF_API int cudnnGetConvolutionBackwardDataAlgorithm_v7(void* handle, void* w, void* dy, void* how, void* dx, int wanted,
                                                       int* found, Performance* results) {
    static Call call("cudnnGetConvolutionBackwardDataAlgorithm_v7");
    if (int error = call.begin_library()) return error;
    Problem p;
    if (find_library(handle) == nullptr) return fail(status_bad_param, "no such handle");
    if (int error = find_problem(Pass::backward_data, dx, w, how, dy, &p)) return error;
    return list_algorithms(p, false, 0, wanted, found, results);
}

TF_API int cudnnFindConvolutionBackwardDataAlgorithmEx(void* handle, void* wd, const void* w, void* dyd, const void* dy,
                                                       void* how, void* dxd, void* dx, int wanted, int* found,
                                                       Performance* results, void* workspace, std::size_t bytes) {
    static Call call("cudnnFindConvolutionBackwardDataAlgorithmEx");
    if (int error = call.begin_library()) return error;
    Problem p;
    auto library = find_library(handle);
    if (library == nullptr) return fail(status_bad_param, "no such handle");
    if (int error = find_problem(Pass::backward_data, dxd, wd, how, dyd, &p)) return error;
    if (int error = begin_measurement(*library)) return error;
    if (is_supported(p, *find_algorithm(p.pass, 0))) {
        if (int error = run_backward_data(*library, p, 0, {workspace, bytes}, &one, &zero, w, dy, dx)) return error;
    }
    return list_algorithms(p, true, bytes, wanted, found, results);
}

TF_API int cudnnGetConvolutionBackwardDataWorkspaceSize(void* handle, void* w, void* dy, void* how, void* dx, int code,
                                                        std::size_t* bytes) {
    static Call call("cudnnGetConvolutionBackwardDataWorkspaceSize");
    if (int error = call.begin_library()) return error;
    Problem p;
    const Algorithm* algorithm;
    if (find_library(handle) == nullptr) return fail(status_bad_param, "no such handle");
    if (int error = find_problem(Pass::backward_data, dx, w, how, dy, &p)) return error;
    return check_run(p, code, {bytes, SIZE_MAX}, &algorithm, bytes);
}

TF_API int cudnnConvolutionBackwardData(void* handle, const void* alpha, void* wd, const void* w, void* dyd,
                                        const void* dy, void* how, int code, void* workspace, std::size_t bytes,
                                        const void* beta, void* dxd, void* dx) {
    static Call call("cudnnConvolutionBackwardData");
    if (int error = call.begin_library()) return error;
    Problem p;
    auto library = find_library(handle);
    if (library == nullptr) return fail(status_bad_param, "no such handle");
    if (int error = find_problem(Pass::backward_data, dxd, wd, how, dyd, &p)) return error;
    return run_backward_data(*library, p, code, {workspace, bytes}, alpha, beta, w, dy, dx);
}

// Gradient of the filter ----------------------------------------------------------------------------------------------

TF_API int cudnnGetConvolutionBackwardFilterAlgorithm_v7(void* handle, void* x, void* dy, void* how, void* dw, int wanted,
                                                         int* found, Performance* results) {
    static Call call("cudnnGetConvolutionBackwardFilterAlgorithm_v7");
    if (int error = call.begin_library()) return error;
    Problem p;
    if (find_library(handle) == nullptr) return fail(status_bad_param, "no such handle");
    if (int error = find_problem(Pass::backward_filter, x, dw, how, dy, &p)) return error;
    return list_algorithms(p, false, 0, wanted, found, results);
}

TF_API int cudnnFindConvolutionBackwardFilterAlgorithmEx(void* handle, void* xd, const void* x, void* dyd, const void* dy,
                                                         void* how, void* dwd, void* dw, int wanted, int* found,
                                                         Performance* results, void* workspace, std::size_t bytes) {
    static Call call("cudnnFindConvolutionBackwardFilterAlgorithmEx");
    if (int error = call.begin_library()) return error;
    Problem p;
    auto library = find_library(handle);
    if (library == nullptr) return fail(status_bad_param, "no such handle");
    if (int error = find_problem(Pass::backward_filter, xd, dwd, how, dyd, &p)) return error;
    if (int error = begin_measurement(*library)) return error;
    if (is_supported(p, *find_algorithm(p.pass, 0))) {
        if (int error = run_backward_filter(*library, p, 0, {workspace, bytes}, &one, &zero, x, dy, dw)) return error;
    }
    return list_algorithms(p, true, bytes, wanted, found, results);
}

TF_API int cudnnGetConvolutionBackwardFilterWorkspaceSize(void* handle, void* x, void* dy, void* how, void* dw, int code,
                                                          std::size_t* bytes) {
    static Call call("cudnnGetConvolutionBackwardFilterWorkspaceSize");
    if (int error = call.begin_library()) return error;
    Problem p;
    const Algorithm* algorithm;
    if (find_library(handle) == nullptr) return fail(status_bad_param, "no such handle");
    if (int error = find_problem(Pass::backward_filter, x, dw, how, dy, &p)) return error;
    return check_run(p, code, {bytes, SIZE_MAX}, &algorithm, bytes);
}

TF_API int cudnnConvolutionBackwardFilter(void* handle, const void* alpha, void* xd, const void* x, void* dyd,
                                          const void* dy, void* how, int code, void* workspace, std::size_t bytes,
                                          const void* beta, void* dwd, void* dw) {
    static Call call("cudnnConvolutionBackwardFilter");
    if (int error = call.begin_library()) return error;
    Problem p;
    auto library = find_library(handle);
    if (library == nullptr) return fail(status_bad_param, "no such handle");
    if (int error = find_problem(Pass::backward_filter, xd, dwd, how, dyd, &p)) return error;
    return run_backward_filter(*library, p, code, {workspace, bytes}, alpha, beta, x, dy, dw);
}

TF_API int cudnnConvolutionBackwardBias(void* handle, const void* alpha, void* dyd, const void* dy, const void* beta,
                                        void* dbd, void* db) {
    static Call call("cudnnConvolutionBackwardBias");
    if (int error = call.begin_library()) return error;
    auto library = find_library(handle);
    auto outputs = find_tensor(dyd), biases = find_tensor(dbd);
    if (library == nullptr || outputs == nullptr || biases == nullptr) return fail(status_bad_param, "a descriptor is not set");
    if (alpha == nullptr || beta == nullptr) return fail(status_null_pointer, "alpha or beta is missing");
    if (biases->size != std::array<int, 4>{1, outputs->size[1], 1, 1}) {
        return fail(status_bad_param, "the bias has to be [1, K, 1, 1]");
    }
    float a = *static_cast<const float*>(alpha), b = *static_cast<const float*>(beta);
    return submit(*library, "cudnnConvolutionBackwardBias", [=, y = *outputs, bias = *biases]() -> Ending {
        if (!is_in_device_memory(y, dy)) return outside("dy");
        if (!is_in_device_memory(bias, db)) return outside("db");
        Floats gradients(y, dy);
        FloatResult result(bias, db, b != 0);
        std::size_t plane = static_cast<std::size_t>(y.size[2]) * y.size[3];
        for (int c = 0; c < y.size[1]; ++c) {
            double sum = 0;
            for (int n = 0; n < y.size[0]; ++n) {
                const float* row = gradients.data() + (static_cast<std::size_t>(n) * y.size[1] + c) * plane;
                for (std::size_t i = 0; i < plane; ++i) sum += row[i];
            }
            float scaled = a * static_cast<float>(sum);
            result.data()[c] = b == 0 ? scaled : scaled + b * result.data()[c];
        }
        result.store();
        return {};
    });
}
