// Adam and Adamax over all parameters at once. What a step needs of the step before is in device memory, so that a recorded
// step can be replayed.
#include "math.h"
#include "quads.h"

// What a step multiplies by, made once a step in float64.
struct tf_adam_factors {
    float clip, rate, correction;
    int skipped;
};

struct tf_adam_begin_args {
    const float* squared_norm; // [], of all gradients.
    float* state;              // [3]: learning rate, steps done, steps skipped.
    tf_adam_factors* factors;
    double beta1, beta2, max_norm;
};

// b^n by squaring.
TF_DEVICE double tf_power(double base, tf_u32 exponent) {
    double power = 1.0;
    for (; exponent != 0; exponent >>= 1) {
        if ((exponent & 1u) != 0) power *= base;
        base *= base;
    }

    return power;
}

// Counts the step, as done or as skipped; one thread.
TF_KERNEL(32, tf_adam_begin, tf_adam_begin_args a) {
    if (threadIdx.x != 0) return;
    double norm = tf_sqrt((double)*a.squared_norm);
    tf_adam_factors factors = {0.0f, 0.0f, 0.0f, 1};
    if (tf_is_finite((float)norm)) {
        float steps = a.state[1] + 1.0f;
        a.state[1] = steps;
        double clip = a.max_norm / (norm + 1e-6); // torch.nn.utils.clip_grad_norm_ adds this to the norm.
        factors.clip = (float)(clip < 1.0 ? clip : 1.0);
        factors.rate = (float)((double)a.state[0] / (1.0 - tf_power(a.beta1, (tf_u32)steps)));
        factors.correction = (float)(1.0 / tf_sqrt(1.0 - tf_power(a.beta2, (tf_u32)steps)));
        factors.skipped = 0;
    } else {
        a.state[2] += 1.0f;
    }

    *a.factors = factors;
}

struct tf_adam_args {
    float* parameters;
    const float* gradients;
    float *first, *second;
    const tf_adam_factors* factors;
    float decay, beta1, one_minus_beta1, beta2, one_minus_beta2, epsilon;
    tf_i64 count;
    int vectors;
};

// v ← β₂·v + (1 − β₂)·g²; a step is divided by its corrected root.
struct tf_root_mean_square {
    TF_DEVICE float next(const tf_adam_args& a, float v, float g) { return tf_fma(a.beta2, v, a.one_minus_beta2 * (g * g)); }
    TF_DEVICE float denominator(const tf_adam_args& a, const tf_adam_factors& f, float v) { return tf_fma(tf_sqrt(v), f.correction, a.epsilon); }
};

// u ← max(β₂·u, |g| + ε), which needs no correction.
struct tf_maximum {
    TF_DEVICE float next(const tf_adam_args& a, float u, float g) { return tf_max_or_nan(a.beta2 * u, tf_abs(g) + a.epsilon); }
    TF_DEVICE float denominator(const tf_adam_args&, const tf_adam_factors&, float u) { return u; }
};

template <class Scale> struct tf_adam_step {
    template <class Access> TF_DEVICE void run(const tf_adam_args& a, tf_i64 i, tf_i64 count) {
        tf_adam_factors f = *a.factors;
        if (f.skipped) return;
        tf_quad p = Access::load(a.parameters + i, count), g = Access::load(a.gradients + i, count);
        tf_quad m = Access::load(a.first + i, count), v = Access::load(a.second + i, count);
        TF_QUAD(j) {
            float gradient = tf_fma(g.at[j], f.clip, a.decay * p.at[j]);
            m.at[j] = tf_fma(a.beta1, m.at[j], a.one_minus_beta1 * gradient);
            v.at[j] = Scale::next(a, v.at[j], gradient);
            p.at[j] = tf_fma(-f.rate, m.at[j] / Scale::denominator(a, f, v.at[j]), p.at[j]);
        }

        Access::store(a.parameters + i, p, count);
        Access::store(a.first + i, m, count);
        Access::store(a.second + i, v, count);
    }
};

TF_KERNEL(256, tf_adam, tf_adam_args a) { tf_for_quads<tf_adam_step<tf_root_mean_square>>(a); }
TF_KERNEL(256, tf_adamax, tf_adam_args a) { tf_for_quads<tf_adam_step<tf_maximum>>(a); }
