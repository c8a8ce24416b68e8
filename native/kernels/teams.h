// Sums over the threads of a warp or a block, in an order that the number of threads alone decides. Every thread gets the
// result, the same bits each: in a butterfly both partners add the same two numbers.
#pragma once
#include "device.h"

template <class T> TF_DEVICE T tf_warp_sum(T value) {
    for (tf_u32 distance = 16; distance > 0; distance /= 2) value += __shfl_xor_sync(TF_WARP, value, distance);
    return value;
}

// Several sums at once, of blocks of whole warps; shared has room for 32 numbers of each.
template <int Sums> TF_DEVICE void tf_block_sum(float (&values)[Sums], float* shared) {
    tf_u32 lane = threadIdx.x % 32, warp = threadIdx.x / 32, warps = blockDim.x / 32;
    for (int i = 0; i < Sums; i++) values[i] = tf_warp_sum(values[i]);
    if (warps == 1) return;
    __syncthreads(); // All have read what the sum before left.
    if (lane == 0) {
        for (int i = 0; i < Sums; i++) shared[32 * i + warp] = values[i];
    }

    __syncthreads();
    for (int i = 0; i < Sums; i++) values[i] = tf_warp_sum(lane < warps ? shared[32 * i + lane] : 0.0f);
}

TF_DEVICE float tf_block_sum(float value, float* shared) {
    float values[1] = {value};
    tf_block_sum(values, shared);
    return values[0];
}

// Who sums together: the threads of a warp, each warp for itself, or those of a block.
struct tf_warp_team {
    TF_DEVICE tf_i64 number() { return (tf_i64)blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32; }
    TF_DEVICE int rank() { return (int)(threadIdx.x % 32); }
    TF_DEVICE int size() { return 32; }
    template <int Sums> TF_DEVICE void sum(float (&values)[Sums], float*) {
        for (int i = 0; i < Sums; i++) values[i] = tf_warp_sum(values[i]);
    }
};

struct tf_block_team {
    TF_DEVICE tf_i64 number() { return blockIdx.x; }
    TF_DEVICE int rank() { return (int)threadIdx.x; }
    TF_DEVICE int size() { return (int)blockDim.x; }
    template <int Sums> TF_DEVICE void sum(float (&values)[Sums], float* shared) { tf_block_sum(values, shared); }
};
