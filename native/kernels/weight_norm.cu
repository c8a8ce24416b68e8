// Weights under weight normalization, w = g·v/‖v‖, and their gradients: a block for each row.
#include "math.h"
#include "teams.h"

struct tf_weight_norm_args {
    const float *v, *g; // [rows, length], [rows]
    float* w;
    tf_i64 length;
};

TF_KERNEL(256, tf_weight_norm, tf_weight_norm_args a) {
    TF_SHARED(float, shared, 32);
    const float* v = a.v + blockIdx.x * a.length;
    float squares = 0.0f;
    TF_BLOCK_STRIDE(i, a.length) squares = tf_fma(v[i], v[i], squares);
    float factor = a.g[blockIdx.x] / tf_sqrt(tf_block_sum(squares, shared));
    TF_BLOCK_STRIDE(i, a.length) a.w[blockIdx.x * a.length + i] = v[i] * factor;
}

struct tf_weight_norm_gradient_args {
    const float *v, *g, *dw;
    float *dv, *dg; // Null where they are not wanted.
    tf_i64 length;
    int dv_adds, dg_adds;
};

// dg = ⟨dw, v⟩/‖v‖, dv = g/‖v‖·(dw − v·⟨dw, v⟩/‖v‖²).
TF_KERNEL(256, tf_weight_norm_backward, tf_weight_norm_gradient_args a) {
    TF_SHARED(float, shared, 64);
    tf_i64 start = blockIdx.x * a.length;
    float sums[2] = {0.0f, 0.0f}; // ‖v‖², ⟨dw, v⟩
    TF_BLOCK_STRIDE(i, a.length) {
        float v = a.v[start + i];
        sums[0] = tf_fma(v, v, sums[0]);
        sums[1] = tf_fma(v, a.dw[start + i], sums[1]);
    }

    tf_block_sum(sums, shared);
    float norm = tf_sqrt(sums[0]);
    if (a.dg && threadIdx.x == 0) {
        float dg = sums[1] / norm;
        a.dg[blockIdx.x] = a.dg_adds ? a.dg[blockIdx.x] + dg : dg;
    }

    if (!a.dv) return;
    float factor = a.g[blockIdx.x] / norm, share = sums[1] / sums[0];
    TF_BLOCK_STRIDE(i, a.length) {
        float dv = factor * tf_fma(-share, a.v[start + i], a.dw[start + i]);
        a.dv[start + i] = a.dv_adds ? a.dv[start + i] + dv : dv;
    }
}
