// Images [N, C, H·W] channel by channel, as normalizations see them: a channel's numbers are N runs of H·W. Threads that work
// together take a run of them, begin … begin + count − 1, of so few (ChannelCut.cs) that 32 bits count them.
#pragma once
#include "teams.h"

struct tf_channels {
    tf_i64 images, channels, plane;
};

// a / b of numbers that are not negative; 64-bit divisions are slow, and hardly ever needed.
TF_DEVICE tf_i64 tf_divide(tf_i64 a, tf_i64 b) {
    return ((a | b) >> 32) == 0 ? (tf_i64)((tf_u32)a / (tf_u32)b) : a / b;
}

// A place in a channel, which moves on by a fixed number of the channel's numbers without dividing again.
struct tf_channel_walk {
    tf_i64 place, places_each, to_next_image; // In the tensor.
    int pixel, pixels_each, plane;            // In the plane.
};

TF_DEVICE tf_channel_walk tf_walk(tf_channels shape, tf_i64 channel, tf_i64 number, int step) {
    tf_i64 image = tf_divide(number, shape.plane), images_each = tf_divide(step, shape.plane);
    tf_channel_walk walk;
    walk.pixel = (int)(number - image * shape.plane);
    walk.place = (image * shape.channels + channel) * shape.plane + walk.pixel;
    walk.pixels_each = (int)(step - images_each * shape.plane);
    walk.places_each = images_each * shape.channels * shape.plane + walk.pixels_each;
    walk.plane = (int)shape.plane;
    walk.to_next_image = (shape.channels - 1) * shape.plane;
    return walk;
}

TF_DEVICE void tf_advance(tf_channel_walk& walk) {
    walk.place += walk.places_each;
    walk.pixel += walk.pixels_each;
    if (walk.pixel >= walk.plane) {
        walk.pixel -= walk.plane;
        walk.place += walk.to_next_image;
    }
}

// Some of a channel's numbers.
struct tf_run {
    tf_channels shape;
    tf_i64 channel, begin;
    int count;
};

// Number first of a run, then every step-th.
TF_DEVICE tf_channel_walk tf_walk(const tf_run& run, int first, int step) {
    return tf_walk(run.shape, run.channel, run.begin + first, step);
}

// A mean and a sum of squared distances from it; the mean is relative to a number of the set, so that a mean far from 0 costs
// no digits.
struct tf_moments {
    float base, mean, squares;
};

// The moments of a run, which is not empty, summed by a team.
template <class Team> TF_DEVICE tf_moments tf_moments_of(const float* x, tf_run run, float* shared) {
    float base = x[tf_walk(run, 0, 0).place];
    int first = Team::rank(), step = Team::size();
    float count = 0, mean = 0, squares = 0;
    if (first < run.count) {
        // Distances from one of the thread's own numbers. However far that is from the others, it is one of them, so that a
        // share of 1/n of its square is in the result too: the difference below loses a factor of n at most.
        tf_channel_walk walk = tf_walk(run, first, step);
        float pivot = x[walk.place], sum = 0;
        for (int i = first; i < run.count; i += 4 * step) {
            float distances[4];
            for (int j = 0; j < 4; j++) {
                distances[j] = i + j * step < run.count ? x[walk.place] - pivot : 0.0f;
                tf_advance(walk);
            }

            for (int j = 0; j < 4; j++) {
                sum += distances[j];
                squares = tf_fma(distances[j], distances[j], squares);
            }
        }

        count = (float)((run.count - first - 1) / step + 1);
        mean = (pivot - base) + sum / count;
        squares -= sum * (sum / count);
        squares = squares < 0.0f ? 0.0f : squares;
    }

    float total[1] = {count * mean};
    Team::sum(total, shared);
    tf_moments moments;
    moments.base = base;
    moments.mean = total[0] / (float)run.count;
    float distance = mean - moments.mean;
    total[0] = tf_fma(count * distance, distance, squares);
    Team::sum(total, shared);
    moments.squares = total[0];
    return moments;
}

