// What the stand-in computes, against plain loops in float64, and the rules that it keeps in NVIDIA's place.
#include "entry_points.h"
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

int passed = 0, failed = 0;

void check(bool right, const std::string& what) {
    ++(right ? passed : failed);
    if (!right) std::fprintf(stderr, "failed: %s\n", what.c_str());
}

void check_equal(long long found, long long expected, const std::string& what) {
    check(found == expected, what + ": " + std::to_string(found) + ", expected " + std::to_string(expected));
}

void check_no_leaks() {
    char text[2000] = "";
    int count = tf_standin_leaks(text, sizeof text);
    check_equal(count, 0, std::string("leaks, ") + text);
}

std::string ptx_of_fill; // native/ptx/fill.ptx

struct FillArguments {
    Address y;
    float value;
    long long count;
};

// A context and a stream, and what tests do with them.
class Session {
public:
    Session() {
        cuInit(0);
        cuDevicePrimaryCtxRetain(&_context, 0);
        cuCtxSetCurrent(_context);
        cuStreamCreate(&stream, 1);
    }

    ~Session() {
        for (Address address : _memory) cuMemFree_v2(address);
        cuStreamDestroy_v2(stream);
        cuDevicePrimaryCtxRelease_v2(0);
    }

    Address allocate(std::size_t bytes) {
        Address address = 0;
        check_equal(cuMemAlloc_v2(&address, bytes), 0, "cuMemAlloc");
        _memory.push_back(address);
        return address;
    }

    Address upload(const std::vector<float>& values) {
        Address address = allocate(values.size() * sizeof(float));
        cuMemcpyHtoDAsync_v2(address, values.data(), values.size() * sizeof(float), stream);
        return address;
    }

    std::vector<float> download(Address address, std::size_t count) {
        std::vector<float> values(count, -777.0f);
        cuMemcpyDtoHAsync_v2(values.data(), address, count * sizeof(float), stream);
        check_equal(cuStreamSynchronize(stream), 0, "cuStreamSynchronize");
        return values;
    }

    int fill(void* function, Address y, float value, long long count, unsigned threads = 256) {
        FillArguments arguments = {y, value, count};
        void* parameters[] = {&arguments};
        return cuLaunchKernel(function, 4, 1, 1, threads, 1, 1, 0, stream, parameters, nullptr);
    }

    void* stream = nullptr;

private:
    void* _context = nullptr;
    std::vector<Address> _memory;
};

class Fill {
public:
    Fill() {
        check_equal(cuModuleLoadData(&_module, ptx_of_fill.c_str()), 0, "cuModuleLoadData");
        check_equal(cuModuleGetFunction(&function, _module, "tf_fill"), 0, "cuModuleGetFunction");
    }
    ~Fill() { cuModuleUnload(_module); }
    void* function = nullptr;

private:
    void* _module = nullptr;
};

std::vector<float> numbers(std::size_t count, int seed) {
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = std::sin(static_cast<float>(i * 7 + seed * 131));
    return values;
}

// Relative to the largest number: sums of float32 round once for every term.
constexpr double float_sums = 1e-5;

void check_close(const std::vector<float>& found, const std::vector<double>& expected, double tolerance,
                 const std::string& what) {
    double worst = 0, scale = 1;
    for (double e : expected) scale = std::fmax(scale, std::fabs(e));
    for (std::size_t i = 0; i < expected.size(); ++i) {
        double difference = std::fabs(found[i] - expected[i]);
        worst = difference > worst || difference != difference ? difference : worst;
        if (difference != difference) break;
    }
    check(worst <= tolerance * scale, what + ": off by " + std::to_string(worst));
}

std::vector<double> doubles(const std::vector<float>& x) { return {x.begin(), x.end()}; }

// The driver ------------------------------------------------------------------------------------------------------------

