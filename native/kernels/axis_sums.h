// y = factor · the sums of a formula's values over some axes of a full shape. Long sums are cut into chunks, whose sums
// tf_sum_chunks adds up: how, the shapes alone decide, so that results do not depend on the device.
#pragma once
#include "long_sums.h"
#include "loops.h"

// Which threads sum what.
struct tf_sum_layout {
    int threads;                         // tf_sum_rows: how many sum a result together, a power of two.
    int columns;                         // tf_sum_columns: how many neighbouring results a block sums, a power of two.
    tf_i64 results, summands;            // The latter of each.
    tf_i64 chunk_length;                 // In summands.
    tf_divisor chunks;                   // Of a result.
    tf_divisor column_blocks, run_length; // tf_sum_columns: of a run of results.
    tf_loops kept, summed;               // Operands: the full shape, a, b.
};

// What a formula may use: of the full shape x and y; a and b may be broadcast to it.
struct tf_sum_operands {
    const float *x, *a, *b, *y;
    int right; // Whether the formula is that of b's gradient, not of a's.
};

struct tf_sum_args {
    tf_sum_operands operands;
    float factor;
    int adds;
    float* result;
    tf_long_sum* chunk_sums;    // [results, chunks]; if it is absent, sums go to the result at once.
    tf_sum_layout layout;
};

#define TF_SUM_THREADS 256

TF_DEVICE void tf_put_sum(const tf_sum_args& a, tf_i64 result, tf_i64 chunk, tf_long_sum sum) {
    if (a.chunk_sums != nullptr) {
        a.chunk_sums[result * (tf_i64)a.layout.chunks.value + chunk] = sum;
    } else {
        float total = tf_total(sum, a.factor);
        a.result[result] = a.adds ? a.result[result] + total : total;
    }
}

// A thread's part of a sum: summands first, first + step, … of those before end. Four are added as a tree, whose loads do not
// wait for each other, before their sum meets the long one.
template <class Formula, class Places>
TF_DEVICE tf_long_sum tf_sum_part(const tf_sum_args& a, const tf_offsets& base, tf_i64 first, tf_i64 end, tf_i64 step) {
    tf_long_sum total = {0.0f, 0.0f};
    for (tf_i64 i = first; i < end; i += 4 * step) {
        float values[4];
        TF_UNROLLED
        for (int j = 0; j < 4; ++j) {
            values[j] = 0.0f;
            if (i + j * step < end) {
                tf_offsets at = Places::of(a.layout.summed, i + j * step);
                values[j] = Formula::at(a.operands, base.first + at.first, base.second + at.second, base.third + at.third);
            }
        }

        tf_add(total, (values[0] + values[1]) + (values[2] + values[3]));
    }

    return total;
}

// Where a summand is: by all loops, or by the only one.
struct tf_places_of_nest {
    TF_DEVICE tf_offsets of(const tf_loops& loops, tf_i64 i) { return tf_locate(loops, i); }
};

struct tf_places_of_loop {
    TF_DEVICE tf_offsets of(const tf_loops& loops, tf_i64 i) {
        return {i * loops.strides[0][0], i * loops.strides[0][1], i * loops.strides[0][2], i};
    }
};

template <class Formula>
TF_DEVICE tf_long_sum tf_sum_chunk(const tf_sum_args& a, tf_i64 result, tf_i64 chunk, tf_i64 rank, tf_i64 step) {
    tf_i64 begin = chunk * a.layout.chunk_length, end = begin + a.layout.chunk_length;
    end = end < a.layout.summands ? end : a.layout.summands;
    tf_offsets base = tf_locate(a.layout.kept, result);
    return a.layout.summed.rank > 1 ? tf_sum_part<Formula, tf_places_of_nest>(a, base, begin + rank, end, step)
                             : tf_sum_part<Formula, tf_places_of_loop>(a, base, begin + rank, end, step);
}

// Sums along the innermost axis: neighbouring threads take neighbouring summands of one result.
template <class Formula> TF_DEVICE void tf_sum_rows(const tf_sum_args& a) {
    TF_SHARED(tf_long_sum, shared, TF_SUM_THREADS / 32);
    tf_i64 items = a.layout.results * (tf_i64)a.layout.chunks.value, each = TF_SUM_THREADS / a.layout.threads;
    tf_i64 group = (tf_i64)threadIdx.x / a.layout.threads, rank = (tf_i64)threadIdx.x % a.layout.threads;
    for (tf_i64 first = blockIdx.x * each; first < items; first += gridDim.x * each) {
        tf_long_sum total = {0.0f, 0.0f};
        tf_i64 item = first + group, result = 0;
        tf_u64 chunk = 0;
        if (item < items) {
            result = (tf_i64)tf_divide((tf_u64)item, a.layout.chunks, &chunk);
            total = tf_sum_chunk<Formula>(a, result, (tf_i64)chunk, rank, a.layout.threads);
        }

        total = a.layout.threads > 32 ? tf_sum_of_block(total, shared) : tf_sum_of_lanes(total, a.layout.threads);
        if (rank == 0 && item < items) tf_put_sum(a, result, (tf_i64)chunk, total);
    }
}

// Sums across runs of neighbouring results: neighbouring threads take neighbouring results, and the block's rows of threads
// every so many summands.
template <class Formula> TF_DEVICE void tf_sum_columns(const tf_sum_args& a) {
    TF_SHARED(tf_long_sum, shared, TF_SUM_THREADS);
    tf_i64 column = (tf_i64)threadIdx.x % a.layout.columns, row = (tf_i64)threadIdx.x / a.layout.columns, rows = TF_SUM_THREADS / a.layout.columns;
    tf_i64 items = a.layout.results / (tf_i64)a.layout.run_length.value * (tf_i64)a.layout.column_blocks.value * (tf_i64)a.layout.chunks.value;
    for (tf_i64 item = blockIdx.x; item < items; item += gridDim.x) {
        tf_u64 chunk, block;
        tf_u64 run = tf_divide(tf_divide((tf_u64)item, a.layout.chunks, &chunk), a.layout.column_blocks, &block);
        tf_i64 along = (tf_i64)block * a.layout.columns + column, result = (tf_i64)(run * a.layout.run_length.value) + along;
        tf_long_sum total = {0.0f, 0.0f};
        if (along < (tf_i64)a.layout.run_length.value) total = tf_sum_chunk<Formula>(a, result, (tf_i64)chunk, row, rows);

        shared[threadIdx.x] = total;
        for (tf_i64 half = rows / 2; half > 0; half /= 2) {
            __syncthreads();
            if (row < half) shared[threadIdx.x] = tf_add(shared[threadIdx.x], shared[threadIdx.x + half * a.layout.columns]);
        }

        // A thread of the first row has written its place last itself.
        if (row == 0 && along < (tf_i64)a.layout.run_length.value) tf_put_sum(a, result, (tf_i64)chunk, shared[threadIdx.x]);
        __syncthreads();
    }
}
