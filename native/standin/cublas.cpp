// cuBLAS: products of matrices in float32 and bfloat16.
#include "call.h"
#include "counters.h"
#include "gemm.h"
#include "handles.h"
#include "leaks.h"
#include "memory.h"
#include "options.h"
#include "stream.h"
#include "../emulator/parallel.h"
#include <algorithm>
#include <vector>

using namespace tf_standin;

namespace {

enum Status : int {
    status_success = 0,
    status_not_initialized = 1,
    status_alloc_failed = 3,
    status_invalid_value = 7,
    status_execution_failed = 13,
    status_not_supported = 15,
};

enum MathMode : int { default_math = 0, tensor_op_math = 1, pedantic_math = 2, tf32_math = 3 };

struct Blas {
    void* stream = nullptr;
    bool has_workspace = false;
    bool device_pointers = false;
    int math = default_math;
};

const LeakKind blas_handles("cuBLAS handles", [] { return handles<Blas>().count(); });

// CUDA_R_32F, CUDA_R_16BF
bool find_type(int code, ElementType* type) {
    *type = code == 0 ? ElementType::float32 : ElementType::bfloat16;
    return code == 0 || code == 14;
}

// The factors' rounding that a compute type means, for operands of a type.
bool find_rounding(int compute_type, int math, Rounding* rounding) {
    switch (compute_type) {
    case 68: // 32F, to which the mode of the handle applies
        *rounding = math == tf32_math || math == tensor_op_math ? Rounding::tf32 : Rounding::none;
        return true;
    case 69: *rounding = Rounding::none; return true;     // 32F_PEDANTIC
    case 75: *rounding = Rounding::bfloat16; return true; // 32F_FAST_16BF
    case 77: *rounding = Rounding::tf32; return true;     // 32F_FAST_TF32
    default: return false;
    }
}

struct Operand {
    const void* data;
    ElementType type;
    bool transposed;
    int rows, columns, leading; // as it lies in memory, column by column
    long long stride;           // between the matrices of a batch

    std::size_t span() const { return static_cast<std::size_t>(columns - 1) * leading + rows; }

    std::size_t bytes(int batch) const {
        return (static_cast<std::size_t>(stride) * (batch - 1) + span()) * size_of(type);
    }

