// What the stand-in's tests share: checks, and a context with a stream.
#pragma once
#include "entry_points.h"
#include <string>
#include <vector>

namespace tf_test {

extern int passed, failed;

void check(bool right, const std::string& what);
void check_equal(long long found, long long expected, const std::string& what);
void check_no_leaks();

// Relative to the largest number: sums of float32 round once for every term.
constexpr double float_sums = 1e-5;
void check_close(const std::vector<float>& found, const std::vector<double>& expected, double tolerance,
                 const std::string& what);

// Some numbers between -1 and 1.
std::vector<float> numbers(std::size_t count, int seed);
std::vector<double> doubles(const std::vector<float>& x);

inline void* pointer(Address address) { return reinterpret_cast<void*>(address); }

// A context, a stream and memory, given back at the end.
class Session {
public:
    Session();
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    Address allocate(std::size_t bytes);
    Address upload(const std::vector<float>& values);
    std::vector<float> download(Address address, std::size_t count);

    void* stream = nullptr;

private:
    void* _context = nullptr;
    std::vector<Address> _memory;
};

// The tests of each library.
void test_driver();
void test_cublas();
void test_cudnn();
void test_nccl();

} // namespace tf_test
