// Convolutions with their gradients, what is refused, and batch normalization.
#include "test.h"
#include <cmath>
#include <cstring>
#include <functional>

namespace tf_test {
namespace {

struct Convolution {
    int n, c, h, w, k, r, s, pad, stride, dilation, groups, mode, format;

    int p() const { return (h + 2 * pad - dilation * (r - 1) - 1) / stride + 1; }
    int q() const { return (w + 2 * pad - dilation * (s - 1) - 1) / stride + 1; }
};

std::size_t place(int format, int d1, int d2, int d3, int a, int b, int c, int d) {
    return format == 0 ? ((static_cast<std::size_t>(a) * d1 + b) * d2 + c) * d3 + d
                       : ((static_cast<std::size_t>(a) * d2 + c) * d3 + d) * d1 + b;
}

// Calls visit(place in x, place in w, place in y) for each product.
void each_product(const Convolution& o, const std::function<void(std::size_t, std::size_t, std::size_t)>& visit) {
    int cg = o.c / o.groups, kg = o.k / o.groups;
    for (int n = 0; n < o.n; ++n)
        for (int k = 0; k < o.k; ++k)
            for (int i = 0; i < o.p(); ++i)
                for (int j = 0; j < o.q(); ++j)
                    for (int c = 0; c < cg; ++c)
                        for (int r = 0; r < o.r; ++r)
                            for (int t = 0; t < o.s; ++t) {
                                int rr = o.mode == 1 ? r : o.r - 1 - r, tt = o.mode == 1 ? t : o.s - 1 - t;
                                int y = i * o.stride - o.pad + rr * o.dilation, x = j * o.stride - o.pad + tt * o.dilation;
                                if (y < 0 || x < 0 || y >= o.h || x >= o.w) continue;
                                visit(place(o.format, o.c, o.h, o.w, n, k / kg * cg + c, y, x),
                                      place(o.format, cg, o.r, o.s, k, c, r, t),
                                      place(o.format, o.k, o.p(), o.q(), n, k, i, j));
                            }
}

struct Descriptors {
    void *x, *w, *y, *bias, *how;

    explicit Descriptors(const Convolution& o) {
        cudnnCreateTensorDescriptor(&x);
        cudnnCreateTensorDescriptor(&y);
        cudnnCreateTensorDescriptor(&bias);
        cudnnCreateFilterDescriptor(&w);
        cudnnCreateConvolutionDescriptor(&how);
        int errors = cudnnSetTensor4dDescriptor(x, o.format, 0, o.n, o.c, o.h, o.w) |
                     cudnnSetTensor4dDescriptor(y, o.format, 0, o.n, o.k, o.p(), o.q()) |
                     cudnnSetTensor4dDescriptor(bias, 0, 0, 1, o.k, 1, 1) |
                     cudnnSetFilter4dDescriptor(w, 0, o.format, o.k, o.c / o.groups, o.r, o.s) |
                     cudnnSetConvolution2dDescriptor(how, o.pad, o.pad, o.stride, o.stride, o.dilation, o.dilation, o.mode, 0) |
                     cudnnSetConvolutionMathType(how, 3) | cudnnSetConvolutionGroupCount(how, o.groups);
        check_equal(errors, 0, "descriptors");
    }

