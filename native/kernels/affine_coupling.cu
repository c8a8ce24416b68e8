// Affine couplings: with mask 1, y = x·e^s + t or (x + t)·e^s, s = scale·tanh(a), where a net gave a and t; with mask 0, y = x.
// What of y the next coupling keeps, y times another mask, is written besides if it is wanted; its gradient is part of y's.
// The forward pass takes an image, or a long part of one, a block and sums its log_det on the way.
#include "channels.h"
#include "math.h"

struct tf_coupling_operands {
    const float* input; // [N, C, H·W]: x going forward, y going back.
    const float* net;   // [N, 2C, H·W]: a, then t.
    const float* scale; // Null for 1; else [1], [C] or [C, H·W].
    const float* mask;  // [C, H·W]
    const float* keep;  // [C, H·W], the next coupling's; null if it takes care of that itself.
    tf_i64 image;       // C·H·W
    tf_i64 scale_group; // How many neighbours share an element of the scale: C·H·W, H·W or 1.
    int scale_first;    // x·e^s + t
};

struct tf_coupling_args {
    tf_coupling_operands operands;
    float* output;
    float* kept;  // [N, C, H·W], if there is a mask of it.
    float* sums;  // [N, parts of an image]: of s.
    tf_i64 part;  // The elements of a part.
    tf_i64 parts; // Of an image.
};

struct tf_coupling_gradient_args {
    tf_coupling_operands operands;
    const float *dy, *dkept; // The latter if there is a mask of it.
    const float* dlog_det; // [N]
    float* dx;
    float* dnet;
    float* dscale; // [parts of the batch, C·H·W]: of the images of a part together.
    tf_i64 images, part;
    int dx_adds, dnet_adds;
};

TF_DEVICE float tf_scale_at(const tf_coupling_operands& o, tf_i64 place) {
    return !o.scale ? 1.0f : o.scale[o.scale_group == 1 ? place : tf_divide(place, o.scale_group)];
}

TF_KERNEL(1024, tf_affine_coupling, tf_coupling_args a) {
    TF_SHARED(float, shared, 32);
    tf_i64 image = tf_divide(blockIdx.x, a.parts), begin = (blockIdx.x - image * a.parts) * a.part;
    tf_i64 end = tf_min(begin + a.part, a.operands.image);
    const float* x = a.operands.input + image * a.operands.image;
    const float* net = a.operands.net + 2 * image * a.operands.image;
    float* y = a.output + image * a.operands.image;
    float sum = 0;
    for (tf_i64 i = begin + threadIdx.x; i < end; i += blockDim.x) {
        float value = x[i];
        if (a.operands.mask[i] != 0.0f) {
            float log_scale = tf_scale_at(a.operands, i) * tf_tanh(net[i]), factor = tf_exp(log_scale), shift = net[a.operands.image + i];
            value = a.operands.scale_first ? tf_fma(value, factor, shift) : (value + shift) * factor;
            sum += log_scale;
        }

        y[i] = value;
        if (a.operands.keep) a.kept[image * a.operands.image + i] = value * a.operands.keep[i];
    }

    sum = tf_block_sum(sum, shared);
    if (threadIdx.x == 0) a.sums[blockIdx.x] = sum;
}

TF_KERNEL(256, tf_affine_coupling_inverse, tf_coupling_args a) {
    tf_i64 image = tf_divide(blockIdx.x, a.parts), begin = (blockIdx.x - image * a.parts) * a.part;
    tf_i64 end = tf_min(begin + a.part, a.operands.image);
    const float* y = a.operands.input + image * a.operands.image;
    const float* net = a.operands.net + 2 * image * a.operands.image;
    float* x = a.output + image * a.operands.image;
    for (tf_i64 i = begin + threadIdx.x; i < end; i += blockDim.x) {
        float value = y[i];
        if (a.operands.mask[i] != 0.0f) {
            float factor = tf_exp(-(tf_scale_at(a.operands, i) * tf_tanh(net[i]))), shift = net[a.operands.image + i];
            value = a.operands.scale_first ? (value - shift) * factor : tf_fma(value, factor, -shift);
        }

        x[i] = value;
    }
}

TF_DEVICE void tf_put(float* place, float value, int adds) { *place = adds ? *place + value : value; }

// A thread takes one place of an image, in all images of a part of the batch: so it sums the scale's gradient by itself.
TF_KERNEL(256, tf_affine_coupling_backward, tf_coupling_gradient_args a) {
    tf_i64 blocks = tf_divide(a.operands.image + blockDim.x - 1, blockDim.x), part = tf_divide(blockIdx.x, blocks);
    tf_i64 i = (blockIdx.x - part * blocks) * blockDim.x + threadIdx.x;
    if (i >= a.operands.image) return;
    tf_i64 end = tf_min((part + 1) * a.part, a.images);
    bool changes = a.operands.mask[i] != 0.0f;
    float scale = tf_scale_at(a.operands, i), keep = a.operands.keep ? a.operands.keep[i] : 0.0f, dscale = 0;
    for (tf_i64 image = part * a.part; image < end; image++) {
        tf_i64 place = image * a.operands.image + i, net = place + image * a.operands.image;
        float dy = a.operands.keep ? tf_fma(keep, a.dkept[place], a.dy[place]) : a.dy[place], dx = dy, da = 0, dt = 0;
        if (changes) {
            float tanh = tf_tanh(a.operands.net[net]), shift = a.operands.net[net + a.operands.image], x = a.operands.input[place];
            dx = dy * tf_exp(scale * tanh);
            float ds = tf_fma(dx, a.operands.scale_first ? x : x + shift, a.dlog_det[image]);
            da = ds * scale * tf_fma(-tanh, tanh, 1.0f);
            dt = a.operands.scale_first ? dy : dx;
            dscale = tf_fma(ds, tanh, dscale);
        }

        if (a.dx) tf_put(a.dx + place, dx, a.dx_adds);
        if (a.dnet) {
            tf_put(a.dnet + net, da, a.dnet_adds);
            tf_put(a.dnet + net + a.operands.image, dt, a.dnet_adds);
        }
    }

    if (a.dscale) a.dscale[part * a.operands.image + i] = dscale;
}
