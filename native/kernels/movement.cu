// y = factor · x with x repeated, and copies between two walks.
#include "runs.h"

struct tf_broadcast_args {
    const float* x;
    float* y;
    float factor;
    int vectors, adds;
    tf_runs runs; // a is x.
};

struct tf_broadcast_runs {
    template <class Access> TF_DEVICE void run(const tf_broadcast_args& args, const tf_offsets& at, tf_i64 count) {
        tf_quad y = tf_load_or_repeat<Access>(args.x + at.second, args.runs.a_distance, count);
        TF_QUAD(j) y.at[j] *= args.factor;
        Access::store(args.y + at.first, y, count, args.adds);
    }
};

TF_KERNEL(256, tf_broadcast, tf_broadcast_args a) { tf_for_runs<tf_broadcast_runs>(a); }

struct tf_copy_args {
    const float* x;
    float* y;
    tf_i64 count;   // Of all loops.
    int adds;
    tf_loops loops; // Operands: y, x.
};

// Any two walks, element by element in the order in which y's elements lie.
TF_KERNEL(256, tf_copy, tf_copy_args a) {
    TF_GRID_STRIDE(i, a.count) {
        tf_offsets at = tf_locate(a.loops, i);
        float value = a.x[at.second];
        a.y[at.first] = a.adds ? a.y[at.first] + value : value;
    }
}

struct tf_copy_runs_args {
    const float* x;
    float* y;
    int vectors, adds;
    tf_runs runs; // The full shape is y's walk, a is x's.
};

struct tf_copy_runs_work {
    template <class Access> TF_DEVICE void run(const tf_copy_runs_args& args, const tf_offsets& at, tf_i64 count) {
        Access::store(args.y + at.first, tf_load_or_repeat<Access>(args.x + at.second, args.runs.a_distance, count), count, args.adds);
    }
};

// Walks along which runs of elements are neighbours on both sides.
TF_KERNEL(256, tf_copy_runs, tf_copy_runs_args a) { tf_for_runs<tf_copy_runs_work>(a); }

#define TF_TILE 32

struct tf_copy_tiles_args {
    const float* x;
    float* y;
    tf_i64 rows, columns;         // x's neighbours lie along the columns, y's along the rows.
    tf_i64 x_stride, y_stride;    // From a row to the next in x, from a column to the next in y.
    tf_i64 batches;               // Of all outer loops.
    tf_divisor row_tiles, column_tiles;
    int adds;
    tf_loops loops; // The outer ones. Operands: y, x.
};

// Transposes tile by tile: read along x's neighbours, and written along y's.
TF_KERNEL(256, tf_copy_tiles, tf_copy_tiles_args a) {
    TF_SHARED(float, tile, TF_TILE * (TF_TILE + 1)); // A column more, so that a column's elements are in different banks.
    tf_i64 lane = threadIdx.x % TF_TILE, line = threadIdx.x / TF_TILE, lines = blockDim.x / TF_TILE;
    tf_i64 items = a.batches * (tf_i64)a.row_tiles.value * (tf_i64)a.column_tiles.value;
    for (tf_i64 item = blockIdx.x; item < items; item += gridDim.x) {
        tf_u64 row_tile, column_tile;
        tf_u64 batch = tf_divide(tf_divide((tf_u64)item, a.row_tiles, &row_tile), a.column_tiles, &column_tile);
        tf_offsets at = tf_locate(a.loops, (tf_i64)batch);
        tf_i64 first_row = (tf_i64)row_tile * TF_TILE, first_column = (tf_i64)column_tile * TF_TILE;
        for (tf_i64 r = line; r < TF_TILE; r += lines) {
            tf_i64 row = first_row + r, column = first_column + lane;
            if (row < a.rows && column < a.columns) tile[r * (TF_TILE + 1) + lane] = a.x[at.second + row * a.x_stride + column];
        }

        __syncthreads();
        for (tf_i64 c = line; c < TF_TILE; c += lines) {
            tf_i64 row = first_row + lane, column = first_column + c;
            if (row < a.rows && column < a.columns) {
                float* y = a.y + at.first + column * a.y_stride + row;
                float value = tile[lane * (TF_TILE + 1) + c];
                *y = a.adds ? *y + value : value;
            }
        }

        __syncthreads();
    }
}
