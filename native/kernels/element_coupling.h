// Couplings that map each changed element of an image by itself, with parameters of its own that a net gave. The changed elements
// of an image are neighbours; each of their parameters is a run as long, so that a warp reads whole lines.
//
// A map is a struct with
//     static float forward(float x, tf_parameters, float* log_slope)             y and log ∂y/∂x
//     static float inverse(float y, tf_parameters)                               x
//     static float gradient(float x, float dy, float dlog_slope, tf_parameters, tf_sink)   dx; the parameters' go to the sink
#pragma once
#include "math.h"
#include "teams.h"

struct tf_element_operands {
    const float* input; // [N, D]: x going forward, y going back.
    const float* net;   // [N, parameters, changed]
    tf_i64 image, first, changed;
    tf_i64 part, parts; // The changed elements of a block; the blocks of an image.
    int parameters;     // Of an element.
};

struct tf_element_args {
    tf_element_operands operands;
    float* output;
    float* sums; // [N, parts]: of log ∂y/∂x.
};

struct tf_element_gradient_args {
    tf_element_operands operands;
    const float* dy;
    const float* dlog_det; // [N]
    float* dx;
    float* dnet;
    int dx_adds, dnet_adds;
};

// An element's parameters.
struct tf_parameters {
    const float* first;
    tf_i64 stride;
    int count;
};

TF_DEVICE float tf_parameter(tf_parameters p, int number) { return p.first[number * p.stride]; }

// Where the gradients of an element's parameters go; nowhere if null.
struct tf_sink {
    float* first;
    tf_i64 stride;
    int adds;
};

TF_DEVICE void tf_put(float* place, float value, int adds) { *place = adds ? *place + value : value; }

TF_DEVICE void tf_put(tf_sink sink, int number, float value) { tf_put(sink.first + number * sink.stride, value, sink.adds); }

// A block's share: its image, and which of the changed elements.
struct tf_share {
    tf_i64 image, begin, end, part;
};

TF_DEVICE tf_share tf_share_of_block(const tf_element_operands& o) {
    tf_share share;
    share.image = blockIdx.x / o.parts;
    share.part = blockIdx.x - share.image * o.parts;
    share.begin = share.part * o.part;
    share.end = tf_min(share.begin + o.part, o.changed);
    return share;
}

TF_DEVICE tf_parameters tf_parameters_at(const tf_element_operands& o, tf_i64 image, tf_i64 element) {
    tf_parameters p;
    p.first = o.net + image * o.parameters * o.changed + element;
    p.stride = o.changed;
    p.count = o.parameters;
    return p;
}

// Copies a block's share of what is not changed of its image, or adds it.
TF_DEVICE void tf_keep(const tf_element_operands& o, tf_share share, const float* from, float* to, int adds) {
    tf_i64 start = share.image * o.image, kept = o.image - o.changed, step = o.parts * blockDim.x;
    for (tf_i64 i = share.part * blockDim.x + threadIdx.x; i < kept; i += step) {
        tf_i64 place = start + (i < o.first ? i : i + o.changed);
        tf_put(to + place, from[place], adds);
    }
}

template <class Map> TF_DEVICE void tf_couple(const tf_element_args& a, float* shared) {
    tf_share share = tf_share_of_block(a.operands);
    tf_i64 start = share.image * a.operands.image + a.operands.first;
    float sum = 0;
    for (tf_i64 i = share.begin + threadIdx.x; i < share.end; i += blockDim.x) {
        float log_slope;
        a.output[start + i] = Map::forward(a.operands.input[start + i], tf_parameters_at(a.operands, share.image, i), &log_slope);
        sum += log_slope;
    }

    tf_keep(a.operands, share, a.operands.input, a.output, 0);
    sum = tf_block_sum(sum, shared);
    if (threadIdx.x == 0) a.sums[blockIdx.x] = sum;
}

template <class Map> TF_DEVICE void tf_couple_inverse(const tf_element_args& a) {
    tf_share share = tf_share_of_block(a.operands);
    tf_i64 start = share.image * a.operands.image + a.operands.first;
    for (tf_i64 i = share.begin + threadIdx.x; i < share.end; i += blockDim.x) {
        a.output[start + i] = Map::inverse(a.operands.input[start + i], tf_parameters_at(a.operands, share.image, i));
    }

    tf_keep(a.operands, share, a.operands.input, a.output, 0);
}

template <class Map> TF_DEVICE void tf_couple_backward(const tf_element_gradient_args& a) {
    tf_share share = tf_share_of_block(a.operands);
    tf_i64 start = share.image * a.operands.image + a.operands.first;
    float dlog_det = a.dlog_det[share.image];
    for (tf_i64 i = share.begin + threadIdx.x; i < share.end; i += blockDim.x) {
        tf_sink sink;
        sink.first = a.dnet ? a.dnet + share.image * a.operands.parameters * a.operands.changed + i : nullptr;
        sink.stride = a.operands.changed;
        sink.adds = a.dnet_adds;
        float dx = Map::gradient(a.operands.input[start + i], a.dy[start + i], dlog_det, tf_parameters_at(a.operands, share.image, i), sink);
        if (a.dx) tf_put(a.dx + start + i, dx, a.dx_adds);
    }

    if (a.dx) tf_keep(a.operands, share, a.dy, a.dx, a.dx_adds);
}

// The three kernels of a map.
#define TF_ELEMENT_COUPLING(name, Map)                                                                                       \
    TF_KERNEL(512, name, tf_element_args a) {                                                                                \
        TF_SHARED(float, shared, 32);                                                                                        \
        tf_couple<Map>(a, shared);                                                                                           \
    }                                                                                                                        \
    TF_KERNEL(256, name##_inverse, tf_element_args a) { tf_couple_inverse<Map>(a); }                                         \
    TF_KERNEL(256, name##_backward, tf_element_gradient_args a) { tf_couple_backward<Map>(a); }
