// Batch normalization and instance normalization, which is a batch normalization of one image of N·C channels.
//
// Where channels are many or short, a team of threads does all for one channel in one launch: its second pass finds the numbers
// in a cache. Long channels are cut into parts, a block each: one launch makes the parts' sums, and every block of the next
// puts them together again, which takes less time than a launch of its own.
#include "channels.h"
#include "math.h"

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
    // Of a normalization on a flow's path alone: the batch's mean, what the running statistics are to become once all blocks have
    // read them, whether these are the ones to use, and whether they have the batch in them already.
    float* batch_mean;
    float* next_mean;
    float* next_variance;
    int uses_running, is_updated;
    const float* bias; // What x lacks: the batch's statistics take it away again.
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
    // Of a normalization on a flow's path: the gradient of log_det [N], and the batch's share in the statistics used.
    const float* dlog_det;
    float mean_share, variance_share;
    float* zero_bias; // Where the gradient of such a bias goes, unless it is added.
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

// The same on a flow's path.
TF_DEVICE tf_coefficients tf_use_flow_statistics(const tf_norm_parameters& p, tf_i64 channel, double mean, double squares, double count, bool writes) {
    double momentum = p.is_updated ? 0 : p.momentum;
    float next_mean = (float)((1 - momentum) * p.running_mean[channel] + momentum * mean);
    float next_variance = (float)((1 - momentum) * p.running_variance[channel] + momentum * (squares / (count - 1)));
    tf_coefficients c;
    c.mean = p.uses_running ? next_mean : (float)mean;
    c.scale = tf_inverse_deviation(p.uses_running ? next_variance : (float)(squares / count), p.epsilon);
    c.shift = 0.0f;
    if (writes) {
        p.batch_mean[channel] = (float)mean;
        p.next_mean[channel] = next_mean;
        p.next_variance[channel] = next_variance;
        p.mean[channel] = c.mean;
        p.inverse_deviation[channel] = c.scale;
    }

    return c;
}

// A channel's coefficients from its moments. One thread also writes its statistics.
TF_DEVICE tf_coefficients tf_use_statistics(const tf_norm_parameters& p, tf_i64 channel, double mean, double squares, double count, bool writes) {
    if (p.batch_mean) return tf_use_flow_statistics(p, channel, mean, squares, count, writes);
    float inverse_deviation = tf_inverse_deviation((float)(squares / count), p.epsilon);
    if (writes) {
        p.mean[channel] = (float)mean;
        p.inverse_deviation[channel] = inverse_deviation;
        if (p.running_mean) {
            // The running variance is that of all images, estimated without bias.
            double biased = p.bias ? mean + (double)p.bias[channel] : mean;
            p.running_mean[channel] = (float)((1 - p.momentum) * p.running_mean[channel] + p.momentum * biased);
            p.running_variance[channel] = (float)((1 - p.momentum) * p.running_variance[channel] + p.momentum * (squares / (count - 1)));
        }
    }

    return tf_coefficients_of(p, channel, (float)mean, inverse_deviation);
}

// All of a channel -----------------------------------------------------------------------------------------------------------

template <class Team> TF_DEVICE void tf_normalize_channel(const tf_norm_args& a, float* shared) {
    tf_run run = {a.shape, Team::number(), 0, (int)tf_count(a.shape)};
    if (run.channel >= a.shape.channels) return;
    tf_moments moments = tf_moments_of<Team>(a.x, run, shared);
    tf_coefficients c = tf_use_statistics(
        a.parameters, run.channel, (double)moments.base + moments.mean, moments.squares, (double)run.count, Team::rank() == 0);
    tf_normalize(a.x, a.y, run, Team::rank(), Team::size(), c, a.parameters.relu);
}

TF_KERNEL(256, tf_normalize_channel_by_warp, tf_norm_args a) { tf_normalize_channel<tf_warp_team>(a, nullptr); }

TF_KERNEL(256, tf_normalize_channel_by_block, tf_norm_args a) {
    TF_SHARED(float, shared, 32);
    tf_normalize_channel<tf_block_team>(a, shared);
}

// Parts of channels ----------------------------------------------------------------------------------------------------------

// A block's part of a channel. The block of the first part also writes what there is once a channel.
TF_DEVICE tf_run tf_part_of_block(tf_channels shape, tf_i64 part) {
    tf_i64 parts = tf_parts(shape, part);
    tf_run run;
    run.shape = shape;
    run.channel = tf_divide(blockIdx.x, parts);
    run.begin = (blockIdx.x - run.channel * parts) * part;
    run.count = (int)tf_min(part, tf_count(shape) - run.begin);
    return run;
}

TF_KERNEL(256, tf_batch_statistics, tf_norm_args a) {
    TF_SHARED(float, shared, 32);
    tf_moments moments = tf_moments_of<tf_block_team>(a.x, tf_part_of_block(a.shape, a.part), shared);
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
    tf_run run = tf_part_of_block(a.shape, a.part);
    if (threadIdx.x < 32) {
        double mean, squares;
        tf_moments_of_parts(a, run.channel, &mean, &squares);
        if (threadIdx.x == 0) {
            *shared = tf_use_statistics(a.parameters, run.channel, mean, squares, (double)tf_count(a.shape), run.begin == 0);
        }
    }

    __syncthreads();
    tf_normalize(a.x, a.y, run, (int)threadIdx.x, (int)blockDim.x, *shared, a.parameters.relu);
}

