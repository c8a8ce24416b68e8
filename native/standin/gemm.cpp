#include "gemm.h"
#include "../emulator/parallel.h"
#include <algorithm>
#include <vector>

namespace tf_standin {
namespace {

// 6 rows of 2 vectors fit the registers of SSE, AVX and AVX-512 alike.
#if defined(__AVX512F__)
constexpr std::size_t vector_bytes = 64;
#elif defined(__AVX__)
constexpr std::size_t vector_bytes = 32;
#else
constexpr std::size_t vector_bytes = 16;
#endif
typedef float Vector __attribute__((vector_size(vector_bytes), aligned(4)));
constexpr std::size_t vector_lanes = vector_bytes / sizeof(float);
constexpr std::size_t micro_rows = 6, micro_columns = 2 * vector_lanes;

// What one task computes, and how much of k it takes at a time: its parts of A and B stay in the second cache.
constexpr std::size_t tile_rows = 16 * micro_rows, tile_columns = 8 * 32, tile_depth = 64;

std::size_t round_up(std::size_t x, std::size_t unit) { return (x + unit - 1) / unit * unit; }

// rows [first, first + count) of x, a stripe of so many rows after another, each with its columns one after the other.
void pack(Matrix x, std::size_t first, std::size_t count, std::size_t from, std::size_t depth, std::size_t stripe,
          Rounding rounding, float* packed) {
    for (std::size_t s = 0; s < count; s += stripe) {
        std::size_t rows = std::min(stripe, count - s);
        const float* source = x.data + static_cast<std::ptrdiff_t>(first + s) * x.row + static_cast<std::ptrdiff_t>(from) * x.column;
        for (std::size_t p = 0; p < depth; ++p, packed += stripe) {
            const float* column = source + static_cast<std::ptrdiff_t>(p) * x.column;
            for (std::size_t i = 0; i < rows; ++i) packed[i] = column[static_cast<std::ptrdiff_t>(i) * x.row];
            for (std::size_t i = rows; i < stripe; ++i) packed[i] = 0;
        }
    }
    if (rounding == Rounding::none) return;
    for (float* p = packed - round_up(count, stripe) * depth; p < packed; ++p) *p = round_to(*p, rounding);
}

// sums [micro_rows, micro_columns] += a stripe of A times a stripe of B. Each depth has sums of its own before they are added:
// in long sums that loses fewer digits.
void multiply(const float* a, const float* b, std::size_t depth, float* sums, std::size_t row) {
    Vector sum[micro_rows][2] = {};
    for (std::size_t p = 0; p < depth; ++p, a += micro_rows, b += micro_columns) {
        Vector b0 = *reinterpret_cast<const Vector*>(b), b1 = *reinterpret_cast<const Vector*>(b + vector_lanes);
#pragma GCC unroll 6
        for (std::size_t i = 0; i < micro_rows; ++i) {
            sum[i][0] += a[i] * b0;
            sum[i][1] += a[i] * b1;
        }
    }
    for (std::size_t i = 0; i < micro_rows; ++i) {
        *reinterpret_cast<Vector*>(sums + i * row) += sum[i][0];
        *reinterpret_cast<Vector*>(sums + i * row + vector_lanes) += sum[i][1];
    }
}

struct Buffers {
    std::vector<float> a, b, sums;
};

} // namespace

void gemm(std::size_t m, std::size_t n, std::size_t k, float alpha, Matrix a, Matrix b, float beta, float* c,
          std::size_t ldc, Rounding rounding, unsigned threads) {
    std::size_t down = (m + tile_rows - 1) / tile_rows, across = (n + tile_columns - 1) / tile_columns;
    tf_emulator::parallel_for(down * across, threads, [&](std::size_t tile) {
        static thread_local Buffers buffers;
        std::size_t i0 = tile / across * tile_rows, j0 = tile % across * tile_columns;
        std::size_t rows = std::min(tile_rows, m - i0), columns = std::min(tile_columns, n - j0);
        std::size_t all_rows = round_up(rows, micro_rows), all_columns = round_up(columns, micro_columns);
        buffers.a.resize(all_rows * tile_depth);
        buffers.b.resize(all_columns * tile_depth);
        buffers.sums.assign(all_rows * all_columns, 0.0f);
        for (std::size_t from = 0; from < k; from += tile_depth) {
            std::size_t depth = std::min(tile_depth, k - from);
            pack(a, i0, rows, from, depth, micro_rows, rounding, buffers.a.data());
            pack(b.transposed(), j0, columns, from, depth, micro_columns, rounding, buffers.b.data());
            for (std::size_t i = 0; i < all_rows; i += micro_rows) {
                for (std::size_t j = 0; j < all_columns; j += micro_columns) {
                    multiply(&buffers.a[i * depth], &buffers.b[j * depth], depth, &buffers.sums[i * all_columns + j],
                             all_columns);
                }
            }
        }
        for (std::size_t i = 0; i < rows; ++i) {
            const float* sums = &buffers.sums[i * all_columns];
            float* result = c + (i0 + i) * ldc + j0;
            for (std::size_t j = 0; j < columns; ++j) {
                result[j] = beta == 0 ? alpha * sums[j] : alpha * sums[j] + beta * result[j];
            }
        }
    });
}

} // namespace tf_standin
