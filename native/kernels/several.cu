// What is done with several tensors in one launch: weighted sums of tensors, weighted sums of their means, and sums of f(x) over
// all their elements.
#include "long_sums.h"
#include "loops.h"
#include "pointwise_ops.h"
#include "quads.h"

#define TF_MOST_TERMS 16
#define TF_MOST_TENSORS 64
#define TF_MOST_MEANS 8
#define TF_MOST_COMBINATIONS 8

struct tf_combine_args {
    const float* x[TF_MOST_TERMS]; // As many as there are terms.
    float weight[TF_MOST_TERMS];
    float* y;
    tf_i64 count;
    float shift;
    int terms, adds;
};

TF_KERNEL(256, tf_combine, tf_combine_args a) {
    TF_GRID_STRIDE(i, a.count) {
        float sum = a.adds ? a.y[i] : a.shift;
        // Unrolled: an index that is not known would have the compiler copy the arguments into every thread's memory.
        TF_UNROLLED
        for (int term = 0; term < TF_MOST_TERMS; term++) {
            if (term < a.terms) sum = tf_fma(a.weight[term], a.x[term][i], sum);
        }

        a.y[i] = sum;
    }
}

struct tf_combine_means_args {
    const float* x[TF_MOST_MEANS]; // As many as there are means, each of few elements.
    tf_i64 count[TF_MOST_MEANS];
    float factor[TF_MOST_COMBINATIONS][TF_MOST_MEANS]; // Weights over counts.
    float shift[TF_MOST_COMBINATIONS];
    float* y; // As many as there are combinations.
    int means, combinations;
};

struct tf_combine_means_gradient_args {
    float* dx[TF_MOST_MEANS]; // Null where one is not wanted.
    tf_i64 count[TF_MOST_MEANS];
    int adds[TF_MOST_MEANS];
    float factor[TF_MOST_MEANS];
    const float* dy; // []
    int means;
};

// One block. Loops that are rolled look at all tensors, each at a known place, as tf_find_part does.
TF_KERNEL(256, tf_combine_means, tf_combine_means_args a) {
    TF_SHARED(tf_long_sum, shared, 8);
    TF_SHARED(float, sums, TF_MOST_MEANS);
    TF_ROLLED
    for (int mean = 0; mean < a.means; mean++) {
        const float* x = nullptr;
        tf_i64 count = 0;
        TF_UNROLLED
        for (int i = 0; i < TF_MOST_MEANS; i++) {
            if (i == mean) {
                x = a.x[i];
                count = a.count[i];
            }
        }

        tf_long_sum sum = {0.0f, 0.0f};
        TF_BLOCK_STRIDE(i, count) tf_add(sum, x[i]);
        sum = tf_sum_of_block(sum, shared);
        if (threadIdx.x == 0) sums[mean] = tf_total(sum);
    }

    if (threadIdx.x != 0) return;
    TF_UNROLLED
    for (int combination = 0; combination < TF_MOST_COMBINATIONS; combination++) {
        float total = a.shift[combination];
        TF_UNROLLED
        for (int mean = 0; mean < TF_MOST_MEANS; mean++) {
            float factor = a.factor[combination][mean];
            if (mean < a.means && factor != 0.0f) total = tf_fma(factor, sums[mean], total);
        }

        if (combination < a.combinations) a.y[combination] = total;
    }
}

TF_KERNEL(256, tf_combine_means_backward, tf_combine_means_gradient_args a) {
    float dy = *a.dy;
    TF_ROLLED
    for (int mean = 0; mean < a.means; mean++) {
        float* dx = nullptr;
        tf_i64 count = 0;
        int adds = 0;
        float gradient = 0;
        TF_UNROLLED
        for (int i = 0; i < TF_MOST_MEANS; i++) {
            if (i == mean) {
                dx = a.dx[i];
                count = a.count[i];
                adds = a.adds[i];
                gradient = dy * a.factor[i];
            }
        }

        if (!dx) continue;
        TF_GRID_STRIDE(i, count) dx[i] = adds ? dx[i] + gradient : gradient;
    }
}

// Tensors, cut into parts of so many elements each; the last part of a tensor may have fewer.
struct tf_tensors {
    const float* x[TF_MOST_TENSORS];
    tf_i64 count[TF_MOST_TENSORS];
    int first_part[TF_MOST_TENSORS]; // Of all parts, where each tensor's begin.
    int tensors, parts, part;
    int vectors; // Whether all begin at a multiple of 16 bytes.
};

// Where the gradients of each go; null where one is not wanted.
struct tf_gradients {
    float* dx[TF_MOST_TENSORS];
    int adds[TF_MOST_TENSORS];
};

