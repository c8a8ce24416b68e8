// Batch normalization and instance normalization, which is a batch normalization of one image of N·C channels.
//
// Where channels are many or short, a team of threads does all for one channel in one launch: its second pass finds the numbers
// in a cache. Long channels are cut into parts, a block each: one launch makes the parts' sums, and every block of the next
// puts them together again, which takes less time than a launch of its own.
#include "channels.h"

// Where a channel's statistics go; null where there are none: an instance normalization has no gamma, beta and running
// statistics.
struct tf_norm_parameters {
    const float* gamma;
    const float* beta;
    float* mean;
    float* inverse_deviation;
    float* running_mean;
    float* running_variance;
    double momentum;
    float epsilon;
    int relu;
};

struct tf_norm_args {
    const float* x;
    float* y;
    tf_moments* parts; // [C, parts of a channel]
    tf_channels shape;
    tf_i64 part;       // The numbers of a part; the last may have fewer.
    tf_norm_parameters parameters;
};

struct tf_norm_gradient_args {
    const float* x;
    const float* dy;
    float* dx;
    float* dgamma;
    float* dbeta;
    float* sums; // [C, parts of a channel, 2]
    tf_channels shape;
    tf_i64 part;
    tf_norm_parameters parameters;
    int dx_adds, dgamma_adds, dbeta_adds;
    int batch_statistics;
};

TF_DEVICE tf_i64 tf_count(tf_channels shape) { return shape.images * shape.plane; }

TF_DEVICE tf_i64 tf_parts(tf_channels shape, tf_i64 part) { return tf_divide(tf_count(shape) + part - 1, part); }

TF_DEVICE tf_coefficients tf_coefficients_of(const tf_norm_parameters& p, tf_i64 channel, float mean, float inverse_deviation) {
    tf_coefficients c;
    c.mean = mean;
    c.scale = p.gamma ? p.gamma[channel] * inverse_deviation : inverse_deviation;
    c.shift = p.beta ? p.beta[channel] : 0.0f;
    return c;
}

TF_DEVICE float tf_inverse_deviation(float variance, float epsilon) { return 1.0f / tf_sqrt(variance + epsilon); }

// A channel's coefficients from its moments. One thread also writes its statistics.
TF_DEVICE tf_coefficients tf_use_statistics(const tf_norm_parameters& p, tf_i64 channel, double mean, double squares, double count, bool writes) {
    float inverse_deviation = tf_inverse_deviation((float)(squares / count), p.epsilon);
    if (writes) {
        p.mean[channel] = (float)mean;
        p.inverse_deviation[channel] = inverse_deviation;
        if (p.running_mean) {
            // The running variance is that of all images, estimated without bias.
            p.running_mean[channel] = (float)((1 - p.momentum) * p.running_mean[channel] + p.momentum * mean);
            p.running_variance[channel] = (float)((1 - p.momentum) * p.running_variance[channel] + p.momentum * (squares / (count - 1)));
        }
    }

    return tf_coefficients_of(p, channel, (float)mean, inverse_deviation);
}

// All of a channel -----------------------------------------------------------------------------------------------------------

template <class Team> TF_DEVICE void tf_normalize_channel(const tf_norm_args& a, float* shared) {
    tf_i64 channel = Team::number(), count = tf_count(a.shape);
    if (channel >= a.shape.channels) return;
    tf_moments moments = tf_moments_of<Team>(a.x, a.shape, channel, 0, count, shared);
    tf_coefficients c = tf_use_statistics(
        a.parameters, channel, (double)moments.base + moments.mean, moments.squares, (double)count, Team::rank() == 0);
    tf_normalize(a.x, a.y, a.shape, channel, Team::rank(), count, Team::size(), c, a.parameters.relu);
}

TF_KERNEL(256, tf_normalize_channel_by_warp, tf_norm_args a) { tf_normalize_channel<tf_warp_team>(a, nullptr); }

TF_KERNEL(256, tf_normalize_channel_by_block, tf_norm_args a) {
    TF_SHARED(float, shared, 32);
    tf_normalize_channel<tf_block_team>(a, shared);
}

// Parts of channels ----------------------------------------------------------------------------------------------------------

// The number and the channel of a block's part.
TF_DEVICE void tf_part_of_block(tf_channels shape, tf_i64 part, tf_i64* channel, tf_i64* number) {
    tf_i64 parts = tf_parts(shape, part);
    *channel = tf_divide(blockIdx.x, parts);
    *number = blockIdx.x - *channel * parts;
}