void work_is_done_when_it_is_waited_for() {
    Session s;
    Fill fill;
    Address y = s.allocate(4000);
    std::vector<float> first = s.download(y, 1000);
    check(std::isnan(first[0]) && std::isnan(first[999]), "fresh memory is NaN");
    s.fill(fill.function, y, 2.5f, 1000);
    std::vector<float> host(1000, -1.0f);
    cuMemcpyDtoHAsync_v2(host.data(), y, 4000, s.stream);
    check(host[0] == -1, "nothing is done before a synchronization");
    check_equal(cuStreamQuery(s.stream), 600, "cuStreamQuery while work waits");
    check_equal(cuStreamSynchronize(s.stream), 0, "cuStreamSynchronize");
    check(host[0] == 2.5f && host[999] == 2.5f, "tf_fill");
    check_equal(cuStreamQuery(s.stream), 0, "cuStreamQuery when all is done");
}

void launches_are_checked() {
    Session s;
    Fill fill;
    Address y = s.allocate(4000);
    check_equal(s.fill(fill.function, y, 1, 1000, 512), 1, "more threads than the kernel is made for");
    check_equal(s.fill(nullptr, y, 1, 1000), 400, "a function that is none");
    std::string other = ptx_of_fill, wrong_size = ptx_of_fill, newer = ptx_of_fill;
    other.replace(other.find(".entry tf_fill"), 14, ".entry tf_fall");
    wrong_size.replace(wrong_size.find("[24]"), 4, "[28]");
    newer.replace(newer.find(".version 6.4"), 12, ".version 9.9");
    void* module;
    check_equal(cuModuleLoadData(&module, other.c_str()), 218, "a kernel that the stand-in lacks");
    check_equal(cuModuleLoadData(&module, wrong_size.c_str()), 218, "parameters of another size");
    check_equal(cuModuleLoadData(&module, newer.c_str()), 222, "PTX that is newer than the driver");
    check_equal(cuModuleLoadData(&module, "no PTX"), 200, "an image that is no PTX");

    // A buffer of arguments whose size is wrong.
    FillArguments arguments = {y, 1, 1000};
    std::size_t bytes = sizeof arguments;
    void* extra[] = {reinterpret_cast<void*>(1), &arguments, reinterpret_cast<void*>(2), &bytes, nullptr};
    check_equal(cuLaunchKernel(fill.function, 4, 1, 1, 256, 1, 1, 0, s.stream, nullptr, extra), 0, "a buffer");
    bytes = 20;
    check_equal(cuLaunchKernel(fill.function, 4, 1, 1, 256, 1, 1, 0, s.stream, nullptr, extra), 1, "a short buffer");
    cuStreamSynchronize(s.stream);
}

void a_kernel_that_leaves_its_memory_loses_the_device() {
    Session s;
    Fill fill;
    Address y = s.allocate(4000);
    s.fill(fill.function, y, 1, 5000);
    check_equal(cuStreamSynchronize(s.stream), 700, "a store far beyond");
    const char* text;
    cuGetErrorString(700, &text);
    check(std::strstr(text, "tf_fill") != nullptr, "the text names the kernel");
    check_equal(s.fill(fill.function, y, 1, 10), 700, "every later call fails");
    Address other;
    check_equal(cuMemAlloc_v2(&other, 16), 700, "every later call fails");
    tf_standin_reset();

    // The first bytes behind an allocation are on its page: seen when it is freed.
    Address small;
    cuMemAlloc_v2(&small, 40);
    s.fill(fill.function, small, 1, 11);
    check_equal(cuStreamSynchronize(s.stream), 0, "a store into the margin is not seen at once");
    cuMemFree_v2(small);
    check_equal(cuStreamSynchronize(s.stream), 700, "a store into the margin is seen at the end");
    tf_standin_reset();
    std::vector<float> host(2000);
    check_equal(cuMemcpyHtoDAsync_v2(y, host.data(), 8000, s.stream), 0, "a copy that is too large is taken");
    check_equal(cuStreamSynchronize(s.stream), 700, "and fails when it is done");
    tf_standin_reset();
}

