// y = f(a, b) with broadcasting, and its gradients; the formulas as in TinyFlow.Tensor/Pointwise.
#include "axis_sums.h"
#include "runs.h"

struct tf_binary_args {
    const float *a, *b;
    float* y;
    tf_runs runs;
    int vectors;
};

template <class Op> struct tf_binary_forward {
    template <class Access> TF_DEVICE void run(const tf_binary_args& args, const tf_offsets& at, tf_i64 count) {
        tf_quad a = tf_load_or_repeat<Access>(args.a + at.second, args.runs.a_distance, count), y;
        tf_quad b = tf_load_or_repeat<Access>(args.b + at.third, args.runs.b_distance, count);
        TF_QUAD(j) y.at[j] = Op::forward(a.at[j], b.at[j]);
        Access::store(args.y + at.first, y, count);
    }
};

// For operands of the full shape; the gradient of one that is broadcast is a sum, below.
struct tf_binary_backward_args {
    const float *a, *b, *y, *dy;
    float *da, *db; // Absent where it is not wanted, or is a sum.
    tf_runs runs;
    int vectors, da_adds, db_adds;
};

template <class Op> struct tf_binary_backward {
    template <class Access> TF_DEVICE void run(const tf_binary_backward_args& args, const tf_offsets& at, tf_i64 count) {
        tf_quad a = tf_load_or_repeat<Access>(args.a + at.second, args.runs.a_distance, count);
        tf_quad b = tf_load_or_repeat<Access>(args.b + at.third, args.runs.b_distance, count);
        tf_quad y = Access::load(args.y + at.first, count), dy = Access::load(args.dy + at.first, count), gradient;
        if (args.da != nullptr) {
            TF_QUAD(j) gradient.at[j] = dy.at[j] * Op::left(a.at[j], b.at[j], y.at[j]);
            Access::store(args.da + at.first, gradient, count, args.da_adds);
        }

        if (args.db != nullptr) {
            TF_QUAD(j) gradient.at[j] = dy.at[j] * Op::right(a.at[j], b.at[j], y.at[j]);
            Access::store(args.db + at.first, gradient, count, args.db_adds);
        }
    }
};

// The summands of a gradient; x is dy.
template <class Op> struct tf_gradient {
    TF_DEVICE float at(const tf_sum_operands& s, tf_i64 place, tf_i64 a, tf_i64 b) {
        float slope = s.right ? Op::right(s.a[a], s.b[b], s.y[place]) : Op::left(s.a[a], s.b[b], s.y[place]);
        return s.x[place] * slope;
    }
};

// An op's kernels, from f(a, b), ∂f/∂a and ∂f/∂b.
#define TF_BINARY(name, value, left_slope, right_slope)                                                             \
    struct tf_op_##name {                                                                                           \
        TF_DEVICE float forward(float a, float b) { return value; }                                                 \
        TF_DEVICE float left([[maybe_unused]] float a, [[maybe_unused]] float b, [[maybe_unused]] float y) {        \
            return left_slope;                                                                                      \
        }                                                                                                           \
        TF_DEVICE float right([[maybe_unused]] float a, [[maybe_unused]] float b, [[maybe_unused]] float y) {       \
            return right_slope;                                                                                     \
        }                                                                                                           \
    };                                                                                                              \
    TF_KERNEL(256, tf_binary_##name, tf_binary_args a) { tf_for_runs<tf_binary_forward<tf_op_##name>>(a); }         \
    TF_KERNEL(256, tf_binary_##name##_backward, tf_binary_backward_args a) {                                        \
        tf_for_runs<tf_binary_backward<tf_op_##name>>(a);                                                           \
    }                                                                                                               \
    TF_KERNEL(256, tf_sum_rows_of_##name, tf_sum_args a) { tf_sum_rows<tf_gradient<tf_op_##name>>(a); }             \
    TF_KERNEL(256, tf_sum_columns_of_##name, tf_sum_args a) { tf_sum_columns<tf_gradient<tf_op_##name>>(a); }

TF_BINARY(add, a + b, 1.0f, 1.0f)
TF_BINARY(divide, a / b, 1.0f / b, -(y / b))
TF_BINARY(maximum, tf_max_or_nan(a, b), a - b > 0.0f ? 1.0f : 0.0f, a - b > 0.0f ? 0.0f : 1.0f)
TF_BINARY(minimum, tf_min_or_nan(a, b), b - a > 0.0f ? 1.0f : 0.0f, b - a > 0.0f ? 0.0f : 1.0f)
TF_BINARY(multiply, a * b, b, a)
TF_BINARY(subtract, a - b, 1.0f, -1.0f)
