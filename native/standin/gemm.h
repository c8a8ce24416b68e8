// Products of matrices, fast enough that tests with real networks can wait for them.
#pragma once
#include "element.h"
#include <cstddef>

namespace tf_standin {

// Element (i, j) is data[i·row + j·column].
struct Matrix {
    const float* data;
    std::ptrdiff_t row, column;

    Matrix transposed() const { return {data, column, row}; }
};

// C = alpha·A·B + beta·C with A [m, k], B [k, n] and C [m, n], whose rows are ldc apart and contiguous. With beta = 0, C is
// not read. The order of the sums depends on the sizes alone. threads: 0 for one a core.
void gemm(std::size_t m, std::size_t n, std::size_t k, float alpha, Matrix a, Matrix b, float beta, float* c,
          std::size_t ldc, Rounding rounding, unsigned threads);

} // namespace tf_standin