void memory_is_limited_and_leaks_are_counted() {
    check_no_leaks();
    char text[1000] = "";
    {
        Session s;
        tf_standin_set("memory_bytes", 1 << 20);
        Address a = s.allocate(1 << 19), b;
        check_equal(cuMemAlloc_v2(&b, (1 << 19) + 1), 2, "more than there is");
        std::size_t free, total;
        cuMemGetInfo_v2(&free, &total);
        check_equal(static_cast<long long>(free), 1 << 19, "what is free");
        check_equal(tf_standin_count("live_bytes"), 1 << 19, "live_bytes");
        int leaks = tf_standin_leaks(text, sizeof text);
        check(leaks == 2 && std::strstr(text, "524288 bytes") != nullptr, text);
        check_equal(cuMemFree_v2(a + 4), 1, "an address that was not allocated");
        tf_standin_fail("cuMemAlloc_v2", 2, 2);
        s.allocate(16);
        check_equal(cuMemAlloc_v2(&b, 16), 2, "the second allocation fails as told");
        s.allocate(16);
        tf_standin_reset();
        check_equal(cuMemAllocAsync(&b, 64, s.stream), 0, "cuMemAllocAsync");
        check_equal(cuMemFreeAsync(b, s.stream), 0, "cuMemFreeAsync");
        check_equal(cuStreamSynchronize(s.stream), 0, "cuStreamSynchronize");
        check_equal(cuMemFreeAsync(b, s.stream), 1, "freed twice");
    }
    check_no_leaks();
}

void failures_come_when_told() {
    Session s;
    Fill fill;
    Address y = s.allocate(4000), z;
    tf_standin_fail("cuMemAlloc_v2", 0, 999);
    check_equal(cuMemAlloc_v2(&z, 16), 999, "every call fails");
    check_equal(cuStreamSynchronize(s.stream), 999, "a sticky error stays");
    tf_standin_reset();
    tf_standin_fail("kernel", 2, 719);
    s.fill(fill.function, y, 1, 1000);
    s.fill(fill.function, y, 1, 1000);
    check_equal(cuStreamSynchronize(s.stream), 719, "the second kernel fails, and later calls tell");
    tf_standin_reset();
    tf_standin_set("lost_device", 719);
    check_equal(cuStreamSynchronize(s.stream), 719, "a lost device");
    tf_standin_reset();
    tf_standin_set("devices", 0);
    int count, version;
    check_equal(cuInit(0), 100, "no device");
    check_equal(cuDeviceGetCount(&count) * 10 + count, 0, "no device");
    tf_standin_set("driver_version", 9000);
    cuDriverGetVersion(&version);
    check_equal(version, 9000, "the driver's version");
    tf_standin_reset();
    check_equal(tf_standin_set("no such option", 1), -1, "an unknown option");
}