TF_KERNEL(256, tf_batch_statistics, tf_norm_args a) {
    TF_SHARED(float, shared, 32);
    tf_i64 channel, number;
    tf_part_of_block(a.shape, a.part, &channel, &number);
    tf_i64 begin = number * a.part, end = tf_min(begin + a.part, tf_count(a.shape));
    tf_moments moments = tf_moments_of<tf_block_team>(a.x, a.shape, channel, begin, end, shared);
    if (threadIdx.x == 0) a.parts[blockIdx.x] = moments;
}

// A warp puts the moments of a channel's parts together, in float64: they are few.
TF_DEVICE void tf_moments_of_parts(const tf_norm_args& a, tf_i64 channel, double* mean, double* squares) {
    tf_i64 count = tf_count(a.shape), parts = tf_parts(a.shape, a.part);
    const tf_moments* moments = a.parts + channel * parts;
    double sum = 0;
    for (tf_i64 i = threadIdx.x; i < parts; i += 32) {
        sum += (double)tf_min(a.part, count - i * a.part) * ((double)moments[i].base + moments[i].mean);
    }

    *mean = tf_warp_sum(sum) / (double)count;
    sum = 0;
    for (tf_i64 i = threadIdx.x; i < parts; i += 32) {
        double distance = (double)moments[i].base + moments[i].mean - *mean;
        sum += moments[i].squares + (double)tf_min(a.part, count - i * a.part) * distance * distance;
    }

    *squares = tf_warp_sum(sum);
}

TF_KERNEL(256, tf_batch_normalize, tf_norm_args a) {
    TF_SHARED(tf_coefficients, shared, 1);
    tf_i64 channel, number, count = tf_count(a.shape);
    tf_part_of_block(a.shape, a.part, &channel, &number);
    if (threadIdx.x < 32) {
        double mean, squares;
        tf_moments_of_parts(a, channel, &mean, &squares);
        if (threadIdx.x == 0) *shared = tf_use_statistics(a.parameters, channel, mean, squares, (double)count, number == 0);
    }

    __syncthreads();
    tf_i64 begin = number * a.part, end = tf_min(begin + a.part, count);
    tf_normalize(a.x, a.y, a.shape, channel, begin + threadIdx.x, end, blockDim.x, *shared, a.parameters.relu);
}

struct tf_inverse_deviations_args {
    const float* variance;
    float* inverse_deviation;
    tf_i64 count;
    float epsilon;
};

TF_KERNEL(256, tf_inverse_deviations, tf_inverse_deviations_args a) {
    TF_GRID_STRIDE(i, a.count) a.inverse_deviation[i] = tf_inverse_deviation(a.variance[i], a.epsilon);
}

// With running statistics; the mean among the parameters is the running one.
TF_KERNEL(256, tf_batch_normalize_with_running, tf_norm_args a) {
    tf_i64 channel, number;
    tf_part_of_block(a.shape, a.part, &channel, &number);
    float inverse_deviation = tf_inverse_deviation(a.parameters.running_variance[channel], a.parameters.epsilon);
    if (number == 0 && threadIdx.x == 0) a.parameters.inverse_deviation[channel] = inverse_deviation;
    tf_coefficients c = tf_coefficients_of(a.parameters, channel, a.parameters.mean[channel], inverse_deviation);
    tf_i64 begin = number * a.part, end = tf_min(begin + a.part, tf_count(a.shape));
    tf_normalize(a.x, a.y, a.shape, channel, begin + threadIdx.x, end, blockDim.x, c, a.parameters.relu);
}

// Gradients ------------------------------------------------------------------------------------------------------------------

// What a channel's sums Σ dz and Σ dz·(x − mean) bring back through the batch's mean and variance: nothing if the statistics were
// constants.
struct tf_corrections {
    float constant, slope;
};

// One thread also writes the gradients of gamma and beta.
TF_DEVICE tf_corrections tf_use_sums(const tf_norm_gradient_args& a, tf_i64 channel, float sum, float product, bool writes) {
    float inverse_deviation = a.parameters.inverse_deviation[channel], dgamma = product * inverse_deviation;
    if (writes && a.dgamma) a.dgamma[channel] = a.dgamma_adds ? a.dgamma[channel] + dgamma : dgamma;
    if (writes && a.dbeta) a.dbeta[channel] = a.dbeta_adds ? a.dbeta[channel] + sum : sum;
    float scale = a.parameters.gamma ? a.parameters.gamma[channel] * inverse_deviation : inverse_deviation;
    float each = a.batch_statistics ? scale / (float)tf_count(a.shape) : 0.0f;
    tf_corrections corrections;
    corrections.constant = each * sum;
    corrections.slope = each * inverse_deviation * dgamma;
    return corrections;
}

TF_DEVICE tf_coefficients tf_coefficients_used(const tf_norm_parameters& p, tf_i64 channel) {
    return tf_coefficients_of(p, channel, p.mean[channel], p.inverse_deviation[channel]);
}