    bool is_in_device_memory(int batch) const {
        return rows == 0 || columns == 0 || is_device_memory(reinterpret_cast<DevicePointer>(data), bytes(batch));
    }
};

struct Product {
    int m, n, k;
    const void *alpha, *beta; // floats of the host or the device
    float host_alpha, host_beta;
    bool device_pointers;
    Operand a, b, c;
    int batch;
    Rounding rounding;
};

// op(A) of one matrix of the batch as rows and columns; elements that are no float32 are converted into the buffer.
Matrix matrix_of(const Operand& x, int index, std::vector<float>& buffer) {
    std::size_t first = static_cast<std::size_t>(x.stride) * index;
    const float* data = static_cast<const float*>(x.data) + first;
    if (x.type != ElementType::float32) {
        buffer.resize(x.span());
        for (std::size_t i = 0; i < buffer.size(); ++i) buffer[i] = load(x.data, first + i, x.type);
        data = buffer.data();
    }
    Matrix matrix = {data, 1, x.leading};
    return x.transposed ? matrix.transposed() : matrix;
}

Ending run(const Product& p) {
    for (const Operand* operand : {&p.a, &p.b, &p.c}) {
        if (!operand->is_in_device_memory(p.batch)) {
            return {illegal_address, "a matrix is not within one allocation of the device"};
        }
    }
    float alpha = p.device_pointers ? *static_cast<const float*>(p.alpha) : p.host_alpha;
    float beta = p.device_pointers ? *static_cast<const float*>(p.beta) : p.host_beta;
    unsigned threads = static_cast<unsigned>(options().cpu_threads);
    auto one = [&](std::size_t i) {
        std::vector<float> a, b, c;
        Matrix left = matrix_of(p.b, static_cast<int>(i), b).transposed();
        Matrix right = matrix_of(p.a, static_cast<int>(i), a).transposed();
        std::size_t first = static_cast<std::size_t>(p.c.stride) * i;
        // Columns of C are contiguous: it is the row-major [n, m] = op(B)ᵀ·op(A)ᵀ.
        if (p.c.type == ElementType::float32) {
            float* result = static_cast<float*>(const_cast<void*>(p.c.data)) + first;
            gemm(p.n, p.m, p.k, alpha, left, right, beta, result, p.c.leading, p.rounding, threads);
            return;
        }
        matrix_of(p.c, static_cast<int>(i), c);
        gemm(p.n, p.m, p.k, alpha, left, right, beta, c.data(), p.c.leading, p.rounding, threads);
        for (std::size_t j = 0; j < static_cast<std::size_t>(p.n); ++j) {
            for (std::size_t k = 0; k < static_cast<std::size_t>(p.m); ++k) {
                std::size_t at = j * p.c.leading + k;
                store(const_cast<void*>(p.c.data), first + at, p.c.type, c[at]);
            }
        }
    };
    // A batch of small matrices is shared out by matrices, a large matrix by its tiles.
    tf_emulator::parallel_for(p.batch, p.batch > 1 ? threads : 1, one);
    return {};
}

int submit_product(Blas& blas, Product p, const char* name) {
    if (p.m < 0 || p.n < 0 || p.k < 0 || p.batch < 0) return status_invalid_value;
    for (const Operand* operand : {&p.a, &p.b, &p.c}) {
        if (operand->leading < std::max(1, operand->rows)) return status_invalid_value;
    }
    if (p.alpha == nullptr || p.beta == nullptr) return status_invalid_value;
    if (p.m == 0 || p.n == 0 || p.batch == 0) return status_success;
    p.device_pointers = blas.device_pointers;
    p.host_alpha = p.device_pointers ? 0 : *static_cast<const float*>(p.alpha);
    p.host_beta = p.device_pointers ? 0 : *static_cast<const float*>(p.beta);
    auto stream = find_stream(blas.stream);
    if (stream == nullptr) return status_execution_failed;
    ++counters().library_calls;
    if (stream->is_capturing() && !blas.has_workspace) ++counters().captures_without_workspace;
    int error = stream->submit({name, WorkKind::library, [p] { return run(p); }});
    return error == success ? status_success : status_execution_failed;
}

Operand operand(const void* data, ElementType type, int operation, int rows, int columns, int leading, long long stride) {
    bool transposed = operation != 0;
    return {data, type, transposed, transposed ? columns : rows, transposed ? rows : columns, leading, stride};
}

int gemm_of_floats(Blas& blas, int transa, int transb, int m, int n, int k, const float* alpha, const float* a, int lda,
                   long long stride_a, const float* b, int ldb, long long stride_b, const float* beta, float* c, int ldc,
                   long long stride_c, int batch, const char* name) {
    constexpr int compute_32f = 68;
    Product p = {};
    find_rounding(compute_32f, blas.math, &p.rounding);
    p.m = m;
    p.n = n;
    p.k = k;
    p.alpha = alpha;
    p.beta = beta;
    p.a = operand(a, ElementType::float32, transa, m, k, lda, stride_a);
    p.b = operand(b, ElementType::float32, transb, k, n, ldb, stride_b);
    p.c = operand(c, ElementType::float32, 0, m, n, ldc, stride_c);
    p.batch = batch;
    return submit_product(blas, p, name);
}

int gemm_of_types(Blas& blas, int transa, int transb, int m, int n, int k, const void* alpha, const void* a, int a_type,
                  int lda, long long stride_a, const void* b, int b_type, int ldb, long long stride_b, const void* beta,
                  void* c, int c_type, int ldc, long long stride_c, int batch, int compute_type, const char* name) {
    Product p = {};
    ElementType ta, tb, tc;
    if (!find_type(a_type, &ta) || !find_type(b_type, &tb) || !find_type(c_type, &tc)) return status_not_supported;
    if (a_type != b_type || !find_rounding(compute_type, blas.math, &p.rounding)) return status_not_supported;
    p.m = m;
    p.n = n;
    p.k = k;
    p.alpha = alpha;
    p.beta = beta;
    p.a = operand(a, ta, transa, m, k, lda, stride_a);
    p.b = operand(b, tb, transb, k, n, ldb, stride_b);
    p.c = operand(c, tc, 0, m, n, ldc, stride_c);
    p.batch = batch;
    return submit_product(blas, p, name);
}

} // namespace

