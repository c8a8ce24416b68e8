// Runs of neighbouring elements, four at a time: a thread's share of a round. What is done with four is written once, for two
// kinds of access: tf_whole where the four are there and aligned to 16 bytes, one load or store each; tf_part otherwise.
#pragma once
#include "device.h"

struct tf_quad {
    float at[4];
};

#define TF_QUAD(j) for (int j = 0; j < 4; ++j)

TF_DEVICE tf_i64 tf_quads(tf_i64 count) { return (count + 3) / 4; }

struct tf_whole {
    TF_DEVICE tf_quad load(const float* x, tf_i64) {
        tf_float4 four = tf_load4(x);
        return {{four.x, four.y, four.z, four.w}};
    }

    TF_DEVICE void store(float* y, tf_quad quad, tf_i64, int adds = 0) {
        if (adds) {
            tf_quad old = load(y, 4);
            TF_QUAD(j) quad.at[j] += old.at[j];
        }

        tf_store4(y, {quad.at[0], quad.at[1], quad.at[2], quad.at[3]});
    }
};

// The first count of the four, which may be more than four; loaded others are 0.
struct tf_part {
    TF_DEVICE tf_quad load(const float* x, tf_i64 count) {
        tf_quad quad;
        TF_QUAD(j) quad.at[j] = j < count ? x[j] : 0.0f;
        return quad;
    }

    TF_DEVICE void store(float* y, tf_quad quad, tf_i64 count, int adds = 0) {
        TF_QUAD(j) {
            if (j < count) y[j] = adds ? y[j] + quad.at[j] : quad.at[j];
        }
    }
};

// Four neighbours of an operand, or, where the distance between them along the run is 0, the one element that serves all.
template <class Access> TF_DEVICE tf_quad tf_load_or_repeat(const float* x, tf_i64 distance, tf_i64 count) {
    if (distance != 0) return Access::load(x, count);
    float same = *x;
    return {{same, same, same, same}};
}

// Does Work's part for each four of a.count elements.
template <class Work, class Arguments> TF_DEVICE void tf_for_quads(const Arguments& a) {
    TF_GRID_STRIDE(round, tf_quads(a.count)) {
        tf_i64 i = 4 * round, rest = a.count - i;
        if (a.vectors && rest >= 4) {
            Work::template run<tf_whole>(a, i, 4);
        } else {
            Work::template run<tf_part>(a, i, rest);
        }
    }
}
