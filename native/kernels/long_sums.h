// Sums of many float32 that keep the digits which their roundings lose, in an order that the shapes alone decide.
#pragma once
#include "math.h"

// A sum and what its roundings lost (Knuth's two-sum): about 48 bits, without the few units for float64 of most devices.
struct alignas(8) tf_long_sum {
    float sum, lost;
};

TF_DEVICE void tf_add(tf_long_sum& total, float x) {
    float sum = total.sum + x, added = sum - total.sum;
    total.lost += (total.sum - (sum - added)) + (x - added);
    total.sum = sum;
}

// The same bits in either order of the two.
TF_DEVICE tf_long_sum tf_add(tf_long_sum a, tf_long_sum b) {
    tf_long_sum total = {a.sum, 0.0f};
    tf_add(total, b.sum);
    total.lost += a.lost + b.lost;
    return total;
}

// factor · the sum, rounded once. Beyond an infinity the lost digits are NaN.
TF_DEVICE float tf_total(tf_long_sum total, float factor = 1.0f) {
    return tf_is_finite(total.sum) ? tf_fma(factor, total.sum, factor * total.lost) : factor * total.sum;
}

// The sum over each group of so many neighbouring lanes (a power of two, at most 32), in all of them. All lanes of the warp
// take part.
TF_DEVICE tf_long_sum tf_sum_of_lanes(tf_long_sum total, int lanes) {
    for (tf_u32 distance = (tf_u32)lanes / 2; distance > 0; distance /= 2) {
        tf_long_sum other;
        other.sum = __shfl_xor_sync(TF_WARP, total.sum, distance);
        other.lost = __shfl_xor_sync(TF_WARP, total.lost, distance);
        total = tf_add(total, other);
    }

    return total;
}

// The sum over a block of full warps, in the threads of its first. All threads take part; shared has a place for each warp.
TF_DEVICE tf_long_sum tf_sum_of_block(tf_long_sum total, tf_long_sum* shared) {
    total = tf_sum_of_lanes(total, 32);
    tf_u32 lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    if (lane == 0) shared[warp] = total;
    __syncthreads();
    if (warp == 0) {
        total = lane < blockDim.x / 32 ? shared[lane] : tf_long_sum{0.0f, 0.0f};
        total = tf_sum_of_lanes(total, 32);
    }

    // All have read: the places may be used again.
    __syncthreads();
    return total;
}
