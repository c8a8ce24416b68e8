// loops.h: its division by a multiplication against the processor's, and its places against plain nested loops.
#include "../kernels/loops.h"
#include <cstdio>
#include <vector>

namespace {

// As TinyFlow.Tensor/Cuda/Arguments/Divisor.cs makes it.
tf_divisor divisor_of(tf_u64 value) {
    if (value >= 1ull << 31) return {value, 0, 31};
    tf_u32 shift = 0;
    while (1ull << shift < value) ++shift;
    return {value, (tf_u32)((1ull << 32) * ((1ull << shift) - value) / value + 1), shift};
}

bool divisions_are_right() {
    std::vector<tf_u64> numbers;
    for (tf_u64 power = 1; power < 1ull << 40; power *= 2) {
        for (tf_u64 near : {power - 1, power, power + 1, 3 * power, 5 * power - 1, 7 * power + 1}) numbers.push_back(near);
    }
    tf_u64 state = 1;
    for (int i = 0; i < 3000; ++i) {
        state = state * 6364136223846793005ull + 1442695040888963407ull;
        numbers.push_back(state >> (24 + i % 40));
    }

    for (tf_u64 d : numbers) {
        if (d == 0) continue;
        tf_divisor divisor = divisor_of(d);
        for (tf_u64 n : numbers) {
            tf_u64 rest, quotient = tf_divide(n, divisor, &rest);
            if (quotient != n / d || rest != n % d) {
                std::printf("%llu / %llu: found %llu rest %llu\n", n, d, quotient, rest);
                return false;
            }
        }
    }

    return true;
}

// Nests of all ranks, in 32 and in 64 bits; the strides are such that each loop shows in each place.
bool places_are_right() {
    const tf_i64 sizes[TF_MOST_AXES] = {3, 1, 4, 2, 5, 2}, factors[3] = {1, -7, 1000};
    for (int rank = 1; rank <= TF_MOST_AXES; ++rank) {
        tf_loops loops = {};
        loops.rank = rank;
        tf_i64 rounds = 1;
        for (int axis = 0; axis < rank; ++axis) {
            loops.sizes[axis] = divisor_of((tf_u64)sizes[axis]);
            for (int operand = 0; operand < 3; ++operand) loops.strides[axis][operand] = factors[operand] * (1 + 11 * axis);
            rounds *= sizes[axis];
        }

        for (loops.narrow = 0; loops.narrow <= 1; ++loops.narrow) {
            for (tf_i64 round = 0; round < rounds; ++round) {
                tf_i64 rest = round, sum = 0;
                for (int axis = 0; axis < rank; rest /= sizes[axis++]) sum += rest % sizes[axis] * (1 + 11 * axis);
                tf_offsets at = tf_locate(loops, round);
                if (at.first != sum || at.second != -7 * sum || at.third != 1000 * sum || at.innermost != round % sizes[0]) {
                    std::printf("rank %d, round %lld, narrow %d: found %lld, expected %lld\n", rank, round, loops.narrow, at.first, sum);
                    return false;
                }
            }
        }
    }

    return true;
}

} // namespace

int main() {
    bool right = divisions_are_right() && places_are_right();
    std::printf("loops     %s\n", right ? "divisions and places agree" : "FAILED");
    return !right;
}
