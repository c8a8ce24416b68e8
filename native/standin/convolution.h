// Convolutions of contiguous NCHW tensors and their gradients, by products of matrices.
#pragma once
#include "element.h"
#include <cstddef>

namespace tf_standin {

struct ConvolutionShape {
    int images, channels, height, width;            // x [N, C, H, W]
    int filters, filter_height, filter_width;       // w [K, C / groups, R, S]
    int out_height, out_width;                      // y [N, K, P, Q]
    int pad_height, pad_width, stride_height, stride_width, dilation_height, dilation_width;
    int groups;
    bool flipped; // the filter is turned by 180 degrees: a convolution in the sense of mathematics

    int group_channels() const { return channels / groups; }
    int group_filters() const { return filters / groups; }
    std::size_t taps() const { return static_cast<std::size_t>(group_channels()) * filter_height * filter_width; }
    std::size_t plane() const { return static_cast<std::size_t>(height) * width; }
    std::size_t out_plane() const { return static_cast<std::size_t>(out_height) * out_width; }
    std::size_t weights() const { return filters * taps(); }
};

struct ConvolutionHow {
    float alpha, beta; // result = alpha·(the sum) + beta·result
    Rounding rounding;
    unsigned threads;      // 0: one a core
    bool other_order;      // of the sums over images, for algorithms whose order changes from run to run
};

void convolve(const ConvolutionShape& shape, const float* x, const float* w, float* y, const ConvolutionHow& how);
void convolve_backward_data(const ConvolutionShape& shape, const float* w, const float* dy, float* dx,
                            const ConvolutionHow& how);
void convolve_backward_filter(const ConvolutionShape& shape, const float* x, const float* dy, float* dw,
                              const ConvolutionHow& how);

} // namespace tf_standin
