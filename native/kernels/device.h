// What a kernel may use, in one header for three compilers:
//   clang -x cuda without any CUDA toolkit  makes the PTX that is shipped      (native/build-ptx.sh)
//   g++                                     makes the CPU emulator's kernels   (native/build-standin.sh)
//   nvcc, NVRTC                             for experiments; pass --fmad=false
// A kernel takes one struct by value and is written like this:
//
//     struct tf_fill_args { float* y; float value; tf_i64 count; };
//     TF_KERNEL(256, tf_fill, tf_fill_args a) { TF_GRID_STRIDE(i, a.count) a.y[i] = a.value; }
//
// Rules: no libdevice and no <math.h> (math.h beside this file has what is needed), no float atomics, no dynamic
// parallelism; sizes are 64 bits; TF_SHARED instead of __shared__; every thread of a block passes the same barriers.
// Products and sums are never contracted by a compiler: write tf_fma where a fused multiply-add is meant. Then all
// compilers give the same bits.
#pragma once

typedef unsigned char tf_u8;
typedef unsigned short tf_u16;
typedef unsigned int tf_u32;
typedef unsigned long long tf_u64;
typedef long long tf_i64;

#if defined(__CUDACC_RTC__) || defined(__NVCC__)
#include "device_nvcc.h"
#elif defined(__clang__) && defined(__CUDA__)
#include "device_clang.h"
#else
#include "../emulator/device_emulator.h"
#endif

// The same on all of them -------------------------------------------------------------------------------------------

// for (tf_i64 i = the thread; i < count; i += the block's threads): in order, so sums over it have one fixed order.
#define TF_BLOCK_STRIDE(i, count) for (tf_i64 i = threadIdx.x, i##_end = (count); i < i##_end; i += blockDim.x)

union tf_word {
    float real;
    tf_u32 bits;
};

// The bits of a float, and the float of some bits.
TF_DEVICE tf_u32 tf_bits(float x) {
    tf_word word;
    word.real = x;
    return word.bits;
}

TF_DEVICE float tf_from_bits(tf_u32 bits) {
    tf_word word;
    word.bits = bits;
    return word.real;
}

TF_DEVICE float tf_abs(float x) { return tf_from_bits(tf_bits(x) & 0x7fffffffu); }
TF_DEVICE float tf_copysign(float magnitude, float sign) {
    return tf_from_bits((tf_bits(magnitude) & 0x7fffffffu) | (tf_bits(sign) & 0x80000000u));
}
TF_DEVICE bool tf_is_nan(float x) { return x != x; }
TF_DEVICE bool tf_is_finite(float x) { return (tf_bits(x) & 0x7f800000u) != 0x7f800000u; }

// The smaller and the larger; b where one of them is NaN.
template <class T> TF_DEVICE T tf_min(T a, T b) { return a < b ? a : b; }
template <class T> TF_DEVICE T tf_max(T a, T b) { return a > b ? a : b; }

// Four floats that are loaded and stored at once; the address must be a multiple of 16.
struct alignas(16) tf_float4 {
    float x, y, z, w;
};

TF_DEVICE tf_float4 tf_load4(const float* address) {
    TF_ASSERT_ALIGNED(address, 16);
    return *(const tf_float4*)address;
}

#if defined(__clang__) && defined(__CUDA__)
// A vector for clang too: it takes a struct apart, and may then share parts of its store with another branch.
typedef float tf_stored4 __attribute__((ext_vector_type(4)));
#else
typedef tf_float4 tf_stored4;
#endif

TF_DEVICE void tf_store4(float* address, tf_float4 value) {
    TF_ASSERT_ALIGNED(address, 16);
    *(tf_stored4*)address = {value.x, value.y, value.z, value.w};
}

// Shuffles of the other types, from those of float and tf_u32. Every lane of mask has to take part.
#define TF_SHUFFLE_VARIANTS(name)                                                                                   \
    TF_DEVICE int name(tf_u32 mask, int value, tf_u32 lane) { return (int)name(mask, (tf_u32)value, lane); }        \
    TF_DEVICE float name(tf_u32 mask, float value, tf_u32 lane) {                                                   \
        return tf_from_bits(name(mask, tf_bits(value), lane));                                                      \
    }                                                                                                               \
    TF_DEVICE tf_u64 name(tf_u32 mask, tf_u64 value, tf_u32 lane) {                                                 \
        tf_u32 low = name(mask, (tf_u32)value, lane), high = name(mask, (tf_u32)(value >> 32), lane);               \
        return (tf_u64)high << 32 | low;                                                                            \
    }                                                                                                               \
    TF_DEVICE double name(tf_u32 mask, double value, tf_u32 lane) {                                                 \
        union {                                                                                                     \
            double real;                                                                                            \
            tf_u64 bits;                                                                                            \
        } word;                                                                                                     \
        word.real = value;                                                                                          \
        word.bits = name(mask, word.bits, lane);                                                                    \
        return word.real;                                                                                           \
    }

#if !defined(__CUDACC_RTC__) && !defined(__NVCC__)
TF_SHUFFLE_VARIANTS(__shfl_sync)
TF_SHUFFLE_VARIANTS(__shfl_up_sync)
TF_SHUFFLE_VARIANTS(__shfl_down_sync)
TF_SHUFFLE_VARIANTS(__shfl_xor_sync)
#endif

// All 32 lanes of a warp.
#define TF_WARP 0xffffffffu