struct tf_part_of_tensor {
    const float* x;
    float* dx;
    int adds;
    tf_i64 count;
};

// Looks at all, each at a known place: an index that is not known would have the compiler copy the arguments into every
// thread's memory.
TF_DEVICE tf_part_of_tensor tf_find_part(const tf_tensors& a, const tf_gradients* gradients, int part) {
    tf_part_of_tensor found = {nullptr, nullptr, 0, 0};
    tf_i64 begin = 0;
    for (int i = 0; i < TF_MOST_TENSORS; i++) {
        if (i < a.tensors && a.first_part[i] <= part) {
            begin = (tf_i64)(part - a.first_part[i]) * a.part;
            found.x = a.x[i];
            found.count = a.count[i];
            if (gradients) {
                found.dx = gradients->dx[i];
                found.adds = gradients->adds[i];
            }
        }
    }

    found.x += begin;
    if (found.dx) found.dx += begin;
    found.count = tf_min((tf_i64)a.part, found.count - begin);
    return found;
}

struct tf_sum_of_args {
    tf_tensors tensors;
    tf_long_sum* chunk_sums; // One for each block; null where there is one block, which writes the result.
    float* result;
    float factor;
};

template <class Op, class Access> TF_DEVICE float tf_sum_of_quad(const float* x, tf_i64 count) {
    tf_quad quad = Access::load(x, count);
    float values[4];
    TF_QUAD(j) values[j] = j < count ? Op::forward(quad.at[j]) : 0.0f;
    return (values[0] + values[1]) + (values[2] + values[3]);
}

template <class Op> TF_DEVICE void tf_sum_of(const tf_sum_of_args& a, tf_long_sum* shared) {
    tf_long_sum total = {0.0f, 0.0f};
    for (int number = (int)blockIdx.x; number < a.tensors.parts; number += (int)gridDim.x) {
        tf_part_of_tensor part = tf_find_part(a.tensors, nullptr, number);
        TF_BLOCK_STRIDE(round, tf_quads(part.count)) {
            tf_i64 i = 4 * round, rest = part.count - i;
            bool whole = a.tensors.vectors && rest >= 4;
            tf_add(total, whole ? tf_sum_of_quad<Op, tf_whole>(part.x + i, 4) : tf_sum_of_quad<Op, tf_part>(part.x + i, rest));
        }
    }

    total = tf_sum_of_block(total, shared);
    if (threadIdx.x != 0) return;
    if (a.chunk_sums) {
        a.chunk_sums[blockIdx.x] = total;
    } else {
        *a.result = tf_total(total, a.factor);
    }
}

struct tf_sum_of_gradient_args {
    tf_tensors tensors;
    tf_gradients gradients;
    const float* dy; // []
    float factor;
};

template <class Op, class Access> TF_DEVICE void tf_gradient_of_quad(const float* x, float* dx, float factor, tf_i64 count, int adds) {
    tf_quad quad = Access::load(x, count), gradient;
    TF_QUAD(j) gradient.at[j] = factor * Op::derivative(quad.at[j], Op::forward(quad.at[j]));
    Access::store(dx, gradient, count, adds);
}

template <class Op> TF_DEVICE void tf_sum_of_backward(const tf_sum_of_gradient_args& a) {
    float factor = a.factor * *a.dy;
    for (int number = (int)blockIdx.x; number < a.tensors.parts; number += (int)gridDim.x) {
        tf_part_of_tensor part = tf_find_part(a.tensors, &a.gradients, number);
        if (!part.dx) continue;
        TF_BLOCK_STRIDE(round, tf_quads(part.count)) {
            tf_i64 i = 4 * round, rest = part.count - i;
            if (a.tensors.vectors && rest >= 4) {
                tf_gradient_of_quad<Op, tf_whole>(part.x + i, part.dx + i, factor, 4, part.adds);
            } else {
                tf_gradient_of_quad<Op, tf_part>(part.x + i, part.dx + i, factor, rest, part.adds);
            }
        }
    }
}

// For the ops that something sums.
#define TF_SUM_OF(name)                                                                                             \
    TF_KERNEL(256, tf_sum_of_##name, tf_sum_of_args a) {                                                            \
        TF_SHARED(tf_long_sum, shared, 32);                                                                         \
        tf_sum_of<tf_op_##name>(a, shared);                                                                         \
    }                                                                                                               \
    TF_KERNEL(256, tf_sum_of_##name##_backward, tf_sum_of_gradient_args a) { tf_sum_of_backward<tf_op_##name>(a); }

TF_SUM_OF(logabs)
TF_SUM_OF(logdeviation)
TF_SUM_OF(square)
