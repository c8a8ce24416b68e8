// Deferred work, checks of launches and memory, failures, captures, events.
#include "test.h"
#include <cmath>
#include <csignal>
#include <cstring>
#include <functional>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace tf_test {
namespace {

// What clang writes of fill.cu, without its instructions.
const std::string ptx_of_fill = R"(
.version 6.4
.target sm_75
.address_size 64
.visible .entry tf_fill(
	.param .align 8 .b8 tf_fill_param_0[24]
)
.maxntid 256, 1, 1
{
	ret;
}
)";

struct FillArguments {
    Address y;
    float value;
    long long count;
};

// The module with tf_fill.
class Fill {
public:
    Fill() {
        check_equal(cuModuleLoadData(&_module, ptx_of_fill.c_str()), 0, "cuModuleLoadData");
        check_equal(cuModuleGetFunction(&function, _module, "tf_fill"), 0, "cuModuleGetFunction");
    }
    ~Fill() { cuModuleUnload(_module); }
    Fill(const Fill&) = delete;
    Fill& operator=(const Fill&) = delete;

    void* function = nullptr;

private:
    void* _module = nullptr;
};

int launch_fill(Session& s, void* function, Address y, float value, long long count, unsigned threads = 256) {
    FillArguments arguments = {y, value, count};
    void* parameters[] = {&arguments};
    return cuLaunchKernel(function, 4, 1, 1, threads, 1, 1, 0, s.stream, parameters, nullptr);
}

void work_is_done_when_it_is_waited_for() {
    Session s;
    Fill fill;
    Address y = s.allocate(4000);
    std::vector<float> first = s.download(y, 1000);
    check(std::isnan(first[0]) && std::isnan(first[999]), "fresh memory is NaN");
    launch_fill(s, fill.function, y, 2.5f, 1000);
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
    check_equal(launch_fill(s, fill.function, y, 1, 1000, 512), 1, "more threads than the kernel is made for");
    check_equal(launch_fill(s, nullptr, y, 1, 1000), 400, "a function that is none");
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
    launch_fill(s, fill.function, y, 1, 5000);
    check_equal(cuStreamSynchronize(s.stream), 700, "a store far beyond");
    const char* text;
    cuGetErrorString(700, &text);
    check(std::strstr(text, "tf_fill") != nullptr, "the text names the kernel");
    check_equal(launch_fill(s, fill.function, y, 1, 10), 700, "every later call fails");
    Address other;
    check_equal(cuMemAlloc_v2(&other, 16), 700, "every later call fails");
    tf_standin_reset();

    // The first bytes behind an allocation are on its page: seen when it is freed.
    Address small;
    cuMemAlloc_v2(&small, 40);
    launch_fill(s, fill.function, small, 1, 11);
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
    launch_fill(s, fill.function, y, 1, 1000);
    launch_fill(s, fill.function, y, 1, 1000);
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
        check_equal(launch_fill(s, fill.function, y, 1, 10), 901, "work in a capture that was invalidated");
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
    launch_fill(s, fill.function, y, 5, 1000);
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
    launch_fill(s, fill.function, y, 5, 1000);
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

} // namespace

void test_driver() {
    work_is_done_when_it_is_waited_for();
    launches_are_checked();
    a_kernel_that_leaves_its_memory_loses_the_device();
    memory_is_limited_and_leaks_are_counted();
    failures_come_when_told();
    captures_keep_the_rules();
    streams_wait_for_events();
    the_host_cannot_touch_protected_memory();
}

} // namespace tf_test
