// What lets a recorded step go on without the host: rows of tables by a number in device memory, and changes that depend on
// a value there.
#include "loops.h"
#include "math.h"
#include "quads.h"

#define TF_MOST_PARTS 16

// The row of a table that a number in device memory means.
TF_DEVICE tf_i64 tf_row(const float* row, tf_i64 rows) { return (tf_i64)*row % rows; }

struct tf_take_row_args {
    const float *table, *row; // [R, K], []
    float* y;                 // [K]
    tf_i64 rows, width;       // R, K
};

TF_KERNEL(32, tf_take_row, tf_take_row_args a) {
    const float* from = a.table + tf_row(a.row, a.rows) * a.width;
    TF_GRID_STRIDE(i, a.width) a.y[i] = from[i];
}

struct tf_put_row_args {
    const float* parts[TF_MOST_PARTS]; // K of them are given, of n elements each.
    const float* row;
    float* table;       // [R, K·n]
    tf_i64 rows, width; // R, K·n
    tf_divisor length;  // n
};

TF_KERNEL(256, tf_put_row, tf_put_row_args a) {
    float* to = a.table + tf_row(a.row, a.rows) * a.width;
    TF_GRID_STRIDE(i, a.width) {
        tf_u64 element, part = tf_divide((tf_u64)i, a.length, &element);
        to[i] = a.parts[part][element];
    }
}

struct tf_move_average_args {
    const float *x, *kept, *taken, *guard;
    float* average;
    tf_i64 count;
    int vectors;
};

struct tf_average_step {
    template <class Access> TF_DEVICE void run(const tf_move_average_args& a, tf_i64 i, tf_i64 count) {
        float kept = *a.kept, taken = *a.taken;
        tf_quad x = Access::load(a.x + i, count), average = Access::load(a.average + i, count);
        TF_QUAD(j) average.at[j] = tf_fma(x.at[j], taken, kept * average.at[j]);
        Access::store(a.average + i, average, count);
    }
};

TF_KERNEL(256, tf_move_average, tf_move_average_args a) {
    if (tf_is_finite(*a.guard)) tf_for_quads<tf_average_step>(a);
}

struct tf_restore_args {
    const float *guard, *x;
    float* y;
    tf_i64 count;
};

TF_KERNEL(256, tf_restore_unless_finite, tf_restore_args a) {
    if (tf_is_finite(*a.guard)) return;
    TF_GRID_STRIDE(i, a.count) a.y[i] = a.x[i];
}
