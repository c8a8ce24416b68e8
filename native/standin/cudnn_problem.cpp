#include "cudnn_problem.h"
#include <algorithm>

namespace tf_standin::cudnn {
namespace {

// With channels last only the one with precomputed indices can be had.
const std::vector<Algorithm>& algorithms(Pass pass) {
    static const std::vector<Algorithm> forward = {
        {1, Method::any, true, 0.2f},      {6, Method::winograd, true, 0.3f}, {7, Method::winograd, true, 0.4f},
        {0, Method::any, true, 0.5f},      {2, Method::explicit_columns, true, 0.6f},
        {5, Method::fourier, true, 0.7f},  {4, Method::fourier, true, 0.8f},  {3, Method::direct, true, 0.9f}};
    static const std::vector<Algorithm> backward_data = {
        {0, Method::any, false, 0.2f},     {1, Method::any, true, 0.3f},      {4, Method::winograd, true, 0.4f},
        {5, Method::winograd, true, 0.5f}, {3, Method::fourier, true, 0.6f},  {2, Method::fourier, true, 0.7f}};
    static const std::vector<Algorithm> backward_filter = {
        {0, Method::any, false, 0.2f},     {3, Method::any, false, 0.3f},     {1, Method::any, true, 0.4f},
        {5, Method::winograd, true, 0.5f}, {6, Method::fourier, true, 0.6f},  {2, Method::fourier, true, 0.7f},
        {4, Method::direct, true, 0.8f}};
    return pass == Pass::forward ? forward : pass == Pass::backward_data ? backward_data : backward_filter;
}

bool has_mixed_layouts(const Problem& p) {
    bool first = p.x.is_contiguous() && p.y.is_contiguous() && p.w.is_contiguous();
    bool last = p.x.is_channels_last() && p.y.is_channels_last() && p.w.is_channels_last();
    return !first && !last;
}

} // namespace

int output_size(int input, int filter, int pad, int stride, int dilation) {
    return (input + 2 * pad - (dilation * (filter - 1) + 1)) / stride + 1;
}

int find_problem(Pass pass, void* x_descriptor, void* w_descriptor, void* descriptor, void* y_descriptor, Problem* p) {
    auto x = find_tensor(x_descriptor), y = find_tensor(y_descriptor);
    auto w = find_filter(w_descriptor);
    auto how = find_convolution(descriptor);
    if (x == nullptr || y == nullptr || w == nullptr || how == nullptr) {
        return fail(status_bad_param, "a descriptor is missing, not set or destroyed");
    }
    if (x->size[1] != w->size[1] * how->groups || w->size[0] % how->groups != 0) {
        return fail(status_bad_param, "x has " + std::to_string(x->size[1]) + " channels, the filter " +
                                          std::to_string(w->size[1]) + " for each of " + std::to_string(how->groups) +
                                          " groups");
    }
    int height = output_size(x->size[2], w->size[2], how->pad_height, how->stride_height, how->dilation_height);
    int width = output_size(x->size[3], w->size[3], how->pad_width, how->stride_width, how->dilation_width);
    if (y->size != std::array<int, 4>{x->size[0], w->size[0], height, width}) {
        return fail(status_bad_param, "y has to be [" + std::to_string(x->size[0]) + ", " + std::to_string(w->size[0]) +
                                          ", " + std::to_string(height) + ", " + std::to_string(width) + "]");
    }
    if (x->type != w->type || x->type != y->type) return fail(status_not_supported_data_type, "tensors of different types");
    *p = {pass, *x, *y, *w, *how, {}};
    if (has_mixed_layouts(*p)) return fail(status_not_supported_layout, "NCHW and NHWC in one convolution");
    p->shape = {x->size[0],         x->size[1],         x->size[2],           x->size[3],          w->size[0],
                w->size[2],         w->size[3],         height,               width,               how->pad_height,
                how->pad_width,     how->stride_height, how->stride_width,    how->dilation_height,
                how->dilation_width, how->groups,       how->flipped};
    return status_success;
}

bool is_supported(const Problem& p, const Algorithm& a) {
    const ConvolutionShape& s = p.shape;
    bool dense = s.stride_height == 1 && s.stride_width == 1 && s.dilation_height == 1 && s.dilation_width == 1;
    bool channels_last = !p.x.is_contiguous() || !p.y.is_contiguous() || !p.w.is_contiguous();
    bool three = s.filter_height == 3 && s.filter_width == 3;
    if (channels_last && a.code != 1) return false;
    switch (a.method) {
    case Method::any: return true;
    case Method::direct: return false;
    case Method::explicit_columns: return s.dilation_height == 1 && s.dilation_width == 1;
    case Method::winograd: return dense && three && s.groups == 1;
    case Method::fourier:
        return dense && s.groups == 1 && s.filter_height > s.pad_height && s.filter_width > s.pad_width &&
               s.height + 2 * s.pad_height <= 256 && s.width + 2 * s.pad_width <= 256;
    }
    return false;
}

// Of float32 products; others work in half of it.
static std::size_t full_workspace_bytes(const Problem& p, const Algorithm& a) {
    const ConvolutionShape& s = p.shape;
    std::size_t images = s.images, inputs = images * s.channels * s.plane(), outputs = images * s.filters * s.out_plane();
    switch (a.method) {
    case Method::any: return a.code == 0 ? 0 : 4 * (s.out_plane() + s.taps());
    case Method::direct: return 0;
    case Method::explicit_columns: return 4 * s.taps() * s.out_plane();
    case Method::winograd: return 4 * (2 * s.weights() + (inputs + outputs) / 4);
    case Method::fourier: return 4 * 2 * (inputs + outputs + s.weights());
    }
    return 0;
}

std::size_t workspace_bytes(const Problem& p, const Algorithm& a) {
    std::size_t full = full_workspace_bytes(p, a);
    return p.how.math == fma_math ? full : full / 8 * 4;
}

const Algorithm* find_algorithm(Pass pass, int code) {
    for (const Algorithm& a : algorithms(pass)) {
        if (a.code == code) return &a;
    }
    return nullptr;
}

int list_algorithms(const Problem& p, bool measured, std::size_t most_memory, int wanted, int* found, Performance* results) {
    if (wanted < 1) return fail(status_bad_param, "no algorithm is asked for");
    std::vector<Performance> all;
    std::vector<Problem> maths = {p};
    if (measured && p.how.math != default_math) {
        maths.push_back(p);
        maths.back().how.math = default_math;
    }
    for (const Problem& q : maths) {
        for (const Algorithm& a : algorithms(q.pass)) {
            // Not all gain the same, so that the fastest in one math is not the fastest in another.
            float gain = q.how.math == fma_math ? 1 : a.method == Method::fourier ? 16 : 2, milliseconds = a.milliseconds / gain;
            Performance one = {a.code, status_success, measured ? milliseconds : -1, workspace_bytes(q, a),
                               a.deterministic ? 1 : 0, q.how.math, {}};
            if (!is_supported(q, a)) {
                one.status = status_not_supported;
            } else if (measured && one.memory > most_memory) {
                one.status = status_size_insufficient;
            }
            if (one.status != status_success) one.milliseconds = -1;
            all.push_back(one);
        }
    }
    auto failed = std::stable_partition(all.begin(), all.end(), [](const Performance& one) { return one.status == status_success; });
    std::stable_sort(all.begin(), failed, [](const Performance& a, const Performance& b) { return a.milliseconds < b.milliseconds; });
    *found = std::min(wanted, static_cast<int>(all.size()));
    std::copy_n(all.begin(), *found, results);
    return status_success;
}

} // namespace tf_standin::cudnn
