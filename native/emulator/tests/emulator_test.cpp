// What the emulator must compute, and what it must find. Kernels with a mistake each, beside their right form.
#include "../../kernels/random.cu"
#include "../emulator.h"
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

using namespace tf_emulator;

namespace {

int passed = 0, failed = 0;

void check(bool right, const std::string& what) {
    ++(right ? passed : failed);
    if (!right) std::fprintf(stderr, "failed: %s\n", what.c_str());
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

constexpr Order orders[] = {Order::forward, Order::reverse, Order::random};

template <class Arguments>
std::string run(const char* kernel, unsigned blocks, unsigned threads, const Arguments& arguments,
                LaunchOptions options = {}) {
    return launch(*find_kernel(kernel), {blocks, 1, 1}, {threads, 1, 1}, &arguments, options).reason;
}

// Kernels ------------------------------------------------------------------------------------------------------------

struct vector_args {
    float* y;
    const float* x;
    tf_i64 count;
};

TF_KERNEL(256, test_double, vector_args a) {
    TF_GRID_STRIDE(i, a.count) a.y[i] = 2 * a.x[i];
}

TF_DEVICE float block_sum(float value, bool with_barrier) {
    TF_SHARED(float, sums, 32);
    for (int distance = 16; distance > 0; distance /= 2) value += __shfl_down_sync(TF_WARP, value, distance);
    tf_u32 warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    if (lane == 0) sums[warp] = value;
    if (with_barrier) __syncthreads();
    value = lane < blockDim.x / 32 ? sums[lane] : 0;
    for (int distance = 16; distance > 0; distance /= 2) value += __shfl_xor_sync(TF_WARP, value, distance);
    return value;
}

TF_KERNEL(256, test_sum, vector_args a) {
    float sum = 0;
    TF_BLOCK_STRIDE(i, a.count) sum += a.x[blockIdx.x * a.count + i];
    sum = block_sum(sum, true);
    if (threadIdx.x == 0) a.y[blockIdx.x] = sum;
}

TF_KERNEL(256, test_sum_without_barrier, vector_args a) {
    float sum = 0;
    TF_BLOCK_STRIDE(i, a.count) sum += a.x[blockIdx.x * a.count + i];
    sum = block_sum(sum, false);
    a.y[blockIdx.x * blockDim.x + threadIdx.x] = sum;
}

TF_KERNEL(256, test_divergent_barrier, vector_args) {
    if (threadIdx.x < 40) __syncthreads();
}

TF_KERNEL(256, test_two_barriers, vector_args) {
    if (threadIdx.x < 40) {
        __syncthreads();
    } else {
        __syncthreads();
    }
}

TF_KERNEL(256, test_missing_lanes, vector_args a) {
    if (threadIdx.x % 32 < 16) a.y[threadIdx.x] = __shfl_xor_sync(TF_WARP, 1.0f, 1);
    __syncthreads();
}

TF_KERNEL(256, test_foreign_mask, vector_args a) { a.y[threadIdx.x] = __shfl_xor_sync(1u, 1.0f, 1); }

TF_KERNEL(256, test_different_exchanges, vector_args a) {
    float value = threadIdx.x < 16 ? __shfl_xor_sync(TF_WARP, 1.0f, 1) : __shfl_down_sync(TF_WARP, 1.0f, 1);
    a.y[threadIdx.x] = value;
}

TF_KERNEL(256, test_misaligned, vector_args a) {
    if (threadIdx.x == 3) tf_store4(a.y + 1, tf_load4(a.x));
}

TF_KERNEL(256, test_illegal_address, vector_args a) {
    if (threadIdx.x == 5) a.y[0] = a.x[a.count];
    __syncthreads();
}

TF_KERNEL(256, test_much_shared_memory, vector_args a) {
    TF_SHARED(float, large, 12 * 1024);
    TF_SHARED(float, one_more, 1);
    a.y[0] = large[0] + one_more[0];
}

TF_KERNEL(256, test_shared_memory_at_the_beginning, vector_args a) {
    TF_SHARED(float, values, 256);
    a.y[blockIdx.x * blockDim.x + threadIdx.x] = values[threadIdx.x];
    values[threadIdx.x] = 1;
}

struct exchange_args {
    tf_u32* from_lane;
    tf_u32* from_below;
    tf_u32* from_above;
    tf_u32* from_partner;
    tf_u32* ballot;
    double* wide;
};

TF_KERNEL(32, test_exchanges, exchange_args a) {
    tf_u32 lane = threadIdx.x, value = 100 + lane;
    a.from_lane[lane] = __shfl_sync(TF_WARP, value, 7);
    a.from_below[lane] = __shfl_up_sync(TF_WARP, value, 3);
    a.from_above[lane] = __shfl_down_sync(TF_WARP, value, 3);
    a.from_partner[lane] = __shfl_xor_sync(TF_WARP, value, 5);
    a.ballot[lane] = __ballot_sync(TF_WARP, lane % 3 == 0);
    a.wide[lane] = __shfl_sync(TF_WARP, 1.0 / (lane + 1), 6);
    __syncwarp(TF_WARP);
}

struct half_args {
    float* y;
};

// Lanes of the other half keep out of it, which is what the mask is for.
TF_KERNEL(32, test_half_a_warp, half_args a) {
    float value = -1;
    if (threadIdx.x < 16) value = __shfl_down_sync(0xffffu, static_cast<float>(threadIdx.x), 1);
    a.y[threadIdx.x] = value;
}

struct position_args {
    tf_u32* y;
};

TF_KERNEL(64, test_positions, position_args a) {
    tf_u32 block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    tf_u32 thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    a.y[block * blockDim.x * blockDim.y * blockDim.z + thread] = block * 1000 + thread;
}

TF_KERNEL(256, test_count, position_args a) { atomicAdd(a.y, 1u); }

struct order_args {
    tf_u32* y;
    tf_u32* next;
};

TF_KERNEL(64, test_order, order_args a) { a.y[(*a.next)++] = threadIdx.x; }

// Tests --------------------------------------------------------------------------------------------------------------

void elements_are_computed_once_each() {
    for (Order order : orders) {
        for (unsigned count : {1u, 255u, 256u, 257u, 10007u}) {
            std::vector<float> x(count), y(count + 1, -1.0f);
            for (unsigned i = 0; i < count; ++i) x[i] = static_cast<float>(i);
            std::string error = run("test_double", 7, 256, vector_args{y.data(), x.data(), count}, {order, 2});
            bool right = error.empty() && y[count] == -1;
            for (unsigned i = 0; i < count; ++i) right = right && y[i] == 2 * x[i];
            check(right, "test_double of " + std::to_string(count));
        }
    }
}

void sums_are_the_same_in_every_order_and_on_any_number_of_cpu_threads() {
    const unsigned blocks = 100, count = 1000;
    std::vector<float> x(blocks * count), first;
    for (unsigned i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i));
    for (Order order : orders) {
        for (unsigned threads : {1u, 3u}) {
            std::vector<float> y(blocks);
            std::string error = run("test_sum", blocks, 256, vector_args{y.data(), x.data(), count}, {order, threads});
            check(error.empty(), "test_sum: " + error);
            if (first.empty()) first = y;
            check(std::memcmp(first.data(), y.data(), blocks * sizeof(float)) == 0, "test_sum: the same bits");
        }
    }
    for (unsigned i = 0; i < blocks; ++i) {
        double sum = 0;
        for (unsigned j = 0; j < count; ++j) sum += x[i * count + j];
        check(std::fabs(first[i] - sum) < 1e-4, "test_sum: the value");
    }
}

void a_removed_barrier_shows_in_some_order() {
    std::vector<float> x(256, 1.0f), y(256);
    int seen = 0;
    for (Order order : orders) {
        std::string error = run("test_sum_without_barrier", 1, 256, vector_args{y.data(), x.data(), 256}, {order, 1});
        for (float value : y) seen += value != 256;
        check(error.empty(), "test_sum_without_barrier: " + error);
    }
    check(seen > 0, "a missing barrier gives a wrong sum");
}

void mistakes_are_reported() {
    std::vector<float> x(2048), y(2048);
    vector_args arguments{y.data(), x.data(), 256};
    struct Case {
        const char* kernel;
        const char* message;
    };
    for (Order order : orders) {
        for (const Case& one : {Case{"test_divergent_barrier", "divergent barrier"},
                                Case{"test_two_barriers", "divergent barrier"},
                                Case{"test_missing_lanes", "never come"},
                                Case{"test_foreign_mask", "lacks the calling lane"},
                                Case{"test_different_exchanges", "never come"},
                                Case{"test_misaligned", "no multiple of 16"},
                                Case{"test_much_shared_memory", "48 KiB"}}) {
            std::string error = run(one.kernel, 2, 256, arguments, {order, 1});
            check(contains(error, one.message), std::string(one.kernel) + " says '" + error + "'");
            check(contains(error, one.kernel) && contains(error, "thread ("), "the message says where: " + error);
            check(run("test_sum", 2, 256, arguments, {order, 1}).empty(), "a good kernel runs after a bad one");
        }
    }
    check(contains(run("test_double", 1, 512, arguments), "at most 256"), "a block of too many threads");
    check(contains(run("test_double", 1, 1025, arguments), "1024"), "a block of more than 1024 threads");
    check(contains(run("test_double", 0, 256, arguments), "empty"), "an empty grid");
}

void an_access_beyond_a_page_is_reported() {
    long page = sysconf(_SC_PAGESIZE);
    void* memory = mmap(nullptr, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    float y = 0;
    vector_args arguments{&y, static_cast<const float*>(memory), 3};
    for (int time = 0; time < 3; ++time) {
        for (unsigned threads : {1u, 2u}) {
            std::string error = run("test_illegal_address", 40, 64, arguments, {Order::forward, threads});
            check(contains(error, "where no memory is") && contains(error, "thread (5, 0, 0) of block (0, 0, 0)"),
                  "an illegal address says '" + error + "'");
        }
    }
    munmap(memory, page);
}

void shared_memory_begins_as_nan_in_every_block() {
    std::vector<float> y(4 * 256, 0.0f);
    run("test_shared_memory_at_the_beginning", 4, 256, vector_args{y.data(), nullptr, 0});
    bool all = true;
    for (float value : y) all = all && std::isnan(value);
    check(all, "shared memory is NaN at the beginning of each block");
}

void lanes_exchange_what_cuda_says() {
    for (Order order : orders) {
        std::vector<tf_u32> lane(32), below(32), above(32), partner(32), ballot(32);
        std::vector<double> wide(32);
        exchange_args arguments{lane.data(), below.data(), above.data(), partner.data(), ballot.data(), wide.data()};
        check(run("test_exchanges", 1, 32, arguments, {order, 1}).empty(), "test_exchanges");
        bool right = true;
        for (unsigned i = 0; i < 32; ++i) {
            right = right && lane[i] == 107 && below[i] == 100 + (i < 3 ? i : i - 3);
            right = right && above[i] == 100 + (i > 28 ? i : i + 3) && partner[i] == 100 + (i ^ 5);
            right = right && ballot[i] == 0x49249249u && wide[i] == 1.0 / 7;
        }
        check(right, "every exchange gives each lane what CUDA says");
        std::vector<float> y(32);
        check(run("test_half_a_warp", 1, 32, half_args{y.data()}, {order, 1}).empty(), "test_half_a_warp");
        check(y[0] == 1 && y[14] == 15 && std::isnan(y[15]) && y[16] == -1, "half a warp exchanges by itself");
    }
}

void positions_count_in_three_dimensions() {
    std::vector<tf_u32> y(24 * 24);
    position_args arguments{y.data()};
    std::string error = launch(*find_kernel("test_positions"), {2, 3, 4}, {4, 3, 2}, &arguments, {Order::random, 2}).reason;
    bool right = error.empty();
    for (unsigned i = 0; i < y.size(); ++i) right = right && y[i] == i / 24 * 1000 + i % 24;
    check(right, "positions in three dimensions");
}

void atomics_count_every_thread() {
    tf_u32 count = 0;
    run("test_count", 1000, 256, position_args{&count}, {Order::forward, 4});
    check(count == 256000, "atomicAdd counts every thread");
}

void orders_are_what_they_are_called() {
    for (Order order : orders) {
        std::vector<tf_u32> y(64);
        tf_u32 next = 0;
        run("test_order", 1, 64, order_args{y.data(), &next}, {order, 1});
        bool rising = true, falling = true;
        for (unsigned i = 1; i < 64; ++i) {
            rising = rising && y[i] > y[i - 1];
            falling = falling && y[i] < y[i - 1];
        }
        check(rising == (order == Order::forward) && falling == (order == Order::reverse), "the order of threads");
    }
}

// The known answers that Random123 comes with: counter, key, result.
void philox_gives_the_known_answers() {
    struct Answer {
        tf_u64 index, stream, seed;
        tf_u32 words[4];
    };
    const Answer answers[] = {
        {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {~0ull, ~0ull, ~0ull, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {0x85a308d3243f6a88, 0x0370734413198a2e, 0x299f31d0a4093822, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (const Answer& answer : answers) {
        tf_words words = tf_philox(answer.index, {answer.seed, answer.stream, 0});
        check(std::memcmp(words.at, answer.words, sizeof answer.words) == 0, "Philox4x32-10");
    }
}

} // namespace

int main() {
    elements_are_computed_once_each();
    sums_are_the_same_in_every_order_and_on_any_number_of_cpu_threads();
    a_removed_barrier_shows_in_some_order();
    mistakes_are_reported();
    an_access_beyond_a_page_is_reported();
    shared_memory_begins_as_nan_in_every_block();
    lanes_exchange_what_cuda_says();
    positions_count_in_three_dimensions();
    atomics_count_every_thread();
    orders_are_what_they_are_called();
    philox_gives_the_known_answers();
    std::printf("emulator: %d passed, %d failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}
