// Log-likelihoods of images under a standard normal, log p(z) = −½·Σ z² − ½·D·log 2π: a block an image, or a long part of one.
#include "teams.h"

struct tf_gaussian_args {
    const float* z; // [N, D]
    float* sums;    // [N, parts of an image]
    tf_i64 image, part, parts;
    float scale, offset; // −½; −½·D·log 2π, which the first part takes.
};

struct tf_gaussian_gradient_args {
    const float* z;
    const float* dlog_prob; // [N]
    float* dz;
    tf_i64 image, part, parts;
    int adds;
};

TF_KERNEL(1024, tf_gaussian_log_prob, tf_gaussian_args a) {
    TF_SHARED(float, shared, 32);
    tf_i64 image = blockIdx.x / a.parts, part = blockIdx.x - image * a.parts, end = tf_min((part + 1) * a.part, a.image);
    const float* z = a.z + image * a.image;
    float sum = 0;
    for (tf_i64 i = part * a.part + threadIdx.x; i < end; i += blockDim.x) sum = tf_fma(z[i], z[i], sum);
    sum = tf_block_sum(sum, shared);
    if (threadIdx.x == 0) a.sums[blockIdx.x] = tf_fma(sum, a.scale, part == 0 ? a.offset : 0.0f);
}

TF_KERNEL(256, tf_gaussian_log_prob_backward, tf_gaussian_gradient_args a) {
    tf_i64 image = blockIdx.x / a.parts, part = blockIdx.x - image * a.parts, end = tf_min((part + 1) * a.part, a.image);
    float gradient = a.dlog_prob[image];
    for (tf_i64 i = image * a.image + part * a.part + threadIdx.x; i < image * a.image + end; i += blockDim.x) {
        float dz = -a.z[i] * gradient;
        a.dz[i] = a.adds ? a.dz[i] + dz : dz;
    }
}
