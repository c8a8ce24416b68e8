#include "test.h"
#include <cmath>
#include <cstdio>

namespace tf_test {

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

void check_close(const std::vector<float>& found, const std::vector<double>& expected, double tolerance,
                 const std::string& what) {
    double worst = 0, scale = 1;
    for (double e : expected) scale = std::fmax(scale, std::fabs(e));
    for (std::size_t i = 0; i < expected.size(); ++i) {
        double difference = std::fabs(found[i] - expected[i]);
        // Also if it is NaN, which then stays.
        if (!(difference <= worst) && worst == worst) worst = difference;
    }
    check(worst <= tolerance * scale, what + ": off by " + std::to_string(worst));
}

std::vector<float> numbers(std::size_t count, int seed) {
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = std::sin(static_cast<float>(i * 7 + seed * 131));
    return values;
}

std::vector<double> doubles(const std::vector<float>& x) { return {x.begin(), x.end()}; }

Session::Session() {
    cuInit(0);
    cuDevicePrimaryCtxRetain(&_context, 0);
    cuCtxSetCurrent(_context);
    cuStreamCreate(&stream, 1);
}

Session::~Session() {
    for (Address address : _memory) cuMemFree_v2(address);
    cuStreamDestroy_v2(stream);
    cuDevicePrimaryCtxRelease_v2(0);
}

Address Session::allocate(std::size_t bytes) {
    Address address = 0;
    check_equal(cuMemAlloc_v2(&address, bytes), 0, "cuMemAlloc");
    _memory.push_back(address);
    return address;
}

Address Session::upload(const std::vector<float>& values) {
    Address address = allocate(values.size() * sizeof(float));
    cuMemcpyHtoDAsync_v2(address, values.data(), values.size() * sizeof(float), stream);
    return address;
}

std::vector<float> Session::download(Address address, std::size_t count) {
    std::vector<float> values(count, -777.0f);
    cuMemcpyDtoHAsync_v2(values.data(), address, count * sizeof(float), stream);
    check_equal(cuStreamSynchronize(stream), 0, "cuStreamSynchronize");
    return values;
}

} // namespace tf_test
