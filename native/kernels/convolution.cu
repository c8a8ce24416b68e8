// What convolutions need besides cuDNN and cuBLAS: bias and its gradient, and images unfolded to matrices.
#include "device.h"

// y [N, C, pixels] += bias [C].
struct tf_add_bias_args {
    float* y;
    const float* bias;
    tf_i64 count, channels, pixels;
};

TF_KERNEL(256, tf_add_bias, tf_add_bias_args a) {
    TF_GRID_STRIDE(i, a.count) a.y[i] += a.bias[i / a.pixels % a.channels];
}

// sums [parts, C]: the sum of each part of each channel of dy [N, C, pixels]; count = N · pixels. One block a sum. Its
// threads stride over the part, then halves of them are added to halves.
struct tf_bias_gradient_args {
    const float* dy;
    float* sums;
    tf_i64 count, channels, pixels, part_count;
    int adds;
};

TF_KERNEL(256, tf_bias_gradient, tf_bias_gradient_args a) {
    TF_SHARED(float, sums, 256);
    tf_i64 channel = blockIdx.x % a.channels, part = blockIdx.x / a.channels;
    tf_i64 start = part * a.part_count, end = tf_min(start + a.part_count, a.count);
    float sum = 0;
    for (tf_i64 i = start + threadIdx.x; i < end; i += blockDim.x) {
        sum += a.dy[(i / a.pixels * a.channels + channel) * a.pixels + i % a.pixels];
    }
    sums[threadIdx.x] = sum;
    __syncthreads();
    for (tf_u32 half = 128; half > 0; half /= 2) {
        if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) a.sums[blockIdx.x] = (a.adds ? a.sums[blockIdx.x] : 0.0f) + sums[0];
}

// image [N, C, H, W] and its unfolding columns [N, C, R, S, H', W']: for each tap of the kernel the pixels that meet it,
// 0 in the padding.
struct tf_unfold_args {
    float* image;
    float* columns;
    int images, channels, height, width, output_height, output_width, kernel_height, kernel_width;
    int stride_y, stride_x, padding_y, padding_x;
    int adds;
};

TF_KERNEL(256, tf_unfold, tf_unfold_args a) {
    tf_i64 taps = (tf_i64)a.channels * a.kernel_height * a.kernel_width;
    tf_i64 count = taps * a.output_height * a.output_width * a.images;
    TF_GRID_STRIDE(i, count) {
        int column = (int)(i % a.output_width);
        tf_i64 rest = i / a.output_width;
        int row = (int)(rest % a.output_height);
        rest /= a.output_height;
        int s = (int)(rest % a.kernel_width);
        rest /= a.kernel_width;
        int r = (int)(rest % a.kernel_height);
        tf_i64 plane = rest / a.kernel_height;
        int y = row * a.stride_y + r - a.padding_y, x = column * a.stride_x + s - a.padding_x;
        bool inside = y >= 0 && y < a.height && x >= 0 && x < a.width;
        a.columns[i] = inside ? a.image[(plane * a.height + y) * a.width + x] : 0.0f;
    }
}

// The transpose of unfolding: a pixel is the sum of all places that it was copied to, tap after tap.
TF_KERNEL(256, tf_fold, tf_unfold_args a) {
    tf_i64 count = (tf_i64)a.images * a.channels * a.height * a.width;
    TF_GRID_STRIDE(i, count) {
        int x = (int)(i % a.width), y = (int)(i / a.width % a.height);
        tf_i64 plane = i / ((tf_i64)a.width * a.height);
        float sum = 0;
        for (int r = 0; r < a.kernel_height; r++) {
            int row = y + a.padding_y - r;
            if (row < 0 || row % a.stride_y != 0 || row / a.stride_y >= a.output_height) continue;
            row /= a.stride_y;
            for (int s = 0; s < a.kernel_width; s++) {
                int column = x + a.padding_x - s;
                if (column < 0 || column % a.stride_x != 0 || column / a.stride_x >= a.output_width) continue;
                column /= a.stride_x;
                tf_i64 tap = (plane * a.kernel_height + r) * a.kernel_width + s;
                sum += a.columns[(tap * a.output_height + row) * a.output_width + column];
            }
        }
        a.image[i] = (a.adds ? a.image[i] : 0.0f) + sum;
    }
}

// y [count] = the sum of each [terms, count] over the terms, in order.
struct tf_sum_terms_args {
    const float* each;
    float* y;
    tf_i64 count;
    int terms, adds;
};

TF_KERNEL(256, tf_sum_terms, tf_sum_terms_args a) {
    TF_GRID_STRIDE(i, a.count) {
        float sum = 0;
        for (tf_i64 term = 0; term < a.terms; term++) sum += a.each[term * a.count + i];
        a.y[i] = (a.adds ? a.y[i] : 0.0f) + sum;
    }
}