void captures_keep_the_rules() {
    Session s;
    Fill fill;
    Address y = s.allocate(4000);
    void *graph, *executable, *pinned;
    std::vector<float> host(1000);
    check_equal(cuMemAllocHost_v2(&pinned, 4000), 0, "cuMemAllocHost");
    check_equal(cuStreamBeginCapture_v2(nullptr, 1), 900, "the legacy stream cannot be captured");

    struct Case {
        const char* what;
        std::function<int()> call;
        int error;
    };
    Address z;
    const Case cases[] = {
        {"cuStreamSynchronize", [&] { return cuStreamSynchronize(s.stream); }, 900},
        {"cuStreamQuery", [&] { return cuStreamQuery(s.stream); }, 900},
        {"cuCtxSynchronize", [&] { return cuCtxSynchronize(); }, 900},
        {"cuMemAlloc", [&] { return cuMemAlloc_v2(&z, 16); }, 900},
        {"cuMemAllocAsync", [&] { return cuMemAllocAsync(&z, 16, s.stream); }, 900},
        {"cuMemFree", [&] { return cuMemFree_v2(y); }, 900},
        {"cuMemcpyDtoH", [&] { return cuMemcpyDtoH_v2(host.data(), y, 4000); }, 900},
        {"a copy from pageable memory", [&] { return cuMemcpyHtoDAsync_v2(y, host.data(), 4000, s.stream); }, 900},
    };
    for (const Case& one : cases) {
        check_equal(cuStreamBeginCapture_v2(s.stream, 1), 0, "cuStreamBeginCapture");
        check_equal(one.call(), one.error, one.what);
        int status = 0;
        cuStreamIsCapturing(s.stream, &status);
        check_equal(status, 2, std::string(one.what) + " invalidates the capture");
        check_equal(s.fill(fill.function, y, 1, 10), 901, "work in a capture that was invalidated");
        check_equal(cuStreamEndCapture(s.stream, &graph), 901, "the end of it");
        check(graph == nullptr, "no graph comes of it");
    }

    // Another thread's allocation breaks a global capture, and not one of this thread alone.
    for (int mode : {0, 1}) {
        cuStreamBeginCapture_v2(s.stream, mode);
        int error = -1;
        std::thread([&] {
            Session other;
            error = cuMemAlloc_v2(&z, 16);
            if (error == 0) cuMemFree_v2(z);
        }).join();
        check_equal(error, mode == 0 ? 900 : 0, "an allocation in another thread");
        check_equal(cuStreamEndCapture(s.stream, &graph), mode == 0 ? 901 : 0, "the capture's end");
        if (graph != nullptr) cuGraphDestroy(graph);
    }

    tf_standin_reset_counts();
    static_cast<float*>(pinned)[0] = 7;
    cuStreamBeginCapture_v2(s.stream, 1);
    FillArguments arguments = {y, 3, 1000};
    void* parameters[] = {&arguments};
    cuLaunchKernel(fill.function, 4, 1, 1, 256, 1, 1, 0, s.stream, parameters, nullptr);
    arguments.value = 4; // Too late: the capture has its own copy.
    cuMemcpyHtoDAsync_v2(y, pinned, 4, s.stream);
    check_equal(cuStreamEndCapture(s.stream, &graph), 0, "cuStreamEndCapture");
    check_equal(cuGraphInstantiateWithFlags(&executable, graph, 0), 0, "cuGraphInstantiate");
    std::size_t nodes = 0;
    cuGraphGetNodes(graph, nullptr, &nodes);
    check_equal(static_cast<long long>(nodes), 2, "nodes");
    check_equal(tf_standin_count("kernels_run"), 0, "a capture runs nothing");
    for (float first : {7.0f, 8.0f}) {
        static_cast<float*>(pinned)[0] = first;
        check_equal(cuGraphLaunch(executable, s.stream), 0, "cuGraphLaunch");
        std::vector<float> result = s.download(y, 1000);
        check(result[0] == first && result[1] == 3 && result[999] == 3, "a replay");
    }
    check_equal(tf_standin_count("graph_launches"), 2, "graph_launches");
    check_equal(tf_standin_count("kernels_run"), 2, "kernels_run");
    check_equal(tf_standin_count("cuLaunchKernel"), 1, "calls of cuLaunchKernel");
    cuGraphExecDestroy(executable);
    cuGraphDestroy(graph);
    cuMemFreeHost(pinned);
    check_equal(cuGraphLaunch(executable, s.stream), 1, "a graph that was destroyed");
}

void streams_wait_for_events() {
    Session s;
    Fill fill;
    void *other, *event, *later, *graph;
    cuStreamCreate(&other, 1);
    cuEventCreate(&event, 0);
    cuEventCreate(&later, 0);
    Address y = s.allocate(4000);
    s.fill(fill.function, y, 5, 1000);
    cuEventRecord(event, s.stream);
    check_equal(cuEventQuery(event), 600, "an event that has not happened");
    cuStreamWaitEvent(other, event, 0);
    std::vector<float> host(1000);
    cuMemcpyDtoHAsync_v2(host.data(), y, 4000, other);
    cuEventRecord(later, other);
    check_equal(cuEventSynchronize(later), 0, "cuEventSynchronize");
    check(host[999] == 5, "the other stream's copy came after the kernel");
    float milliseconds = -1;
    check_equal(cuEventElapsedTime(&milliseconds, event, later), 0, "cuEventElapsedTime");
    check(milliseconds >= 0, "time goes on");

    // A capture that forks must be joined.
    for (bool joined : {false, true}) {
        cuStreamBeginCapture_v2(s.stream, 1);
        cuEventRecord(event, s.stream);
        cuStreamWaitEvent(other, event, 0);
        cuMemsetD32Async(y, 0, 1, other);
        check_equal(cuEventQuery(event), 907, "an event of a capture");
        cuEventRecord(later, other);
        if (joined) cuStreamWaitEvent(s.stream, later, 0);
        check_equal(cuStreamEndCapture(s.stream, &graph), joined ? 0 : 904, "a fork");
        if (graph != nullptr) cuGraphDestroy(graph);
    }
    cuEventDestroy_v2(event);
    cuEventDestroy_v2(later);
    cuStreamDestroy_v2(other);
}

