// Sums of each image: log-likelihoods under a standard normal, and what kernels that cut images into parts have summed.
#include "sums.h"

struct tf_gaussian_args {
    const float* z; // [N, D]
    float* sums;    // [N, parts of an image]
    tf_i64 image, part, parts;
    float scale, offset; // Of the result.
};

struct tf_gaussian_gradient_args {
    const float* z;
    const float* dlog_prob;
    float* dz;
    tf_i64 image, part, parts;
    int adds;
};

struct tf_sum_parts_args {
    const float* parts; // [N, parts of an image]
    float* y;           // [N]
    tf_i64 images, count;
    float scale, offset;
};

// scale·Σ z² + offset of a part of an image.
TF_KERNEL(1024, tf_gaussian_log_prob, tf_gaussian_args a) {
    TF_SHARED(float, shared, 32);
    tf_i64 image = blockIdx.x / a.parts, begin = (blockIdx.x - image * a.parts) * a.part, end = tf_min(begin + a.part, a.image);
    const float* z = a.z + image * a.image;
    float sum = 0;
    for (tf_i64 i = begin + threadIdx.x; i < end; i += blockDim.x) sum = tf_fma(z[i], z[i], sum);
    sum = tf_block_sum(sum, shared);
    if (threadIdx.x == 0) a.sums[blockIdx.x] = tf_fma(sum, a.scale, a.offset);
}

TF_KERNEL(256, tf_gaussian_log_prob_backward, tf_gaussian_gradient_args a) {
    tf_i64 image = blockIdx.x / a.parts, begin = (blockIdx.x - image * a.parts) * a.part, end = tf_min(begin + a.part, a.image);
    float gradient = a.dlog_prob[image];
    for (tf_i64 i = image * a.image + begin + threadIdx.x; i < image * a.image + end; i += blockDim.x) {
        float dz = -a.z[i] * gradient;
        a.dz[i] = a.adds ? a.dz[i] + dz : dz;
    }
}

// y = scale·Σ + offset over an image's parts, a thread an image.
TF_KERNEL(256, tf_sum_image_parts, tf_sum_parts_args a) {
    TF_GRID_STRIDE(image, a.images) {
        double sum = 0;
        for (tf_i64 i = 0; i < a.count; i++) sum += a.parts[image * a.count + i];
        a.y[image] = (float)(a.scale * sum + a.offset);
    }
}
