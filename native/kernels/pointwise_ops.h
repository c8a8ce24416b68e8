// The pointwise ops, y = f(x) and f'(x) that may use y, the formulas as in TinyFlow.Tensor/Pointwise: OP(name, f, f') for each.
#pragma once
#include "math.h"

#define TF_POINTWISE_OPS(OP) \
    OP(abs, tf_abs(x), x > 0.0f ? 1.0f : -1.0f) \
    OP(elu, x > 0.0f ? x : tf_expm1(x), x > 0.0f ? 1.0f : y + 1.0f) \
    OP(exp, tf_exp(x), y) \
    OP(floor, tf_floor(x), 0.0f) \
    OP(log, tf_log(x), 1.0f / x) \
    OP(logabs, tf_log(tf_abs(x)), 1.0f / x) \
    OP(logdeviation, tf_log(tf_sqrt(x) + 1e-5f), 0.5f / (tf_sqrt(x) * (tf_sqrt(x) + 1e-5f))) \
    OP(logit, tf_logit(x), 1.0f / (x * (1.0f - x))) \
    OP(reciprocal, 1.0f / x, -(y * y)) \
    OP(relu, tf_max_or_nan(x, 0.0f), x > 0.0f ? 1.0f : 0.0f) \
    OP(sigmoid, tf_sigmoid(x), y * (1.0f - y)) \
    OP(softplus, tf_softplus(x), tf_sigmoid(x)) \
    OP(sqrt, tf_sqrt(x), 0.5f / y) \
    OP(square, x * x, x + x) \
    OP(tanh, tf_tanh(x), 1.0f - y * y)

// struct tf_op_NAME for each.
#define TF_POINTWISE_OP(name, value, slope)                                                                         \
    struct tf_op_##name {                                                                                           \
        TF_DEVICE float forward(float x) { return value; }                                                          \
        TF_DEVICE float derivative([[maybe_unused]] float x, [[maybe_unused]] float y) { return slope; }            \
    };

TF_POINTWISE_OPS(TF_POINTWISE_OP)