void the_host_cannot_touch_protected_memory() {
    Session s;
    Fill fill;
    tf_standin_set("protect", 1);
    Address y = s.allocate(4000);
    s.fill(fill.function, y, 5, 1000);
    check(s.download(y, 1000)[7] == 5, "kernels and copies can");
    pid_t child = fork();
    if (child == 0) {
        volatile float value = *reinterpret_cast<volatile float*>(y);
        static_cast<void>(value);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    check(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "a host that reads device memory is ended");
    tf_standin_reset();
}

// cuBLAS ----------------------------------------------------------------------------------------------------------------

void products_are_right() {
    Session s;
    void* blas;
    check_equal(cublasCreate_v2(&blas), 0, "cublasCreate");
    cublasSetStream_v2(blas, s.stream);
    struct Case {
        int m, n, k, batch;
    };
    for (const Case& c : {Case{1, 1, 1, 1}, Case{7, 5, 3, 1}, Case{130, 70, 300, 1}, Case{33, 17, 40, 5}}) {
        for (int transposed = 0; transposed < 4; ++transposed) {
            int ta = transposed & 1, tb = transposed >> 1;
            int lda = (ta ? c.k : c.m) + 2, ldb = (tb ? c.n : c.k) + 1, ldc = c.m + 3;
            long long sa = static_cast<long long>(lda) * (ta ? c.m : c.k), sb = static_cast<long long>(ldb) * (tb ? c.k : c.n);
            long long sc = static_cast<long long>(ldc) * c.n;
            std::vector<float> a = numbers(sa * c.batch, 1), b = numbers(sb * c.batch, 2), old = numbers(sc * c.batch, 3);
            Address da = s.upload(a), db = s.upload(b), dc = s.upload(old);
            float alpha = 1.5f, beta = 0.5f;
            int error = cublasSgemmStridedBatched(blas, ta, tb, c.m, c.n, c.k, &alpha, reinterpret_cast<void*>(da), lda, sa,
                                                  reinterpret_cast<void*>(db), ldb, sb, &beta,
                                                  reinterpret_cast<void*>(dc), ldc, sc, c.batch);
            check_equal(error, 0, "cublasSgemmStridedBatched");
            std::vector<double> expected = doubles(old);
            for (int q = 0; q < c.batch; ++q) {
                for (int j = 0; j < c.n; ++j) {
                    for (int i = 0; i < c.m; ++i) {
                        double sum = 0;
                        for (int p = 0; p < c.k; ++p) {
                            sum += static_cast<double>(a[q * sa + (ta ? p + i * lda : i + p * lda)]) *
                                   b[q * sb + (tb ? j + p * ldb : p + j * ldb)];
                        }
                        double& e = expected[q * sc + i + j * ldc];
                        e = alpha * sum + beta * e;
                    }
                }
            }
            check_close(s.download(dc, expected.size()), expected, float_sums, "a product of " + std::to_string(c.m));
        }
    }

    // TF32 rounds the factors to 10 bits: 1 + 2^-12 becomes 1.
    std::vector<float> x = {1 + 1.0f / 4096};
    Address dx = s.upload(x), dy = s.upload({0});
    float one = 1, zero = 0;
    for (int mode : {0, 3}) {
        cublasSetMathMode(blas, mode);
        cublasSgemm_v2(blas, 0, 0, 1, 1, 1, &one, reinterpret_cast<void*>(dx), 1, reinterpret_cast<void*>(dx), 1, &zero,
                       reinterpret_cast<void*>(dy), 1);
        check(s.download(dy, 1)[0] == (mode == 3 ? 1.0f : x[0] * x[0]), "the precision of math mode " + std::to_string(mode));
    }
    check_equal(cublasSgemm_v2(blas, 0, 0, 4, 4, 4, &one, nullptr, 3, nullptr, 4, &zero, nullptr, 4), 7, "lda < m");
    cublasSgemm_v2(blas, 0, 0, 4, 4, 4, &one, reinterpret_cast<void*>(dx), 4, reinterpret_cast<void*>(dx), 4, &zero,
                   reinterpret_cast<void*>(dy), 4);
    check_equal(cuStreamSynchronize(s.stream), 700, "matrices larger than their memory");
    tf_standin_reset();
    cublasDestroy_v2(blas);
}

// cuDNN -----------------------------------------------------------------------------------------------------------------

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
        auto at = [](Address address) { return reinterpret_cast<void*>(address); };
        int error = cudnnConvolutionForward(dnn, &alpha, d.x, at(dx), d.w, at(dw), d.how, 1, workspace, workspace_bytes,
                                            &beta, d.y, at(ry));
        check_equal(error, 0, "cudnnConvolutionForward");
        error = cudnnConvolutionBackwardData(dnn, &alpha, d.w, at(dw), d.y, at(dy), d.how, 1, workspace, workspace_bytes,
                                             &beta, d.x, at(rx));
        check_equal(error, 0, "cudnnConvolutionBackwardData");
        error = cudnnConvolutionBackwardFilter(dnn, &alpha, d.x, at(dx), d.y, at(dy), d.how, 1, workspace, workspace_bytes,
                                               &beta, d.w, at(rw));
        check_equal(error, 0, "cudnnConvolutionBackwardFilter");
        std::string what = "convolution of " + std::to_string(o.c) + " channels, format " + std::to_string(o.format);
        check_close(s.download(ry, y.size()), ys, float_sums, what);
        check_close(s.download(rx, x.size()), xs, float_sums, what + ": dx");
        check_close(s.download(rw, w.size()), ws, float_sums, what + ": dw");

        std::vector<double> bias(o.k, 0.0);
        for (int n = 0; n < o.n; ++n)
            for (int k = 0; k < o.k; ++k)
                for (int i = 0; i < o.p(); ++i)
                    for (int j = 0; j < o.q(); ++j) bias[k] += alpha * y[place(o.format, o.k, o.p(), o.q(), n, k, i, j)];
        Address db = s.allocate(o.k * sizeof(float));
        float zero = 0;
        cudnnConvolutionBackwardBias(dnn, &alpha, d.y, at(dy), &zero, d.bias, at(db));
        check_close(s.download(db, bias.size()), bias, float_sums, what + ": dbias");
    }

    // What it refuses, and what it offers.
    Convolution o = {2, 4, 6, 6, 4, 3, 3, 1, 1, 1, 1, 1, 0};
    Descriptors d(o);
    Address x = s.upload(numbers(2 * 4 * 36, 1)), w = s.upload(numbers(4 * 4 * 9, 2)), y = s.allocate(2 * 4 * 36 * 4);
    float one = 1, zero = 0;
    std::size_t needed = 0;
    check_equal(cudnnGetConvolutionForwardWorkspaceSize(dnn, d.x, d.w, d.how, d.y, 1, &needed), 0, "workspace size");
    check_equal(cudnnConvolutionForward(dnn, &one, d.x, reinterpret_cast<void*>(x), d.w, reinterpret_cast<void*>(w), d.how, 1,
                                        workspace, needed - 1, &zero, d.y, reinterpret_cast<void*>(y)),
                2006, "a workspace that is too small");
    check_equal(cudnnConvolutionForward(dnn, &one, d.x, reinterpret_cast<void*>(x), d.w, reinterpret_cast<void*>(w), d.how, 3,
                                        workspace, needed, &zero, d.y, reinterpret_cast<void*>(y)),
                3000, "an algorithm that is not supported");
    check_equal(cudnnConvolutionForward(dnn, &one, d.y, reinterpret_cast<void*>(x), d.w, reinterpret_cast<void*>(w), d.how, 0,
                                        nullptr, 0, &zero, d.bias, reinterpret_cast<void*>(y)),
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
    cudnnFindConvolutionForwardAlgorithmEx(dnn, d.x, reinterpret_cast<void*>(x), d.w, reinterpret_cast<void*>(w), d.how, d.y,
                                           reinterpret_cast<void*>(y), 2, &count, found, workspace, workspace_bytes);
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
    auto at = [](Address address) { return reinterpret_cast<void*>(address); };
    Address dx = s.upload(x), dscale = s.upload(scale), dbias = s.upload(bias), running_mean = s.upload({1, 1});
    Address running_variance = s.upload({2, 2}), mean = s.allocate(8), deviation = s.allocate(8), y = s.allocate(x.size() * 4);
    float one = 1, zero = 0;
    const double epsilon = 1e-3, factor = 0.1;
    int error = cudnnBatchNormalizationForwardTraining(dnn, 1, &one, &zero, xd, at(dx), xd, at(y), pd, at(dscale), at(dbias),
                                                       factor, at(running_mean), at(running_variance), epsilon, at(mean),
                                                       at(deviation));
    check_equal(error, 0, "cudnnBatchNormalizationForwardTraining");
    Address slopes = s.upload(dy), gx = s.allocate(x.size() * 4), gscale = s.allocate(8), gbias = s.allocate(8);
    error = cudnnBatchNormalizationBackward(dnn, 1, &one, &zero, &one, &zero, xd, at(dx), xd, at(slopes), xd, at(gx), pd,
                                            at(dscale), at(gscale), at(gbias), epsilon, at(mean), at(deviation));
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
    cudnnDestroyTensorDescriptor(xd);
    cudnnDestroyTensorDescriptor(pd);
    cudnnDestroy(dnn);
}

