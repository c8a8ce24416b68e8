// y = f(x) and dx = dy·f'(x), the formulas as in TinyFlow.Tensor/Pointwise; y = scale·x + shift.
#include "math.h"
#include "quads.h"

struct tf_pointwise_args {
    const float* x;
    float* y;
    tf_i64 count;
    int vectors;
};

struct tf_pointwise_backward_args {
    const float *x, *y, *dy;
    float* dx;
    tf_i64 count;
    int vectors, adds;
};

template <class Op> struct tf_forward {
    template <class Access> TF_DEVICE void run(const tf_pointwise_args& a, tf_i64 i, tf_i64 count) {
        tf_quad x = Access::load(a.x + i, count), y;
        TF_QUAD(j) y.at[j] = Op::forward(x.at[j]);
        Access::store(a.y + i, y, count);
    }
};

// A derivative uses x, or y, or neither: the compiler leaves out the loads of what it does not.
template <class Op> struct tf_backward {
    template <class Access> TF_DEVICE void run(const tf_pointwise_backward_args& a, tf_i64 i, tf_i64 count) {
        tf_quad x = Access::load(a.x + i, count), y = Access::load(a.y + i, count), dy = Access::load(a.dy + i, count), dx;
        TF_QUAD(j) dx.at[j] = dy.at[j] * Op::derivative(x.at[j], y.at[j]);
        Access::store(a.dx + i, dx, count, a.adds);
    }
};

// An op's two kernels, from f(x) and f'(x, y).
#define TF_POINTWISE(name, value, slope)                                                                            \
    struct tf_op_##name {                                                                                           \
        TF_DEVICE float forward(float x) { return value; }                                                          \
        TF_DEVICE float derivative([[maybe_unused]] float x, [[maybe_unused]] float y) { return slope; }            \
    };                                                                                                              \
    TF_KERNEL(256, tf_pointwise_##name, tf_pointwise_args a) { tf_for_quads<tf_forward<tf_op_##name>>(a); }         \
    TF_KERNEL(256, tf_pointwise_##name##_backward, tf_pointwise_backward_args a) {                                  \
        tf_for_quads<tf_backward<tf_op_##name>>(a);                                                                 \
    }

TF_POINTWISE(abs, tf_abs(x), x > 0.0f ? 1.0f : -1.0f)
TF_POINTWISE(elu, x > 0.0f ? x : tf_expm1(x), x > 0.0f ? 1.0f : y + 1.0f)
TF_POINTWISE(exp, tf_exp(x), y)
TF_POINTWISE(floor, tf_floor(x), 0.0f)
TF_POINTWISE(log, tf_log(x), 1.0f / x)
TF_POINTWISE(logit, tf_logit(x), 1.0f / (x * (1.0f - x)))
TF_POINTWISE(reciprocal, 1.0f / x, -(y * y))
TF_POINTWISE(relu, tf_max_or_nan(x, 0.0f), x > 0.0f ? 1.0f : 0.0f)
TF_POINTWISE(sigmoid, tf_sigmoid(x), y * (1.0f - y))
TF_POINTWISE(softplus, tf_softplus(x), tf_sigmoid(x))
TF_POINTWISE(sqrt, tf_sqrt(x), 0.5f / y)
TF_POINTWISE(square, x * x, x + x)
TF_POINTWISE(tanh, tf_tanh(x), 1.0f - y * y)

struct tf_scale_shift_args {
    const float* x;
    float* y;
    float scale, shift;
    tf_i64 count;
    int vectors, adds;
};

struct tf_scale_shift_quads {
    template <class Access> TF_DEVICE void run(const tf_scale_shift_args& a, tf_i64 i, tf_i64 count) {
        tf_quad x = Access::load(a.x + i, count), y;
        TF_QUAD(j) y.at[j] = tf_fma(a.scale, x.at[j], a.shift);
        Access::store(a.y + i, y, count, a.adds);
    }
};

TF_KERNEL(256, tf_scale_shift, tf_scale_shift_args a) { tf_for_quads<tf_scale_shift_quads>(a); }
