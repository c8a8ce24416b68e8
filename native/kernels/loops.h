// Nested loops over strided operands, as one loop whose rounds any thread can find its place in.
#pragma once
#include "device.h"

// What to divide by. A number below 2^31 is divided by a multiplication: ⌊n/d⌋ = (⌊n·m/2^32⌋ + n)/2^s with the smallest
// 2^s ≥ d and m = ⌊2^32·(2^s − d)/d⌋ + 1 (Granlund and Montgomery 1994). For d ≥ 2^31, m = 0 and s = 31 give the 0 that is right.
struct tf_divisor {
    tf_u64 value;
    tf_u32 multiplier, shift;
};

// ⌊n/d⌋ of n below 2^31.
TF_DEVICE tf_u32 tf_small_quotient(tf_u32 n, const tf_divisor& by) { return (__umulhi(n, by.multiplier) + n) >> by.shift; }

// ⌊n/d⌋, and n − d·⌊n/d⌋.
TF_DEVICE tf_u64 tf_divide(tf_u64 n, const tf_divisor& by, tf_u64* rest) {
    tf_u64 quotient = n >> 31 == 0 ? tf_small_quotient((tf_u32)n, by) : n / by.value;
    *rest = n - quotient * by.value;
    return quotient;
}

#define TF_MOST_AXES 6

#if defined(__clang__)
#define TF_UNROLLED _Pragma("clang loop unroll(full)")
#define TF_ROLLED _Pragma("clang loop unroll(disable)")
#else
#define TF_UNROLLED
#define TF_ROLLED
#endif

// One to six loops, the innermost first, and each of up to three operands' distance between neighbours, in elements; 0 where
// it is broadcast.
struct tf_loops {
    int rank;
    int narrow; // Whether all rounds and places are below 2^31, so that 32 bits do.
    tf_divisor sizes[TF_MOST_AXES];
    tf_i64 strides[TF_MOST_AXES][3];
};

struct tf_offsets {
    tf_i64 first, second, third;
    tf_i64 innermost; // The round of the innermost loop.
};

// Where each operand stands in a round of the loops. Most nests have one or two: bodies for six in a row would be read for
// nothing.
TF_DEVICE tf_offsets tf_locate(const tf_loops& loops, tf_i64 round) {
    int last = loops.rank - 1;
    if (loops.narrow) {
        tf_u32 rest = (tf_u32)round, innermost = rest;
        int first = 0, second = 0, third = 0;
        TF_ROLLED
        for (int axis = 0; axis < last; ++axis) {
            tf_u32 quotient = tf_small_quotient(rest, loops.sizes[axis]), place = rest - quotient * (tf_u32)loops.sizes[axis].value;
            rest = quotient;
            if (axis == 0) innermost = place;
            first += (int)place * (int)loops.strides[axis][0];
            second += (int)place * (int)loops.strides[axis][1];
            third += (int)place * (int)loops.strides[axis][2];
        }

        first += (int)rest * (int)loops.strides[last][0];
        second += (int)rest * (int)loops.strides[last][1];
        third += (int)rest * (int)loops.strides[last][2];
        return {first, second, third, (tf_i64)innermost};
    }

    tf_u64 rest = (tf_u64)round;
    tf_offsets at = {0, 0, 0, round};
    TF_ROLLED
    for (int axis = 0; axis < last; ++axis) {
        tf_u64 quotient = rest / loops.sizes[axis].value;
        tf_i64 place = (tf_i64)(rest - quotient * loops.sizes[axis].value);
        rest = quotient;
        if (axis == 0) at.innermost = place;
        at.first += place * loops.strides[axis][0];
        at.second += place * loops.strides[axis][1];
        at.third += place * loops.strides[axis][2];
    }

    at.first += (tf_i64)rest * loops.strides[last][0];
    at.second += (tf_i64)rest * loops.strides[last][1];
    at.third += (tf_i64)rest * loops.strides[last][2];
    return at;
}
