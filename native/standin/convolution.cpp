#include "convolution.h"
#include "../emulator/parallel.h"
#include "gemm.h"
#include <algorithm>
#include <vector>

namespace tf_standin {
namespace {

using tf_emulator::parallel_for;

// A convolution of single pixels: the columns are the image itself.
bool is_pointwise(const ConvolutionShape& s) {
    return s.filter_height == 1 && s.filter_width == 1 && s.pad_height == 0 && s.pad_width == 0 &&
           s.stride_height == 1 && s.stride_width == 1;
}

// Calls visit(tap, row of outputs, first and last output column within the image, input of output column 0) for each tap
// of the filter and each row of outputs whose input is within the image.
template <class Visit> void each_tap(const ConvolutionShape& s, Visit visit) {
    std::size_t tap = 0;
    for (int c = 0; c < s.group_channels(); ++c) {
        for (int r = 0; r < s.filter_height; ++r) {
            for (int q = 0; q < s.filter_width; ++q, ++tap) {
                int down = (s.flipped ? s.filter_height - 1 - r : r) * s.dilation_height - s.pad_height;
                int right = (s.flipped ? s.filter_width - 1 - q : q) * s.dilation_width - s.pad_width;
                // Output columns j with 0 <= j·stride + right < width.
                int first = right >= 0 ? 0 : (-right + s.stride_width - 1) / s.stride_width;
                int last = s.width <= right ? 0 : (s.width - 1 - right) / s.stride_width + 1;
                last = std::min(last, s.out_width);
                for (int i = 0; i < s.out_height; ++i) {
                    int row = i * s.stride_height + down;
                    bool inside = row >= 0 && row < s.height && first < last;
                    std::ptrdiff_t input = static_cast<std::ptrdiff_t>(c) * s.height * s.width +
                                           static_cast<std::ptrdiff_t>(row) * s.width + right;
                    visit(tap, i, inside ? first : 0, inside ? last : 0, input);
                }
            }
        }
    }
}

// columns [taps, P·Q] of one image and group.
void to_columns(const ConvolutionShape& s, const float* x, float* columns) {
    each_tap(s, [&](std::size_t tap, int i, int first, int last, std::ptrdiff_t input) {
        float* row = columns + tap * s.out_plane() + static_cast<std::size_t>(i) * s.out_width;
        std::fill(row, row + first, 0.0f);
        for (int j = first; j < last; ++j) row[j] = x[input + static_cast<std::ptrdiff_t>(j) * s.stride_width];
        std::fill(row + last, row + s.out_width, 0.0f);
    });
}

// The transpose of it: x [C, H, W] = the sums of what the columns hold for each pixel.
void from_columns(const ConvolutionShape& s, const float* columns, float* x) {
    std::fill(x, x + s.group_channels() * s.plane(), 0.0f);
    each_tap(s, [&](std::size_t tap, int i, int first, int last, std::ptrdiff_t input) {
        const float* row = columns + tap * s.out_plane() + static_cast<std::size_t>(i) * s.out_width;
        for (int j = first; j < last; ++j) x[input + static_cast<std::ptrdiff_t>(j) * s.stride_width] += row[j];
    });
}

Matrix rows_of(const float* data, std::size_t columns) { return {data, static_cast<std::ptrdiff_t>(columns), 1}; }

// Where an image's group begins.
const float* input_of(const ConvolutionShape& s, const float* x, std::size_t image, int group) {
    return x + (image * s.channels + static_cast<std::size_t>(group) * s.group_channels()) * s.plane();
}

const float* output_of(const ConvolutionShape& s, const float* y, std::size_t image, int group) {
    return y + (image * s.filters + static_cast<std::size_t>(group) * s.group_filters()) * s.out_plane();
}

const float* filters_of(const ConvolutionShape& s, const float* w, int group) {
    return w + static_cast<std::size_t>(group) * s.group_filters() * s.taps();
}

// An image's columns: the image itself, or put into the buffer.
const float* columns_of(const ConvolutionShape& s, const float* x, std::vector<float>& buffer) {
    if (is_pointwise(s)) return x;
    buffer.resize(s.taps() * s.out_plane());
    to_columns(s, x, buffer.data());
    return buffer.data();
}

// Batches are shared out by images; a single image by the tiles of its products.
unsigned threads_over_images(const ConvolutionShape& s, const ConvolutionHow& how) { return s.images > 1 ? how.threads : 1; }

} // namespace

void convolve(const ConvolutionShape& s, const float* x, const float* w, float* y, const ConvolutionHow& how) {
    parallel_for(s.images, threads_over_images(s, how), [&](std::size_t image) {
        static thread_local std::vector<float> buffer;
        for (int g = 0; g < s.groups; ++g) {
            const float* columns = columns_of(s, input_of(s, x, image, g), buffer);
            gemm(s.group_filters(), s.out_plane(), s.taps(), how.alpha, rows_of(filters_of(s, w, g), s.taps()),
                 rows_of(columns, s.out_plane()), how.beta, const_cast<float*>(output_of(s, y, image, g)),
                 s.out_plane(), how.rounding, how.threads);
        }
    });
}

void convolve_backward_data(const ConvolutionShape& s, const float* w, const float* dy, float* dx,
                            const ConvolutionHow& how) {
    parallel_for(s.images, threads_over_images(s, how), [&](std::size_t image) {
        static thread_local std::vector<float> columns, sums;
        for (int g = 0; g < s.groups; ++g) {
            Matrix filters = rows_of(filters_of(s, w, g), s.taps()).transposed();
            Matrix outputs = rows_of(output_of(s, dy, image, g), s.out_plane());
            float* result = const_cast<float*>(input_of(s, dx, image, g));
            if (is_pointwise(s)) {
                gemm(s.taps(), s.out_plane(), s.group_filters(), how.alpha, filters, outputs, how.beta, result,
                     s.out_plane(), how.rounding, how.threads);
                continue;
            }
            columns.resize(s.taps() * s.out_plane());
            gemm(s.taps(), s.out_plane(), s.group_filters(), 1, filters, outputs, 0, columns.data(), s.out_plane(),
                 how.rounding, how.threads);
            sums.resize(s.group_channels() * s.plane());
            from_columns(s, columns.data(), sums.data());
            for (std::size_t i = 0; i < sums.size(); ++i) {
                result[i] = how.beta == 0 ? how.alpha * sums[i] : how.alpha * sums[i] + how.beta * result[i];
            }
        }
    });
}

void convolve_backward_filter(const ConvolutionShape& s, const float* x, const float* dy, float* dw,
                              const ConvolutionHow& how) {
    // The images' contributions are added up in parts, whose number does not depend on the threads.
    constexpr int most_parts = 4;
    int parts = std::min(s.images, most_parts);
    std::vector<std::vector<float>> sums(parts);
    parallel_for(parts, parts > 1 ? how.threads : 1, [&](std::size_t part) {
        static thread_local std::vector<float> buffer;
        sums[part].resize(s.weights());
        std::size_t first = part * s.images / parts, last = (part + 1) * s.images / parts;
        for (std::size_t image = first; image < last; ++image) {
            for (int g = 0; g < s.groups; ++g) {
                const float* columns = columns_of(s, input_of(s, x, image, g), buffer);
                gemm(s.group_filters(), s.taps(), s.out_plane(), 1,
                     rows_of(output_of(s, dy, image, g), s.out_plane()), rows_of(columns, s.out_plane()).transposed(),
                     image == first ? 0 : 1, const_cast<float*>(filters_of(s, sums[part].data(), g)), s.taps(),
                     how.rounding, how.threads);
            }
        }
    });
    if (how.other_order) std::reverse(sums.begin(), sums.end());
    for (std::size_t i = 0; i < s.weights(); ++i) {
        float sum = 0;
        for (const std::vector<float>& part : sums) sum += part[i];
        dw[i] = how.beta == 0 ? how.alpha * sum : how.alpha * sum + how.beta * dw[i];
    }
}

} // namespace tf_standin
