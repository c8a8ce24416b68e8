// y = f(x) and dx = dy·f'(x) for each pointwise op; y = scale·x + shift.
#include "pointwise_ops.h"
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

#define TF_POINTWISE_KERNELS(name, value, slope)                                                                    \
    TF_KERNEL(256, tf_pointwise_##name, tf_pointwise_args a) { tf_for_quads<tf_forward<tf_op_##name>>(a); }         \
    TF_KERNEL(256, tf_pointwise_##name##_backward, tf_pointwise_backward_args a) {                                  \
        tf_for_quads<tf_backward<tf_op_##name>>(a);                                                                 \
    }

TF_POINTWISE_OPS(TF_POINTWISE_KERNELS)

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
