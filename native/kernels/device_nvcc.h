// device.h for nvcc and NVRTC, which know CUDA's words themselves.
#pragma once

#define TF_DEVICE static __device__ __forceinline__
#define TF_KERNEL(threads, name, ...) extern "C" __global__ void __launch_bounds__(threads) name(__VA_ARGS__)
#define TF_SHARED(type, name, count) __shared__ type name[count]
#define TF_CONSTANT static __constant__ const
#define TF_ASSERT_ALIGNED(address, bytes)
#define TF_GRID_STRIDE(i, count)                                                                                    \
    for (tf_i64 i = (tf_i64)blockIdx.x * blockDim.x + threadIdx.x, i##_end = (count); i < i##_end;                  \
         i += (tf_i64)gridDim.x * blockDim.x)

TF_DEVICE float tf_fma(float a, float b, float c) { return __fmaf_rn(a, b, c); }
TF_DEVICE double tf_fma(double a, double b, double c) { return __fma_rn(a, b, c); }
TF_DEVICE float tf_sqrt(float x) { return __fsqrt_rn(x); }
TF_DEVICE double tf_sqrt(double x) { return __dsqrt_rn(x); }
TF_DEVICE float tf_floor(float x) { return floorf(x); }
TF_DEVICE float tf_rint(float x) { return rintf(x); }
