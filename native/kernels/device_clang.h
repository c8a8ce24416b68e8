// device.h for clang without a CUDA toolkit: the words of CUDA as attributes and NVVM builtins.
#pragma once

#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __shared__ __attribute__((shared))
#define __constant__ __attribute__((constant))

#define TF_DEVICE static __device__ inline __attribute__((always_inline))
#define TF_KERNEL(threads, name, ...)                                                                               \
    extern "C" __global__ void __attribute__((launch_bounds(threads))) name(__VA_ARGS__)
#define TF_SHARED(type, name, count) __shared__ type name[count]
#define TF_CONSTANT static __constant__ const
#define TF_ASSERT_ALIGNED(address, bytes)
#define TF_GRID_STRIDE(i, count)                                                                                    \
    for (tf_i64 i = (tf_i64)blockIdx.x * blockDim.x + threadIdx.x, i##_end = (count); i < i##_end;                  \
         i += (tf_i64)gridDim.x * blockDim.x)

// threadIdx.x and the others read a special register each.
#define TF_INDEX(type, variable, registers)                                                                         \
    struct type {                                                                                                   \
        __declspec(property(get = get_x)) tf_u32 x;                                                                 \
        __declspec(property(get = get_y)) tf_u32 y;                                                                 \
        __declspec(property(get = get_z)) tf_u32 z;                                                                 \
        __device__ tf_u32 get_x() const { return __nvvm_read_ptx_sreg_##registers##_x(); }                          \
        __device__ tf_u32 get_y() const { return __nvvm_read_ptx_sreg_##registers##_y(); }                          \
        __device__ tf_u32 get_z() const { return __nvvm_read_ptx_sreg_##registers##_z(); }                          \
    };                                                                                                              \
    extern const __device__ __attribute__((weak)) type variable;
TF_INDEX(tf_thread_index, threadIdx, tid)
TF_INDEX(tf_block_index, blockIdx, ctaid)
TF_INDEX(tf_block_size, blockDim, ntid)
TF_INDEX(tf_grid_size, gridDim, nctaid)
#undef TF_INDEX

TF_DEVICE float tf_fma(float a, float b, float c) { return __nvvm_fma_rn_f(a, b, c); }
TF_DEVICE double tf_fma(double a, double b, double c) { return __nvvm_fma_rn_d(a, b, c); }
TF_DEVICE float tf_sqrt(float x) { return __nvvm_sqrt_rn_f(x); }
TF_DEVICE double tf_sqrt(double x) { return __nvvm_sqrt_rn_d(x); }
TF_DEVICE float tf_floor(float x) { return __builtin_floorf(x); }
TF_DEVICE float tf_rint(float x) { return __builtin_rintf(x); }
TF_DEVICE tf_u32 __umulhi(tf_u32 a, tf_u32 b) { return __nvvm_mulhi_ui(a, b); }

// __syncthreads() is a builtin already. The last argument of a shuffle clamps to the warp: 31, and 0 for up.
TF_DEVICE void __syncwarp(tf_u32 mask) { __nvvm_bar_warp_sync(mask); }
TF_DEVICE tf_u32 __shfl_sync(tf_u32 mask, tf_u32 value, tf_u32 lane) {
    return (tf_u32)__nvvm_shfl_sync_idx_i32(mask, (int)value, (int)lane, 31);
}
TF_DEVICE tf_u32 __shfl_up_sync(tf_u32 mask, tf_u32 value, tf_u32 distance) {
    return (tf_u32)__nvvm_shfl_sync_up_i32(mask, (int)value, (int)distance, 0);
}
TF_DEVICE tf_u32 __shfl_down_sync(tf_u32 mask, tf_u32 value, tf_u32 distance) {
    return (tf_u32)__nvvm_shfl_sync_down_i32(mask, (int)value, (int)distance, 31);
}
TF_DEVICE tf_u32 __shfl_xor_sync(tf_u32 mask, tf_u32 value, tf_u32 distance) {
    return (tf_u32)__nvvm_shfl_sync_bfly_i32(mask, (int)value, (int)distance, 31);
}
TF_DEVICE tf_u32 __ballot_sync(tf_u32 mask, int predicate) { return __nvvm_vote_ballot_sync(mask, predicate != 0); }

TF_DEVICE tf_u32 atomicAdd(tf_u32* address, tf_u32 value) {
    return (tf_u32)__nvvm_atom_add_gen_i((int*)address, (int)value);
}
TF_DEVICE tf_u64 atomicAdd(tf_u64* address, tf_u64 value) {
    return (tf_u64)__nvvm_atom_add_gen_ll((long long*)address, (long long)value);
}
