// Products of matrices, and the precision that was chosen for them.
#include "test.h"
#include <cstring>

namespace tf_test {
namespace {

void products_are_right() {
    Session s;
    void* blas;
    check_equal(cublasCreate_v2(&blas), 0, "cublasCreate");
    cublasSetStream_v2(blas, s.stream);
    struct Case {
        int m, n, k, batch;
    };
    for (const Case& c : {Case{1, 1, 1, 1}, Case{7, 5, 3, 1}, Case{130, 70, 300, 1}, Case{33, 17, 40, 5}}) {
        for (int transposed = 0; transposed < 4; ++transposed) {
            int ta = transposed & 1, tb = transposed >> 1;
            int lda = (ta ? c.k : c.m) + 2, ldb = (tb ? c.n : c.k) + 1, ldc = c.m + 3;
            long long sa = static_cast<long long>(lda) * (ta ? c.m : c.k), sb = static_cast<long long>(ldb) * (tb ? c.k : c.n);
            long long sc = static_cast<long long>(ldc) * c.n;
            std::vector<float> a = numbers(sa * c.batch, 1), b = numbers(sb * c.batch, 2), old = numbers(sc * c.batch, 3);
            Address da = s.upload(a), db = s.upload(b), dc = s.upload(old);
            float alpha = 1.5f, beta = 0.5f;
            int error = cublasSgemmStridedBatched(blas, ta, tb, c.m, c.n, c.k, &alpha, pointer(da), lda, sa,
                                                  pointer(db), ldb, sb, &beta,
                                                  pointer(dc), ldc, sc, c.batch);
            check_equal(error, 0, "cublasSgemmStridedBatched");
            std::vector<double> expected = doubles(old);
            for (int q = 0; q < c.batch; ++q) {
                for (int j = 0; j < c.n; ++j) {
                    for (int i = 0; i < c.m; ++i) {
                        double sum = 0;
                        for (int p = 0; p < c.k; ++p) {
                            sum += static_cast<double>(a[q * sa + (ta ? p + i * lda : i + p * lda)]) *
                                   b[q * sb + (tb ? j + p * ldb : p + j * ldb)];
                        }
                        double& e = expected[q * sc + i + j * ldc];
                        e = alpha * sum + beta * e;
                    }
                }
            }
            check_close(s.download(dc, expected.size()), expected, float_sums, "a product of " + std::to_string(c.m));
        }
    }

    // TF32 rounds the factors to 10 bits: 1 + 2^-12 becomes 1.
    std::vector<float> x = {1 + 1.0f / 4096};
    Address dx = s.upload(x), dy = s.upload({0});
    float one = 1, zero = 0;
    for (int mode : {0, 3}) {
        cublasSetMathMode(blas, mode);
        cublasSgemm_v2(blas, 0, 0, 1, 1, 1, &one, pointer(dx), 1, pointer(dx), 1, &zero,
                       pointer(dy), 1);
        check(s.download(dy, 1)[0] == (mode == 3 ? 1.0f : x[0] * x[0]), "the precision of math mode " + std::to_string(mode));
    }

    // bfloat16 keeps 7 bits: 3 · 1.0078125 + 1 · 2 = 5.0234375 is stored as 5.03125.
    const std::uint16_t factors[] = {0x4040, 0x3f80, 0x3f81, 0x4000}; // 3, 1; 1.0078125, 2
    Address small = s.allocate(sizeof factors), product = s.upload({0, 0});
    cuMemcpyHtoDAsync_v2(small, factors, sizeof factors, s.stream);
    constexpr int float32 = 0, bfloat16 = 14, compute_float32 = 68;
    for (int type : {float32, bfloat16}) {
        int error = cublasGemmEx(blas, 0, 0, 1, 1, 2, &one, pointer(small), bfloat16, 1, pointer(small + 4), bfloat16, 2, &zero,
                                 pointer(product), type, 1, compute_float32, -1);
        check_equal(error, 0, "cublasGemmEx");
        float found = s.download(product, 1)[0];
        if (type == float32) {
            check(found == 5.0234375f, "a product of bfloat16 as float32");
        } else {
            std::uint32_t bits;
            std::memcpy(&bits, &found, sizeof bits);
            check_equal(bits & 0xffff, 0x40a1, "a product of bfloat16 as bfloat16");
        }
    }
    check_equal(cublasSgemm_v2(blas, 0, 0, 4, 4, 4, &one, nullptr, 3, nullptr, 4, &zero, nullptr, 4), 7, "lda < m");
    cublasSgemm_v2(blas, 0, 0, 4, 4, 4, &one, pointer(dx), 4, pointer(dx), 4, &zero,
                   pointer(dy), 4);
    check_equal(cuStreamSynchronize(s.stream), 700, "matrices larger than their memory");
    tf_standin_reset();
    cublasDestroy_v2(blas);
}

} // namespace

void test_cublas() { products_are_right(); }

} // namespace tf_test