// What a channel's numbers need: before the activation y = (x − mean)·scale + shift, the same expression in the forward and the
// backward pass, so that both agree on what the activation lets through.
struct tf_coefficients {
    float mean, scale, shift;
};

TF_DEVICE float tf_normalized(float x, tf_coefficients c, int relu) {
    float y = tf_fma(x - c.mean, c.scale, c.shift);
    return relu && y < 0.0f ? 0.0f : y; // NaN stays.
}

// The gradient behind the activation.
TF_DEVICE float tf_behind(float distance, float dy, tf_coefficients c, int relu) {
    return !relu || tf_fma(distance, c.scale, c.shift) > 0.0f ? dy : 0.0f;
}

// Normalizes every step-th number of a run.
TF_DEVICE void tf_normalize(const float* x, float* y, tf_run run, int first, int step, tf_coefficients c, int relu) {
    tf_channel_walk walk = tf_walk(run, first, step);
    for (int i = first; i < run.count; i += 4 * step) {
        float values[4];
        tf_i64 places[4];
        for (int j = 0; j < 4; j++) {
            places[j] = i + j * step < run.count ? walk.place : -1;
            values[j] = places[j] < 0 ? 0.0f : x[places[j]];
            tf_advance(walk);
        }

        for (int j = 0; j < 4; j++) {
            if (places[j] >= 0) y[places[j]] = tf_normalized(values[j], c, relu);
        }
    }
}

// Σ dz and Σ dz·(x − mean) over every step-th number of a run, where dz is the gradient behind the activation.
TF_DEVICE void tf_gradient_sums(
    const float* x, const float* dy, tf_run run, int first, int step, tf_coefficients c, int relu, float (&sums)[2]) {
    sums[0] = sums[1] = 0;
    tf_channel_walk walk = tf_walk(run, first, step);
    for (int i = first; i < run.count; i += 4 * step) {
        float distances[4], gradients[4];
        for (int j = 0; j < 4; j++) {
            bool valid = i + j * step < run.count;
            distances[j] = valid ? x[walk.place] - c.mean : 0.0f;
            gradients[j] = valid ? dy[walk.place] : 0.0f;
            tf_advance(walk);
        }

        for (int j = 0; j < 4; j++) {
            float gradient = tf_behind(distances[j], gradients[j], c, relu);
            sums[0] += gradient;
            sums[1] = tf_fma(gradient, distances[j], sums[1]);
        }
    }
}

// What a channel's sums Σ dz and Σ dz·(x − mean) bring back through the batch's mean and variance: nothing if the statistics were
// constants.
struct tf_corrections {
    float constant, slope;
};

// dx = scale·dz − constant − (x − mean)·slope at every step-th number of a run.
TF_DEVICE void tf_input_gradient(
    const float* x, const float* dy, float* dx, int adds, tf_run run, int first, int step, tf_coefficients c, int relu,
    tf_corrections corrections) {
    tf_channel_walk walk = tf_walk(run, first, step);
    for (int i = first; i < run.count; i += 4 * step) {
        float values[4], gradients[4], before[4];
        tf_i64 places[4];
        for (int j = 0; j < 4; j++) {
            bool valid = i + j * step < run.count;
            places[j] = valid ? walk.place : -1;
            values[j] = valid ? x[walk.place] : 0.0f;
            gradients[j] = valid ? dy[walk.place] : 0.0f;
            before[j] = valid && adds ? dx[walk.place] : 0.0f;
            tf_advance(walk);
        }

        for (int j = 0; j < 4; j++) {
            float distance = values[j] - c.mean, gradient = tf_behind(distance, gradients[j], c, relu);
            float result = tf_fma(-distance, corrections.slope, tf_fma(gradient, c.scale, -corrections.constant));
            if (places[j] >= 0) dx[places[j]] = adds ? before[j] + result : result;
        }
    }
}
