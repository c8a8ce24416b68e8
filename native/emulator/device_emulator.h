// device.h for g++: kernels become ordinary functions that the emulator calls once a thread.
#pragma once
#include "emulator.h"

#define TF_DEVICE static inline
#define TF_CONSTANT static const
#define threadIdx (tf_emulator::position.thread)
#define blockIdx (tf_emulator::position.block)
#define blockDim (tf_emulator::position.block_size)
#define gridDim (tf_emulator::position.grid_size)

// Declares the kernel, adds it to the emulator's list, and begins its definition.
#define TF_KERNEL(threads, name, arguments)                                                                         \
    static void name(arguments);                                                                                    \
    static const tf_emulator::Registration name##_registration(#name, &name, threads);                              \
    static void name(arguments)

// Shared memory of the block that runs, full of NaN when the block begins.
#define TF_SHARED(type, name, count)                                                                                \
    static const char name##_site = 0;                                                                              \
    type* const name = static_cast<type*>(tf_emulator::shared_memory(&name##_site, sizeof(type) * (count)))

// A thread gets neighbouring items here, because a CPU's caches like that; on a GPU a warp does. Items are therefore
// independent of each other: sums go by TF_BLOCK_STRIDE, whose order is the same everywhere.
#define TF_GRID_STRIDE(i, count)                                                                                    \
    for (tf_i64 i##_count = (count), i##_share = tf_emulator::share(i##_count),                                     \
                i = i##_share * tf_emulator::thread_in_grid(),                                                      \
                i##_end = i##_count < i + i##_share ? i##_count : i + i##_share;                                    \
         i < i##_end; ++i)

#define TF_ASSERT_ALIGNED(address, bytes)                                                                           \
    do {                                                                                                            \
        if (reinterpret_cast<unsigned long long>(address) % (bytes) != 0) tf_emulator::misaligned(bytes);            \
    } while (false)

#define __syncthreads() tf_emulator::barrier(__LINE__)

TF_DEVICE float tf_fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
TF_DEVICE double tf_fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
TF_DEVICE float tf_sqrt(float x) { return __builtin_sqrtf(x); }
TF_DEVICE double tf_sqrt(double x) { return __builtin_sqrt(x); }
TF_DEVICE float tf_floor(float x) { return __builtin_floorf(x); }
TF_DEVICE float tf_rint(float x) { return __builtin_rintf(x); }
TF_DEVICE tf_u32 __umulhi(tf_u32 a, tf_u32 b) { return static_cast<tf_u32>(static_cast<tf_u64>(a) * b >> 32); }

TF_DEVICE void __syncwarp(tf_u32 mask) { tf_emulator::exchange(tf_emulator::Exchange::meet, mask, 0, 0); }
TF_DEVICE tf_u32 __shfl_sync(tf_u32 mask, tf_u32 value, tf_u32 lane) {
    return tf_emulator::exchange(tf_emulator::Exchange::from_lane, mask, value, lane);
}
TF_DEVICE tf_u32 __shfl_up_sync(tf_u32 mask, tf_u32 value, tf_u32 distance) {
    return tf_emulator::exchange(tf_emulator::Exchange::from_below, mask, value, distance);
}
TF_DEVICE tf_u32 __shfl_down_sync(tf_u32 mask, tf_u32 value, tf_u32 distance) {
    return tf_emulator::exchange(tf_emulator::Exchange::from_above, mask, value, distance);
}
TF_DEVICE tf_u32 __shfl_xor_sync(tf_u32 mask, tf_u32 value, tf_u32 distance) {
    return tf_emulator::exchange(tf_emulator::Exchange::from_partner, mask, value, distance);
}
TF_DEVICE tf_u32 __ballot_sync(tf_u32 mask, int predicate) {
    return tf_emulator::exchange(tf_emulator::Exchange::ballot, mask, predicate != 0, 0);
}

// Blocks run on several threads of the CPU, hence real atomics.
TF_DEVICE tf_u32 atomicAdd(tf_u32* address, tf_u32 value) {
    return __atomic_fetch_add(address, value, __ATOMIC_RELAXED);
}
TF_DEVICE tf_u64 atomicAdd(tf_u64* address, tf_u64 value) {
    return __atomic_fetch_add(address, value, __ATOMIC_RELAXED);
}
