// Coupling by a monotone rational-quadratic spline of K bins on [−3, 3], the identity beyond (Durkan et al. 2019, section 3.1).
#include "element_coupling.h"

// As in SplineLimits: beyond [−box, box] the identity; the least share of the box that a bin has; what a derivative is at least.
#define TF_BOX 3.0f
#define TF_SMALLEST_BIN 1e-3f
#define TF_SMALLEST_DERIVATIVE 1e-3f

// A softmax of K logits: share k is e^(logit k − largest)·factor.
struct tf_softmax {
    float largest, factor;
};

// The bin that holds a value: its number, its corner, its size, and the derivatives at its two knots; its share and that of all
// bins before it together in the softmax of widths, and in that of heights; what the derivatives are made of.
struct tf_bin {
    tf_softmax widths, heights;
    int index;
    float left, bottom, width, height, slope, first, second;
    float width_share, height_share, width_before, height_before, raw_first, raw_second;
};

// One bin's curve at one place: the fraction θ of the width is mapped to the fraction N/D of the height, with t = 1 − θ,
// N = s·θ² + d₀·θt and D = s·(θ² + t²) + (d₀ + d₁)·θt, where s is height over width. All sums but those of gradients are of
// terms that are not negative, so that nothing cancels.
struct tf_curve {
    float slope, first, second, theta, rest, product, numerator, denominator, quadratic;
};

TF_DEVICE int tf_bins(tf_parameters p) { return (p.count + 1) / 3; }

// What the smallest sizes of all bins leave of the box.
TF_DEVICE float tf_free(int bins) { return 2 * TF_BOX * (1 - bins * TF_SMALLEST_BIN); }

TF_DEVICE tf_softmax tf_softmax_of(tf_parameters p, int first, int bins) {
    tf_softmax softmax;
    softmax.largest = -TF_INFINITY;
    for (int k = 0; k < bins; k++) softmax.largest = tf_max(softmax.largest, tf_parameter(p, first + k));
    float sum = 0;
    for (int k = 0; k < bins; k++) sum += tf_exp(tf_parameter(p, first + k) - softmax.largest);
    softmax.factor = 1.0f / sum;
    return softmax;
}

TF_DEVICE float tf_share_of(tf_softmax softmax, float logit) { return tf_exp(logit - softmax.largest) * softmax.factor; }

// Rounding may put a place a little outside its bin.
TF_DEVICE float tf_fraction(float value) { return value < 0.0f ? 0.0f : value > 1.0f ? 1.0f : value; }

TF_DEVICE tf_bin tf_find_bin(float value, bool by_height, tf_parameters p) {
    int bins = tf_bins(p);
    float free = tf_free(bins), width_before = 0, height_before = 0;
    tf_bin bin = {};
    bin.widths = tf_softmax_of(p, 0, bins);
    bin.heights = tf_softmax_of(p, bins, bins);
    for (int k = 0; k < bins; k++) {
        // Where there is no bin before, and with a NaN anywhere, none is too far.
        float corner = tf_fma((float)k, 2 * TF_BOX * TF_SMALLEST_BIN, -TF_BOX);
        float left = tf_fma(free, width_before, corner), bottom = tf_fma(free, height_before, corner);
        if (k > 0 && value < (by_height ? bottom : left)) break;
        bin.index = k;
        bin.left = left;
        bin.bottom = bottom;
        bin.width_before = width_before;
        bin.height_before = height_before;
        bin.width_share = tf_share_of(bin.widths, tf_parameter(p, k));
        bin.height_share = tf_share_of(bin.heights, tf_parameter(p, bins + k));
        width_before += bin.width_share;
        height_before += bin.height_share;
    }

    bin.width = tf_fma(free, bin.width_share, 2 * TF_BOX * TF_SMALLEST_BIN);
    bin.height = tf_fma(free, bin.height_share, 2 * TF_BOX * TF_SMALLEST_BIN);
    bin.slope = bin.height / bin.width;
    bin.first = bin.second = 1.0f;
    if (bin.index > 0) {
        bin.raw_first = tf_parameter(p, 2 * bins + bin.index - 1);
        bin.first = tf_softplus(bin.raw_first) + TF_SMALLEST_DERIVATIVE;
    }

    if (bin.index + 1 < bins) {
        bin.raw_second = tf_parameter(p, 2 * bins + bin.index);
        bin.second = tf_softplus(bin.raw_second) + TF_SMALLEST_DERIVATIVE;
    }

    return bin;
}

TF_DEVICE tf_curve tf_curve_at(const tf_bin& bin, float x) {
    tf_curve c;
    c.slope = bin.slope;
    c.first = bin.first;
    c.second = bin.second;
    c.theta = tf_fraction((x - bin.left) / bin.width);
    c.rest = 1.0f - c.theta;
    c.product = c.theta * c.rest;
    float square = c.theta * c.theta, rest_square = c.rest * c.rest;
    c.numerator = tf_fma(c.slope, square, c.first * c.product);
    c.denominator = tf_fma(c.slope, square + rest_square, (c.first + c.second) * c.product);
    c.quadratic = tf_fma(c.second, square, tf_fma(2.0f * c.slope, c.product, c.first * rest_square));
    return c;
}

// log ∂y/∂x = log(Q·s²/D²), Q = d₁·θ² + 2s·θt + d₀·t² (equation 5).
TF_DEVICE float tf_log_slope(const tf_curve& c) {
    // In this order the product overflows only where the slope itself does.
    float ratio = c.slope / c.denominator;
    return tf_log(c.quadratic * ratio * ratio);
}