template <class Team> TF_DEVICE void tf_normalize_channel_backward(const tf_norm_gradient_args& a, float* shared) {
    tf_i64 channel = Team::number(), count = tf_count(a.shape);
    if (channel >= a.shape.channels) return;
    tf_coefficients c = tf_coefficients_used(a.parameters, channel);
    float sums[2];
    tf_gradient_sums(a.x, a.dy, a.shape, channel, Team::rank(), count, Team::size(), c, a.parameters.relu, sums);
    Team::sum(sums, shared);
    tf_corrections corrections = tf_use_sums(a, channel, sums[0], sums[1], Team::rank() == 0);
    if (!a.dx) return;
    tf_input_gradient(
        a.x, a.dy, a.dx, a.dx_adds, a.shape, channel, Team::rank(), count, Team::size(), c, a.parameters.relu, corrections.constant,
        corrections.slope);
}

TF_KERNEL(256, tf_normalize_channel_by_warp_backward, tf_norm_gradient_args a) {
    tf_normalize_channel_backward<tf_warp_team>(a, nullptr);
}

TF_KERNEL(256, tf_normalize_channel_by_block_backward, tf_norm_gradient_args a) {
    TF_SHARED(float, shared, 64);
    tf_normalize_channel_backward<tf_block_team>(a, shared);
}

TF_KERNEL(256, tf_batch_gradient_sums, tf_norm_gradient_args a) {
    TF_SHARED(float, shared, 64);
    tf_i64 channel, number;
    tf_part_of_block(a.shape, a.part, &channel, &number);
    tf_i64 begin = number * a.part, end = tf_min(begin + a.part, tf_count(a.shape));
    tf_coefficients c = tf_coefficients_used(a.parameters, channel);
    float sums[2];
    tf_gradient_sums(a.x, a.dy, a.shape, channel, begin + threadIdx.x, end, blockDim.x, c, a.parameters.relu, sums);
    tf_block_sum(sums, shared);
    if (threadIdx.x == 0) {
        a.sums[2 * (tf_i64)blockIdx.x] = sums[0];
        a.sums[2 * (tf_i64)blockIdx.x + 1] = sums[1];
    }
}

// The sums of a channel's parts together, by a warp.
TF_DEVICE tf_corrections tf_use_parts(const tf_norm_gradient_args& a, tf_i64 channel, bool writes) {
    tf_i64 parts = tf_parts(a.shape, a.part);
    const float* sums = a.sums + 2 * channel * parts;
    double sum = 0, product = 0;
    for (tf_i64 i = threadIdx.x; i < parts; i += 32) {
        sum += sums[2 * i];
        product += sums[2 * i + 1];
    }

    sum = tf_warp_sum(sum);
    product = tf_warp_sum(product);
    return tf_use_sums(a, channel, (float)sum, (float)product, writes && threadIdx.x == 0);
}

TF_KERNEL(256, tf_batch_input_gradient, tf_norm_gradient_args a) {
    TF_SHARED(tf_corrections, shared, 1);
    tf_i64 channel, number;
    tf_part_of_block(a.shape, a.part, &channel, &number);
    if (threadIdx.x < 32) {
        tf_corrections corrections = tf_use_parts(a, channel, number == 0);
        if (threadIdx.x == 0) *shared = corrections;
    }

    __syncthreads();
    tf_i64 begin = number * a.part, end = tf_min(begin + a.part, tf_count(a.shape));
    tf_input_gradient(
        a.x, a.dy, a.dx, a.dx_adds, a.shape, channel, begin + threadIdx.x, end, blockDim.x, tf_coefficients_used(a.parameters, channel),
        a.parameters.relu, shared->constant, shared->slope);
}

// For a backward pass that knows of no activation: dx = dz.
TF_KERNEL(256, tf_gradient_behind_activation, tf_norm_gradient_args a) {
    tf_i64 channel, number;
    tf_part_of_block(a.shape, a.part, &channel, &number);
    tf_i64 begin = number * a.part, end = tf_min(begin + a.part, tf_count(a.shape));
    tf_coefficients c = tf_coefficients_used(a.parameters, channel);
    tf_channel_walk walk = tf_walk(a.shape, channel, begin + threadIdx.x, blockDim.x);
    for (tf_i64 i = begin + threadIdx.x; i < end; i += blockDim.x) {
        a.dx[walk.place] = tf_behind(a.x[walk.place] - c.mean, a.dy[walk.place], c, a.parameters.relu);
        tf_advance(walk);
    }
}

// Where the input's gradient is not wanted: a warp a channel.
TF_KERNEL(32, tf_batch_parameter_gradients, tf_norm_gradient_args a) { tf_use_parts(a, blockIdx.x, true); }
