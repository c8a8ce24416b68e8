// Sums over axes; the second pass of all sums in chunks.
#include "axis_sums.h"

struct tf_sum_of_elements {
    TF_DEVICE float at(const tf_sum_operands& a, tf_i64 place, tf_i64, tf_i64) { return a.x[place]; }
};

TF_KERNEL(256, tf_sum_rows_of_elements, tf_sum_args a) { tf_sum_rows<tf_sum_of_elements>(a); }
TF_KERNEL(256, tf_sum_columns_of_elements, tf_sum_args a) { tf_sum_columns<tf_sum_of_elements>(a); }

struct tf_sum_chunks_args {
    const tf_long_sum* chunk_sums; // [results, chunks]
    float* result;
    tf_i64 results, chunks;
    float factor;
    int adds;
};

// A warp for each result.
TF_KERNEL(256, tf_sum_chunks, tf_sum_chunks_args a) {
    tf_i64 lane = threadIdx.x % 32, each = blockDim.x / 32;
    for (tf_i64 first = blockIdx.x * each; first < a.results; first += gridDim.x * each) {
        tf_i64 result = first + threadIdx.x / 32;
        tf_long_sum total = {0.0f, 0.0f};
        if (result < a.results) {
            for (tf_i64 chunk = lane; chunk < a.chunks; chunk += 32) total = tf_add(total, a.chunk_sums[result * a.chunks + chunk]);
        }

        total = tf_sum_of_lanes(total, 32);
        if (lane == 0 && result < a.results) {
            float sum = tf_total(total, a.factor);
            a.result[result] = a.adds ? a.result[result] + sum : sum;
        }
    }
}
