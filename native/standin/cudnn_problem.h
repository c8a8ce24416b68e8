// A convolution as cuDNN gets it, and the algorithms that can do it. All algorithms compute the same here; they differ, as
// the real ones do, in what they can do, in the workspace they need and in whether their sums have a fixed order.
#pragma once
#include "convolution.h"
#include "cudnn.h"
#include <vector>

namespace tf_standin::cudnn {

enum class Pass { forward, backward_data, backward_filter };

// With all that is known of it.
struct Problem {
    Pass pass;
    Tensor x, y;
    Filter w;
    Convolution how;
    ConvolutionShape shape;
};

// cudnnMathType_t
constexpr int default_math = 0, fma_math = 3;

// What an algorithm is made of, which decides what it can do.
enum class Method { any, direct, explicit_columns, fourier, winograd };

struct Algorithm {
    int code;
    Method method;
    bool deterministic;
    float milliseconds; // what a measurement says: the order in which they come
};

// cudnnConvolution{Fwd,BwdData,BwdFilter}AlgoPerf_t
struct Performance {
    int algorithm;
    int status;
    float milliseconds;
    std::size_t memory;
    int determinism;
    int math;
    int reserved[3];
};
static_assert(sizeof(Performance) == 48, "as in cuDNN's header");

int output_size(int input, int filter, int pad, int stride, int dilation);

// The problem of four descriptors; a status if they do not fit together.
int find_problem(Pass pass, void* x, void* w, void* convolution, void* y, Problem* problem);

// Null where there is no algorithm of that code.
const Algorithm* find_algorithm(Pass pass, int code);
bool is_supported(const Problem& problem, const Algorithm& algorithm);
std::size_t workspace_bytes(const Problem& problem, const Algorithm& algorithm);

// Those that work, the fastest first, and then those that do not. A measurement has the default math beside that of the
// descriptor, as cuDNN's has, in less time and half the workspace.
int list_algorithms(const Problem& problem, bool measured, std::size_t most_memory, int wanted, int* found,
                    Performance* results);

} // namespace tf_standin::cudnn