// From a gradient with respect to N/D and one with respect to log ∂y/∂x to those with respect to θ, s, d₀ and d₁.
struct tf_curve_gradient {
    float dtheta, dslope, dfirst, dsecond;
};

TF_DEVICE tf_curve_gradient tf_gradient_of(const tf_curve& c, float dvalue, float dlog_slope) {
    float square = c.theta * c.theta, rest_square = c.rest * c.rest, by_denominator = 1.0f / c.denominator, by_quadratic = 1.0f / c.quadratic;
    float ends = c.first + c.second, scaled = dvalue * by_denominator * by_denominator;
    float log_scaled = dlog_slope * by_denominator, log_by_quadratic = dlog_slope * by_quadratic;
    float twist = 2.0f * (c.second * c.theta - c.first * c.rest + c.slope * (c.rest - c.theta));
    float bend = (ends - 2.0f * c.slope) * (c.rest - c.theta);
    tf_curve_gradient g;
    g.dtheta = scaled * c.slope * c.quadratic + log_by_quadratic * twist - 2.0f * log_scaled * bend;
    g.dslope = c.product * (scaled * (c.second * square - c.first * rest_square) + 2.0f * (log_scaled * ends / c.slope + log_by_quadratic));
    g.dfirst = scaled * c.product * (c.slope * rest_square + c.second * c.product) + log_by_quadratic * rest_square - 2.0f * log_scaled * c.product;
    g.dsecond = log_by_quadratic * square - scaled * c.product * c.numerator - 2.0f * log_scaled * c.product;
    return g;
}

// From the gradients with respect to the shares of the bins before, and of the bin itself, to those of all logits.
TF_DEVICE void tf_softmax_gradient(
    float dbefore, float dshare, float before, float share, tf_softmax softmax, tf_parameters p, int first, int bins, int index, tf_sink sink) {
    float mean = tf_fma(dbefore, before, dshare * share);
    for (int k = 0; k < bins; k++) {
        float gradient = k < index ? dbefore : k == index ? dshare : 0.0f;
        tf_put(sink, first + k, tf_share_of(softmax, tf_parameter(p, first + k)) * (gradient - mean));
    }
}

struct tf_spline_map {
    TF_DEVICE float forward(float x, tf_parameters p, float* log_slope) {
        if (!(tf_abs(x) < TF_BOX)) {
            *log_slope = x - x; // 0, or NaN if x is no number.
            return x;
        }

        tf_bin bin = tf_find_bin(x, false, p);
        tf_curve curve = tf_curve_at(bin, x);
        *log_slope = tf_log_slope(curve);
        return tf_fma(bin.height, curve.numerator / curve.denominator, bin.bottom);
    }

    // θ of a fraction η of the height, the root of a quadratic equation (equations 6 to 8). With u = 1 − η and q = d₀·u − d₁·η its
    // discriminant is q² + 4s²·ηu, which is never negative in this form, as b² − 4ac can be once rounded; and each branch
    // has a quotient of terms that are not negative.
    TF_DEVICE float inverse(float y, tf_parameters p) {
        if (!(tf_abs(y) < TF_BOX)) return y;
        tf_bin bin = tf_find_bin(y, true, p);
        float eta = tf_fraction((y - bin.bottom) / bin.height), rest = 1.0f - eta, difference = bin.first * rest - bin.second * eta;
        float low = 2.0f * bin.slope * eta, high = 2.0f * bin.slope * rest;
        float root = tf_sqrt(tf_fma(difference, difference, low * high)) + tf_abs(difference);
        float theta = difference > 0.0f ? low / (root + low) : root / (root + high);
        return tf_fma(bin.width, theta, bin.left);
    }

    TF_DEVICE float gradient(float x, float dy, float dlog_slope, tf_parameters p, tf_sink sink) {
        if (!(tf_abs(x) < TF_BOX)) {
            for (int k = 0; sink.first && !sink.adds && k < p.count; k++) tf_put(sink, k, 0.0f);
            return dy;
        }

        tf_bin bin = tf_find_bin(x, false, p);
        tf_curve curve = tf_curve_at(bin, x);
        tf_curve_gradient g = tf_gradient_of(curve, dy * bin.height, dlog_slope);
        float dx = g.dtheta / bin.width;
        if (sink.first) {
            // θ = (x − left)/width and slope = height/width; y = bottom + height·value. The bin's left edge is the sum of the widths
            // before it, and so with heights.
            int bins = tf_bins(p);
            float free = tf_free(bins), dwidth = -tf_fma(g.dtheta, curve.theta, g.dslope * bin.slope) / bin.width;
            float dheight = tf_fma(dy, curve.numerator / curve.denominator, g.dslope / bin.width);
            tf_softmax_gradient(free * -dx, free * dwidth, bin.width_before, bin.width_share, bin.widths, p, 0, bins, bin.index, sink);
            tf_softmax_gradient(free * dy, free * dheight, bin.height_before, bin.height_share, bin.heights, p, bins, bins, bin.index, sink);
            float dfirst = g.dfirst * tf_sigmoid(bin.raw_first), dsecond = g.dsecond * tf_sigmoid(bin.raw_second);
            for (int k = 0; k + 1 < bins; k++) {
                // The knot between bins k and k + 1.
                tf_put(sink, 2 * bins + k, k + 1 == bin.index ? dfirst : k == bin.index ? dsecond : 0.0f);
            }
        }

        return dx;
    }
};

TF_ELEMENT_COUPLING(tf_rational_quadratic_coupling, tf_spline_map)
