// Ops between [N, C, …] and [N, 2C, …]: in each image the halves of the long row stand one after the other.
#include "loops.h"
#include "math.h"
#include "quads.h"

struct tf_halves_args {
    const float *half, *whole, *dwhole; // [N, C, …], [N, 2C, …], and the gradient of the latter; some are absent.
    float* result;
    tf_i64 images, length; // L = C·…
    tf_divisor quads;      // Of an image of L elements; the last of them may be short.
    int vectors, adds;     // With vectors, L is a multiple of 4.
};

// Where four neighbours of [N, C, …] are, their places in the two halves of [N, 2C, …], and how many there are.
struct tf_halves {
    tf_i64 half, first, second, count;
};

template <class Work> TF_DEVICE void tf_for_halves(const tf_halves_args& a) {
    TF_GRID_STRIDE(round, a.images * (tf_i64)a.quads.value) {
        tf_u64 quad;
        tf_i64 image = (tf_i64)tf_divide((tf_u64)round, a.quads, &quad), within = 4 * (tf_i64)quad;
        tf_i64 half = image * a.length + within, first = half + image * a.length;
        tf_halves at = {half, first, first + a.length, a.length - within};
        if (a.vectors) {
            Work::template run<tf_whole>(a, at);
        } else {
            Work::template run<tf_part>(a, at);
        }
    }
}

TF_DEVICE float tf_elu(float x) { return x > 0.0f ? x : tf_expm1(x); }

struct tf_concat_elu_quads {
    template <class Access> TF_DEVICE void run(const tf_halves_args& a, const tf_halves& at) {
        tf_quad x = Access::load(a.half + at.half, at.count), above, below;
        TF_QUAD(j) {
            above.at[j] = tf_elu(x.at[j]);
            below.at[j] = tf_elu(-x.at[j]);
        }

        Access::store(a.result + at.first, above, at.count);
        Access::store(a.result + at.second, below, at.count);
    }
};

TF_KERNEL(256, tf_concat_elu, tf_halves_args a) { tf_for_halves<tf_concat_elu_quads>(a); }

// elu' is 1 above 0 and elu + 1 below.
TF_DEVICE float tf_through_elu(float elu, float dy) { return elu > 0.0f ? dy : tf_fma(elu, dy, dy); }

struct tf_concat_elu_backward_quads {
    template <class Access> TF_DEVICE void run(const tf_halves_args& a, const tf_halves& at) {
        tf_quad above = Access::load(a.whole + at.first, at.count), below = Access::load(a.whole + at.second, at.count);
        tf_quad dabove = Access::load(a.dwhole + at.first, at.count), dbelow = Access::load(a.dwhole + at.second, at.count), dx;
        TF_QUAD(j) dx.at[j] = tf_through_elu(above.at[j], dabove.at[j]) - tf_through_elu(below.at[j], dbelow.at[j]);
        Access::store(a.result + at.half, dx, at.count, a.adds);
    }
};

TF_KERNEL(256, tf_concat_elu_backward, tf_halves_args a) { tf_for_halves<tf_concat_elu_backward_quads>(a); }

struct tf_gated_sum_quads {
    template <class Access> TF_DEVICE void run(const tf_halves_args& a, const tf_halves& at) {
        tf_quad x = Access::load(a.half + at.half, at.count), y;
        tf_quad p = Access::load(a.whole + at.first, at.count), q = Access::load(a.whole + at.second, at.count);
        TF_QUAD(j) y.at[j] = tf_fma(p.at[j], tf_sigmoid(q.at[j]), x.at[j]);
        Access::store(a.result + at.half, y, at.count);
    }
};

TF_KERNEL(256, tf_gated_sum, tf_halves_args a) { tf_for_halves<tf_gated_sum_quads>(a); }

// The gradients of p and q; `half` is that of the sum.
struct tf_gated_sum_backward_quads {
    template <class Access> TF_DEVICE void run(const tf_halves_args& a, const tf_halves& at) {
        tf_quad dy = Access::load(a.half + at.half, at.count), dp, dq;
        tf_quad p = Access::load(a.whole + at.first, at.count), q = Access::load(a.whole + at.second, at.count);
        TF_QUAD(j) {
            float open = tf_sigmoid(q.at[j]), opened = dy.at[j] * open;
            dp.at[j] = opened;
            dq.at[j] = tf_fma(-opened, open, opened) * p.at[j];
        }

        Access::store(a.result + at.first, dp, at.count, a.adds);
        Access::store(a.result + at.second, dq, at.count, a.adds);
    }
};

TF_KERNEL(256, tf_gated_sum_backward, tf_halves_args a) { tf_for_halves<tf_gated_sum_backward_quads>(a); }