struct tf_flow_log_det_args {
    const float *inverse_deviation, *next_mean, *next_variance; // [C]
    float *running_mean, *running_variance;                     // [C]
    float* log_det;                                             // [N]
    tf_i64 channels, images;
    float plane;
};

// What follows a normalization on a flow's path: its log_det, and the running statistics; one block.
TF_KERNEL(256, tf_flow_log_det, tf_flow_log_det_args a) {
    TF_SHARED(float, shared, 32);
    float sum = 0.0f;
    TF_BLOCK_STRIDE(channel, a.channels) {
        sum += tf_log(a.inverse_deviation[channel]);
        a.running_mean[channel] = a.next_mean[channel];
        a.running_variance[channel] = a.next_variance[channel];
    }

    sum = a.plane * tf_block_sum(sum, shared);
    TF_BLOCK_STRIDE(image, a.images) a.log_det[image] = sum;
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
    tf_run run = tf_part_of_block(a.shape, a.part);
    float inverse_deviation = tf_inverse_deviation(a.parameters.running_variance[run.channel], a.parameters.epsilon);
    if (run.begin == 0 && threadIdx.x == 0) a.parameters.inverse_deviation[run.channel] = inverse_deviation;
    tf_coefficients c = tf_coefficients_of(a.parameters, run.channel, a.parameters.mean[run.channel], inverse_deviation);
    tf_normalize(a.x, a.y, run, (int)threadIdx.x, (int)blockDim.x, c, a.parameters.relu);
}

// Gradients ------------------------------------------------------------------------------------------------------------------

// One thread also writes the gradients of gamma and beta.
TF_DEVICE tf_corrections tf_use_sums(const tf_norm_gradient_args& a, tf_i64 channel, float sum, float product, bool writes) {
    float inverse_deviation = a.parameters.inverse_deviation[channel];
    if (a.dlog_det) {
        // As if the statistics were the batch's: what log_det adds to the gradient of the variance, the batch's share in what was
        // used, and the distance of the mean used from the batch's, around which the squares were.
        float dlog_det = 0.0f, distance = a.parameters.mean[channel] - a.parameters.batch_mean[channel];
        for (tf_i64 image = 0; image < a.shape.images; image++) dlog_det += a.dlog_det[image];
        product = a.variance_share * (product + (float)a.shape.plane * dlog_det / inverse_deviation);
        sum = tf_fma(inverse_deviation * inverse_deviation * product, distance, a.mean_share * sum);
    }

    float dgamma = product * inverse_deviation;
    if (writes && a.dgamma) a.dgamma[channel] = a.dgamma_adds ? a.dgamma[channel] + dgamma : dgamma;
    if (writes && a.dbeta) a.dbeta[channel] = a.dbeta_adds ? a.dbeta[channel] + sum : sum;
    if (writes && a.zero_bias) a.zero_bias[channel] = 0.0f;
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
    tf_run run = {a.shape, Team::number(), 0, (int)tf_count(a.shape)};
    if (run.channel >= a.shape.channels) return;
    tf_coefficients c = tf_coefficients_used(a.parameters, run.channel);
    float sums[2];
    tf_gradient_sums(a.x, a.dy, run, Team::rank(), Team::size(), c, a.parameters.relu, sums);
    Team::sum(sums, shared);
    tf_corrections corrections = tf_use_sums(a, run.channel, sums[0], sums[1], Team::rank() == 0);
    if (a.dx) tf_input_gradient(a.x, a.dy, a.dx, a.dx_adds, run, Team::rank(), Team::size(), c, a.parameters.relu, corrections);
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
    tf_run run = tf_part_of_block(a.shape, a.part);
    float sums[2];
    tf_gradient_sums(
        a.x, a.dy, run, (int)threadIdx.x, (int)blockDim.x, tf_coefficients_used(a.parameters, run.channel), a.parameters.relu, sums);
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
    tf_run run = tf_part_of_block(a.shape, a.part);
    if (threadIdx.x < 32) {
        tf_corrections corrections = tf_use_parts(a, run.channel, run.begin == 0);
        if (threadIdx.x == 0) *shared = corrections;
    }

    __syncthreads();
    tf_input_gradient(
        a.x, a.dy, a.dx, a.dx_adds, run, (int)threadIdx.x, (int)blockDim.x, tf_coefficients_used(a.parameters, run.channel), a.parameters.relu,
        *shared);
}

// For a backward pass that knows of no activation: dx = dz.
TF_KERNEL(256, tf_gradient_behind_activation, tf_norm_gradient_args a) {
    tf_run run = tf_part_of_block(a.shape, a.part);
    tf_coefficients c = tf_coefficients_used(a.parameters, run.channel);
    tf_channel_walk walk = tf_walk(run, (int)threadIdx.x, (int)blockDim.x);
    for (int i = (int)threadIdx.x; i < run.count; i += (int)blockDim.x) {
        a.dx[walk.place] = tf_behind(a.x[walk.place] - c.mean, a.dy[walk.place], c, a.parameters.relu);
        tf_advance(walk);
    }
}

// Where the input's gradient is not wanted: a warp a channel.
TF_KERNEL(32, tf_batch_parameter_gradients, tf_norm_gradient_args a) { tf_use_parts(a, blockIdx.x, true); }