TF_API int cublasCreate_v2(void** handle) {
    static Call call("cublasCreate_v2");
    if (int error = call.begin_library()) return error;
    Device* device = current_device();
    if (device == nullptr || device->lost() != success) return status_not_initialized;
    // It allocates.
    if (refuse_while_capturing() != success) return status_alloc_failed;
    *handle = handles<Blas>().add(std::make_shared<Blas>());
    return status_success;
}

TF_API int cublasDestroy_v2(void* handle) {
    static Call call("cublasDestroy_v2");
    if (int error = call.begin_library()) return error;
    return handles<Blas>().remove(handle) == nullptr ? status_not_initialized : status_success;
}

TF_API int cublasGetVersion_v2(void* handle, int* version) {
    static Call call("cublasGetVersion_v2");
    if (int error = call.begin_library()) return error;
    if (handle != nullptr && handles<Blas>().find(handle) == nullptr) return status_not_initialized;
    *version = 130000;
    return status_success;
}

// Takes the workspace away again, as the library does.
TF_API int cublasSetStream_v2(void* handle, void* stream) {
    static Call call("cublasSetStream_v2");
    if (int error = call.begin_library()) return error;
    auto blas = handles<Blas>().find(handle);
    if (blas == nullptr) return status_not_initialized;
    blas->stream = stream;
    blas->has_workspace = false;
    return status_success;
}

TF_API int cublasSetWorkspace_v2(void* handle, void* workspace, std::size_t bytes) {
    static Call call("cublasSetWorkspace_v2");
    if (int error = call.begin_library()) return error;
    auto blas = handles<Blas>().find(handle);
    if (blas == nullptr) return status_not_initialized;
    constexpr DevicePointer alignment = 256;
    DevicePointer address = reinterpret_cast<DevicePointer>(workspace);
    if (bytes > 0 && (address % alignment != 0 || !is_device_memory(address, bytes))) return status_invalid_value;
    blas->has_workspace = bytes > 0;
    return status_success;
}

TF_API int cublasSetPointerMode_v2(void* handle, int mode) {
    static Call call("cublasSetPointerMode_v2");
    if (int error = call.begin_library()) return error;
    auto blas = handles<Blas>().find(handle);
    if (blas == nullptr) return status_not_initialized;
    if (mode != 0 && mode != 1) return status_invalid_value;
    blas->device_pointers = mode == 1;
    return status_success;
}

TF_API int cublasSetMathMode(void* handle, int mode) {
    static Call call("cublasSetMathMode");
    if (int error = call.begin_library()) return error;
    auto blas = handles<Blas>().find(handle);
    if (blas == nullptr) return status_not_initialized;
    constexpr int disallow_reduced_precision_reduction = 16;
    mode &= ~disallow_reduced_precision_reduction;
    if (mode < default_math || mode > tf32_math) return status_invalid_value;
    blas->math = mode;
    return status_success;
}

TF_API int cublasSetAtomicsMode(void* handle, int mode) {
    static Call call("cublasSetAtomicsMode");
    if (int error = call.begin_library()) return error;
    if (handles<Blas>().find(handle) == nullptr) return status_not_initialized;
    return mode == 0 || mode == 1 ? status_success : status_invalid_value;
}

TF_API const char* cublasGetStatusString(int status) {
    switch (status) {
    case status_success: return "CUBLAS_STATUS_SUCCESS";
    case status_not_initialized: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case status_alloc_failed: return "CUBLAS_STATUS_ALLOC_FAILED";
    case status_invalid_value: return "CUBLAS_STATUS_INVALID_VALUE";
    case 8: return "CUBLAS_STATUS_ARCH_MISMATCH";
    case 11: return "CUBLAS_STATUS_MAPPING_ERROR";
    case status_execution_failed: return "CUBLAS_STATUS_EXECUTION_FAILED";
    case 14: return "CUBLAS_STATUS_INTERNAL_ERROR";
    case status_not_supported: return "CUBLAS_STATUS_NOT_SUPPORTED";
    case 16: return "CUBLAS_STATUS_LICENSE_ERROR";
    default: return "<unknown>";
    }
}