    ~Descriptors() {
        cudnnDestroyTensorDescriptor(x);
        cudnnDestroyTensorDescriptor(y);
        cudnnDestroyTensorDescriptor(bias);
        cudnnDestroyFilterDescriptor(w);
        cudnnDestroyConvolutionDescriptor(how);
    }
};

void convolutions_are_right() {
    Session s;
    void* dnn;
    check_equal(cudnnCreate(&dnn), 0, "cudnnCreate");
    cudnnSetStream(dnn, s.stream);
    constexpr std::size_t workspace_bytes = 1 << 20;
    void* workspace = reinterpret_cast<void*>(s.allocate(workspace_bytes));
    const Convolution all[] = {
        {1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0},   {3, 4, 6, 5, 2, 3, 3, 1, 1, 1, 1, 1, 0},
        {2, 4, 7, 8, 6, 3, 2, 2, 2, 1, 2, 1, 0},   {2, 3, 9, 9, 4, 3, 3, 2, 1, 2, 1, 0, 0},
        {5, 8, 4, 4, 8, 1, 1, 0, 1, 1, 1, 1, 0},   {2, 4, 6, 5, 6, 3, 3, 1, 1, 1, 1, 1, 1},
        {7, 3, 5, 5, 2, 5, 5, 3, 3, 1, 1, 1, 1},   {1, 2, 2, 2, 3, 3, 3, 1, 1, 1, 1, 1, 0},
        {6, 16, 12, 12, 20, 3, 3, 1, 1, 1, 1, 1, 0}};
    for (const Convolution& o : all) {
        Descriptors d(o);
        std::vector<float> x = numbers(static_cast<std::size_t>(o.n) * o.c * o.h * o.w, 1);
        std::vector<float> w = numbers(static_cast<std::size_t>(o.k) * o.c / o.groups * o.r * o.s, 2);
        std::vector<float> y = numbers(static_cast<std::size_t>(o.n) * o.k * o.p() * o.q(), 3);
        std::vector<double> ys = doubles(y), xs = doubles(x), ws = doubles(w);
        float alpha = 2, beta = 0.25f;
        for (double& v : ys) v *= beta;
        for (double& v : xs) v *= beta;
        for (double& v : ws) v *= beta;
        each_product(o, [&](std::size_t ix, std::size_t iw, std::size_t iy) {
            ys[iy] += alpha * static_cast<double>(x[ix]) * w[iw];
            xs[ix] += alpha * static_cast<double>(y[iy]) * w[iw];
            ws[iw] += alpha * static_cast<double>(x[ix]) * y[iy];
        });
        Address dx = s.upload(x), dw = s.upload(w), dy = s.upload(y), rx = s.upload(x), rw = s.upload(w), ry = s.upload(y);
            int error = cudnnConvolutionForward(dnn, &alpha, d.x, pointer(dx), d.w, pointer(dw), d.how, 1, workspace, workspace_bytes,
                                            &beta, d.y, pointer(ry));
        check_equal(error, 0, "cudnnConvolutionForward");
        error = cudnnConvolutionBackwardData(dnn, &alpha, d.w, pointer(dw), d.y, pointer(dy), d.how, 1, workspace, workspace_bytes,
                                             &beta, d.x, pointer(rx));
        check_equal(error, 0, "cudnnConvolutionBackwardData");
        error = cudnnConvolutionBackwardFilter(dnn, &alpha, d.x, pointer(dx), d.y, pointer(dy), d.how, 1, workspace, workspace_bytes,
                                               &beta, d.w, pointer(rw));
        check_equal(error, 0, "cudnnConvolutionBackwardFilter");
        std::string what = "convolution of " + std::to_string(o.c) + " channels, format " + std::to_string(o.format);
        check_close(s.download(ry, y.size()), ys, float_sums, what);
        check_close(s.download(rx, x.size()), xs, float_sums, what + ": dx");
        check_close(s.download(rw, w.size()), ws, float_sums, what + ": dw");

        // y = max(0, 2·conv(x, w) + 0.25·y + bias)
        std::vector<float> offsets = numbers(o.k, 4);
        std::vector<double> cut(ys);
        for (int n = 0; n < o.n; ++n)
            for (int k = 0; k < o.k; ++k)
                for (int i = 0; i < o.p(); ++i)
                    for (int j = 0; j < o.q(); ++j) {
                        double& v = cut[place(o.format, o.k, o.p(), o.q(), n, k, i, j)];
                        v = std::fmax(0, v + offsets[k]);
                    }
        Address doffsets = s.upload(offsets), rz = s.upload(y);
        constexpr int relu = 1;
        void* activation;
        cudnnCreateActivationDescriptor(&activation);
        cudnnSetActivationDescriptor(activation, relu, 0, 0);
        error = cudnnConvolutionBiasActivationForward(dnn, &alpha, d.x, pointer(dx), d.w, pointer(dw), d.how, 1, workspace,
                                                      workspace_bytes, &beta, d.y, pointer(dy), d.bias, pointer(doffsets),
                                                      activation, d.y, pointer(rz));
        check_equal(error, 0, "cudnnConvolutionBiasActivationForward");
        check_close(s.download(rz, cut.size()), cut, float_sums, what + ": bias and ReLU");
        cudnnDestroyActivationDescriptor(activation);

        std::vector<double> bias(o.k, 0.0);
        for (int n = 0; n < o.n; ++n)
            for (int k = 0; k < o.k; ++k)
                for (int i = 0; i < o.p(); ++i)
                    for (int j = 0; j < o.q(); ++j) bias[k] += alpha * y[place(o.format, o.k, o.p(), o.q(), n, k, i, j)];
        Address db = s.allocate(o.k * sizeof(float));
        float zero = 0;
        cudnnConvolutionBackwardBias(dnn, &alpha, d.y, pointer(dy), &zero, d.bias, pointer(db));
        check_close(s.download(db, bias.size()), bias, float_sums, what + ": dbias");
    }

    // What it refuses, and what it offers.
    Convolution o = {2, 4, 6, 6, 4, 3, 3, 1, 1, 1, 1, 1, 0};
    Descriptors d(o);
    Address x = s.upload(numbers(2 * 4 * 36, 1)), w = s.upload(numbers(4 * 4 * 9, 2)), y = s.allocate(2 * 4 * 36 * 4);
    float one = 1, zero = 0;
    std::size_t needed = 0;
    check_equal(cudnnGetConvolutionForwardWorkspaceSize(dnn, d.x, d.w, d.how, d.y, 1, &needed), 0, "workspace size");
    check_equal(cudnnConvolutionForward(dnn, &one, d.x, pointer(x), d.w, pointer(w), d.how, 1,
                                        workspace, needed - 1, &zero, d.y, pointer(y)),
                2006, "a workspace that is too small");
    check_equal(cudnnConvolutionForward(dnn, &one, d.x, pointer(x), d.w, pointer(w), d.how, 3,
                                        workspace, needed, &zero, d.y, pointer(y)),
                3000, "an algorithm that is not supported");
    check_equal(cudnnConvolutionForward(dnn, &one, d.y, pointer(x), d.w, pointer(w), d.how, 0,
                                        nullptr, 0, &zero, d.bias, pointer(y)),
                2000, "a result of the wrong size");
    char text[200];
    cudnnGetLastErrorString(text, sizeof text);
    check(std::strstr(text, "y has to be [2, 4, 6, 6]") != nullptr, text);

    struct Performance {
        int algorithm, status;
        float time;
        std::size_t memory;
        int determinism, math, reserved[3];
    } found[10];
    int count = 0;
    cudnnGetConvolutionBackwardFilterAlgorithm_v7(dnn, d.x, d.y, d.how, d.w, 10, &count, found);
    check(count == 7 && found[0].determinism == 0 && found[2].algorithm == 1 && found[2].determinism == 1, "algorithms");
    check(found[6].status == 3000, "those that are not supported come last");
    cudnnFindConvolutionForwardAlgorithmEx(dnn, d.x, pointer(x), d.w, pointer(w), d.how, d.y,
                                           pointer(y), 2, &count, found, workspace, workspace_bytes);
    check(count == 2 && found[0].status == 0 && found[0].time > 0 && found[0].time < found[1].time, "measured algorithms");
    cuStreamSynchronize(s.stream);
    cudnnDestroy(dnn);
}

void batch_norm_is_right() {
    Session s;
    void *dnn, *xd, *pd;
    cudnnCreate(&dnn);
    cudnnSetStream(dnn, s.stream);
    cudnnCreateTensorDescriptor(&xd);
    cudnnCreateTensorDescriptor(&pd);
    const int n = 3, c = 2, plane = 20;
    cudnnSetTensor4dDescriptor(xd, 0, 0, n, c, 4, 5);
    cudnnSetTensor4dDescriptor(pd, 0, 0, 1, c, 1, 1);
    std::vector<float> x = numbers(n * c * plane, 1), dy = numbers(n * c * plane, 2), scale = {1.5f, -0.5f}, bias = {0.25f, 2};
    Address dx = s.upload(x), dscale = s.upload(scale), dbias = s.upload(bias), running_mean = s.upload({1, 1});
    Address running_variance = s.upload({2, 2}), mean = s.allocate(8), deviation = s.allocate(8), y = s.allocate(x.size() * 4);
    float one = 1, zero = 0;
    const double epsilon = 1e-3, factor = 0.1;
    int error = cudnnBatchNormalizationForwardTraining(dnn, 1, &one, &zero, xd, pointer(dx), xd, pointer(y), pd, pointer(dscale), pointer(dbias),
                                                       factor, pointer(running_mean), pointer(running_variance), epsilon, pointer(mean),
                                                       pointer(deviation));
    check_equal(error, 0, "cudnnBatchNormalizationForwardTraining");
    Address slopes = s.upload(dy), gx = s.allocate(x.size() * 4), gscale = s.allocate(8), gbias = s.allocate(8);
    error = cudnnBatchNormalizationBackward(dnn, 1, &one, &zero, &one, &zero, xd, pointer(dx), xd, pointer(slopes), xd, pointer(gx), pd,
                                            pointer(dscale), pointer(gscale), pointer(gbias), epsilon, pointer(mean), pointer(deviation));
    check_equal(error, 0, "cudnnBatchNormalizationBackward");

    std::vector<double> ey(x.size()), egx(x.size()), means, variances, egscale, egbias;
    for (int k = 0; k < c; ++k) {
        double sum = 0, squares = 0, count = n * plane, gb = 0, gs = 0;
        auto each = [&](const std::function<void(std::size_t)>& visit) {
            for (int i = 0; i < n; ++i)
                for (int p = 0; p < plane; ++p) visit((static_cast<std::size_t>(i) * c + k) * plane + p);
        };
        each([&](std::size_t i) { sum += x[i]; });
        each([&](std::size_t i) { squares += std::pow(x[i] - sum / count, 2); });
        double m = sum / count, inverse = 1 / std::sqrt(squares / count + epsilon);
        each([&](std::size_t i) {
            ey[i] = scale[k] * (x[i] - m) * inverse + bias[k];
            gb += dy[i];
            gs += dy[i] * (x[i] - m) * inverse;
        });
        each([&](std::size_t i) { egx[i] = scale[k] * inverse * (dy[i] - gb / count - (x[i] - m) * inverse * gs / count); });
        means.push_back((1 - factor) * 1 + factor * m);
        variances.push_back((1 - factor) * 2 + factor * squares / (count - 1));
        egscale.push_back(gs);
        egbias.push_back(gb);
    }
    check_close(s.download(y, ey.size()), ey, 1e-6, "batch normalization");
    check_close(s.download(gx, egx.size()), egx, 1e-6, "its gradient");
    check_close(s.download(running_mean, 2), means, 1e-6, "its running mean");
    check_close(s.download(running_variance, 2), variances, 1e-6, "its running variance");
    check_close(s.download(gscale, 2), egscale, 1e-6, "the scale's gradient");
    check_close(s.download(gbias, 2), egbias, 1e-6, "the bias's gradient");

    // With the running statistics, which the training has just changed.
    error = cudnnBatchNormalizationForwardInference(dnn, 1, &one, &zero, xd, pointer(dx), xd, pointer(y), pd, pointer(dscale),
                                                    pointer(dbias), pointer(running_mean), pointer(running_variance), epsilon);
    check_equal(error, 0, "cudnnBatchNormalizationForwardInference");
    std::vector<double> inferred(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        std::size_t k = i / plane % c;
        inferred[i] = scale[k] * (x[i] - means[k]) / std::sqrt(variances[k] + epsilon) + bias[k];
    }
    check_close(s.download(y, inferred.size()), inferred, 1e-6, "batch normalization by running statistics");
    cudnnDestroyTensorDescriptor(xd);
    cudnnDestroyTensorDescriptor(pd);
    cudnnDestroy(dnn);
}

} // namespace

void test_cudnn() {
    convolutions_are_right();
    batch_norm_is_right();
}

} // namespace tf_test
