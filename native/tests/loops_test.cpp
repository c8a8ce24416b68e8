// loops.h's division by a multiplication against the processor's.
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

} // namespace

int main() {
    std::vector<tf_u64> numbers;
    for (tf_u64 power = 1; power < 1ull << 40; power *= 2) {
        for (tf_u64 near : {power - 1, power, power + 1, 3 * power, 5 * power - 1, 7 * power + 1}) numbers.push_back(near);
    }
    tf_u64 state = 1;
    for (int i = 0; i < 3000; ++i) {
        state = state * 6364136223846793005ull + 1442695040888963407ull;
        numbers.push_back(state >> (24 + i % 40));
    }

    long long checked = 0;
    for (tf_u64 d : numbers) {
        if (d == 0) continue;
        tf_divisor divisor = divisor_of(d);
        for (tf_u64 n : numbers) {
            tf_u64 rest, quotient = tf_divide(n, divisor, &rest);
            if (quotient != n / d || rest != n % d) {
                std::printf("%llu / %llu: found %llu rest %llu\n", n, d, quotient, rest);
                return 1;
            }

            ++checked;
        }
    }

    std::printf("loops     %lld divisions\n", checked);
    return 0;
}