TF_API const char* cublasGetStatusName(int status) { return cublasGetStatusString(status); }

TF_API int cublasSgemm_v2(void* handle, int transa, int transb, int m, int n, int k, const float* alpha, const float* a,
                          int lda, const float* b, int ldb, const float* beta, float* c, int ldc) {
    static Call call("cublasSgemm_v2");
    if (int error = call.begin_library()) return error;
    auto blas = handles<Blas>().find(handle);
    if (blas == nullptr) return status_not_initialized;
    return gemm_of_floats(*blas, transa, transb, m, n, k, alpha, a, lda, 0, b, ldb, 0, beta, c, ldc, 0, 1, "cublasSgemm");
}

TF_API int cublasSgemmStridedBatched(void* handle, int transa, int transb, int m, int n, int k, const float* alpha,
                                     const float* a, int lda, long long stride_a, const float* b, int ldb,
                                     long long stride_b, const float* beta, float* c, int ldc, long long stride_c,
                                     int batch) {
    static Call call("cublasSgemmStridedBatched");
    if (int error = call.begin_library()) return error;
    auto blas = handles<Blas>().find(handle);
    if (blas == nullptr) return status_not_initialized;
    return gemm_of_floats(*blas, transa, transb, m, n, k, alpha, a, lda, stride_a, b, ldb, stride_b, beta, c, ldc,
                          stride_c, batch, "cublasSgemmStridedBatched");
}

TF_API int cublasGemmEx(void* handle, int transa, int transb, int m, int n, int k, const void* alpha, const void* a,
                        int a_type, int lda, const void* b, int b_type, int ldb, const void* beta, void* c, int c_type,
                        int ldc, int compute_type, int) {
    static Call call("cublasGemmEx");
    if (int error = call.begin_library()) return error;
    auto blas = handles<Blas>().find(handle);
    if (blas == nullptr) return status_not_initialized;
    return gemm_of_types(*blas, transa, transb, m, n, k, alpha, a, a_type, lda, 0, b, b_type, ldb, 0, beta, c, c_type,
                         ldc, 0, 1, compute_type, "cublasGemmEx");
}

TF_API int cublasGemmStridedBatchedEx(void* handle, int transa, int transb, int m, int n, int k, const void* alpha,
                                      const void* a, int a_type, int lda, long long stride_a, const void* b, int b_type,
                                      int ldb, long long stride_b, const void* beta, void* c, int c_type, int ldc,
                                      long long stride_c, int batch, int compute_type, int) {
    static Call call("cublasGemmStridedBatchedEx");
    if (int error = call.begin_library()) return error;
    auto blas = handles<Blas>().find(handle);
    if (blas == nullptr) return status_not_initialized;
    return gemm_of_types(*blas, transa, transb, m, n, k, alpha, a, a_type, lda, stride_a, b, b_type, ldb, stride_b, beta,
                         c, c_type, ldc, stride_c, batch, compute_type, "cublasGemmStridedBatchedEx");
}

// y = alpha·op(A)·x + beta·y, for vectors without gaps.
TF_API int cublasSgemv_v2(void* handle, int trans, int m, int n, const float* alpha, const float* a, int lda,
                          const float* x, int incx, const float* beta, float* y, int incy) {
    static Call call("cublasSgemv_v2");
    if (int error = call.begin_library()) return error;
    auto blas = handles<Blas>().find(handle);
    if (blas == nullptr) return status_not_initialized;
    if (incx != 1 || incy != 1) return status_not_supported;
    int rows = trans != 0 ? n : m, columns = trans != 0 ? m : n;
    return gemm_of_floats(*blas, trans, 0, rows, 1, columns, alpha, a, lda, 0, x, std::max(1, columns), 0, beta, y,
                          std::max(1, rows), 0, 1, "cublasSgemv");
}
