// Images [N, C, H·W] channel by channel, as normalizations see them: a channel's numbers are N runs of H·W.
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
    tf_i64 place, pixel; // In the tensor; in the plane.
    tf_i64 places_each, pixels_each, plane, to_next_image;
};

TF_DEVICE tf_channel_walk tf_walk(tf_channels shape, tf_i64 channel, tf_i64 number, tf_i64 step) {
    tf_i64 image = tf_divide(number, shape.plane), images_each = tf_divide(step, shape.plane);
    tf_channel_walk walk;
    walk.pixel = number - image * shape.plane;
    walk.place = (image * shape.channels + channel) * shape.plane + walk.pixel;
    walk.pixels_each = step - images_each * shape.plane;
    walk.places_each = images_each * shape.channels * shape.plane + walk.pixels_each;
    walk.plane = shape.plane;
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

// A mean and a sum of squared distances from it; the mean is relative to a number of the set, so that a mean far from 0 costs
// no digits.
struct tf_moments {
    float base, mean, squares;
};

// The moments of numbers begin … end − 1 of a channel, summed by a team; there is at least one.
template <class Team>
TF_DEVICE tf_moments tf_moments_of(const float* x, tf_channels shape, tf_i64 channel, tf_i64 begin, tf_i64 end, float* shared) {
    float base = x[tf_walk(shape, channel, begin, 0).place];
    tf_i64 first = begin + Team::rank(), step = Team::size();
    float count = 0, mean = 0, squares = 0;
    if (first < end) {
        // Distances from one of the thread's own numbers. However far that is from the others, it is one of them, so that a
        // share of 1/n of its square is in the result too: the difference below loses a factor of n at most.
        tf_channel_walk walk = tf_walk(shape, channel, first, step);
        float pivot = x[walk.place], sum = 0;
        for (tf_i64 i = first; i < end; i += 4 * step) {
            float distances[4];
            for (int j = 0; j < 4; j++) {
                distances[j] = i + j * step < end ? x[walk.place] - pivot : 0.0f;
                tf_advance(walk);
            }

            for (int j = 0; j < 4; j++) {
                sum += distances[j];
                squares = tf_fma(distances[j], distances[j], squares);
            }
        }

        count = (float)(tf_divide(end - first - 1, step) + 1);
        mean = (pivot - base) + sum / count;
        squares -= sum * (sum / count);
        squares = squares < 0.0f ? 0.0f : squares;
    }

    float total[1] = {count * mean};
    Team::sum(total, shared);
    tf_moments moments;
    moments.base = base;
    moments.mean = total[0] / (float)(end - begin);
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

// Normalizes numbers first, first + step, … of a channel.
TF_DEVICE void tf_normalize(
    const float* x, float* y, tf_channels shape, tf_i64 channel, tf_i64 first, tf_i64 end, tf_i64 step, tf_coefficients c, int relu) {
    tf_channel_walk walk = tf_walk(shape, channel, first, step);
    for (tf_i64 i = first; i < end; i += 4 * step) {
        float values[4];
        tf_i64 places[4];
        for (int j = 0; j < 4; j++) {
            places[j] = i + j * step < end ? walk.place : -1;
            values[j] = places[j] < 0 ? 0.0f : x[places[j]];
            tf_advance(walk);
        }

        for (int j = 0; j < 4; j++) {
            if (places[j] >= 0) y[places[j]] = tf_normalized(values[j], c, relu);
        }
    }
}

// Σ dz and Σ dz·(x − mean) over a thread's numbers, where dz is the gradient behind the activation.
TF_DEVICE void tf_gradient_sums(
    const float* x, const float* dy, tf_channels shape, tf_i64 channel, tf_i64 first, tf_i64 end, tf_i64 step, tf_coefficients c, int relu,
    float (&sums)[2]) {
    sums[0] = sums[1] = 0;
    tf_channel_walk walk = tf_walk(shape, channel, first, step);
    for (tf_i64 i = first; i < end; i += 4 * step) {
        float distances[4], gradients[4];
        for (int j = 0; j < 4; j++) {
            bool valid = i + j * step < end;
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

// dx = scale·dz − constant − (x − mean)·slope.
TF_DEVICE void tf_input_gradient(
    const float* x, const float* dy, float* dx, int adds, tf_channels shape, tf_i64 channel, tf_i64 first, tf_i64 end, tf_i64 step,
    tf_coefficients c, int relu, float constant, float slope) {
    tf_channel_walk walk = tf_walk(shape, channel, first, step);
    for (tf_i64 i = first; i < end; i += 4 * step) {
        float values[4], gradients[4], before[4];
        tf_i64 places[4];
        for (int j = 0; j < 4; j++) {
            bool valid = i + j * step < end;
            places[j] = valid ? walk.place : -1;
            values[j] = valid ? x[walk.place] : 0.0f;
            gradients[j] = valid ? dy[walk.place] : 0.0f;
            before[j] = valid && adds ? dx[walk.place] : 0.0f;
            tf_advance(walk);
        }

        for (int j = 0; j < 4; j++) {
            float distance = values[j] - c.mean, gradient = tf_behind(distance, gradients[j], c, relu);
            float result = tf_fma(-distance, slope, tf_fma(gradient, c.scale, -constant));
            if (places[j] >= 0) dx[places[j]] = adds ? before[j] + result : result;
        }
    }
}