// NCCL ------------------------------------------------------------------------------------------------------------------

void threads_add_up_their_numbers() {
    constexpr int ranks = 3, float32 = 7, sum = 0;
    ncclUniqueId id;
    ncclGetUniqueId(&id);
    std::vector<std::vector<float>> results(ranks);
    std::vector<std::thread> threads;
    for (int rank = 0; rank < ranks; ++rank) {
        threads.emplace_back([&, rank] {
            Session s;
            void* communicator;
            ncclCommInitRank(&communicator, ranks, id, rank);
            Address x = s.upload(std::vector<float>(100, static_cast<float>(rank + 1)));
            void* data = reinterpret_cast<void*>(x);
            for (int time = 0; time < 2; ++time) ncclAllReduce(data, data, 100, float32, sum, communicator, s.stream);
            results[rank] = s.download(x, 100);
            ncclBroadcast(data, data, 100, float32, 1, communicator, s.stream);
            s.download(x, 100);
            ncclCommDestroy(communicator);
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (const auto& result : results) check(result[0] == 18 && result[99] == 18, "an all-reduce of three threads");

    // Two ranks of one thread.
    Session a, b;
    void* both[2];
    ncclCommInitAll(both, 2, nullptr);
    Address x = a.upload({1, 2}), y = b.upload({10, 20});
    ncclAllReduce(reinterpret_cast<void*>(x), reinterpret_cast<void*>(x), 2, float32, sum, both[0], a.stream);
    ncclAllReduce(reinterpret_cast<void*>(y), reinterpret_cast<void*>(y), 2, float32, sum, both[1], b.stream);
    check(a.download(x, 2)[1] == 22 && b.download(y, 2)[0] == 11, "an all-reduce of one thread's two ranks");
    ncclAllReduce(reinterpret_cast<void*>(x), reinterpret_cast<void*>(x), 2, float32, sum, both[0], a.stream);
    ncclAllReduce(reinterpret_cast<void*>(y), reinterpret_cast<void*>(y), 1, float32, sum, both[1], b.stream);
    check_equal(cuStreamSynchronize(a.stream), 719, "ranks that do not agree");
    tf_standin_reset();
    ncclCommDestroy(both[0]);
    ncclCommDestroy(both[1]);
}

} // namespace

int main(int, char** arguments) {
    std::ifstream file(arguments[1]);
    std::stringstream text;
    text << file.rdbuf();
    ptx_of_fill = text.str();

    work_is_done_when_it_is_waited_for();
    launches_are_checked();
    a_kernel_that_leaves_its_memory_loses_the_device();
    memory_is_limited_and_leaks_are_counted();
    failures_come_when_told();
    captures_keep_the_rules();
    streams_wait_for_events();
    the_host_cannot_touch_protected_memory();
    products_are_right();
    convolutions_are_right();
    batch_norm_is_right();
    threads_add_up_their_numbers();
    check_no_leaks();
    std::printf("stand-in: %d passed, %d failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}
