// Coupling by a mixture of K logistics (Ho et al. 2019, Flow++): y = logit(F(x))·e^r + t, F = Σ π·σ((x − μ)·e^−s), r = 2·tanh(a/2).
//
// Sums of exponentials are taken relative to their largest exponent, so that nothing underflows, and every log σ(u) in them is
// min(u, 0) − log(1 + e^−|u|), whose second part is a factor of the sum: an element needs two logarithms in all. Components are
// read, and their terms computed, as often as they are needed: caches and arithmetic are cheaper than a thread's own memory.
#include "element_coupling.h"

// A component's log scale below this counts as this, and has no gradient (LogisticMixtureLimits.SmallestLogScale).
#define TF_SMALLEST_LOG_SCALE -7.0f

// The affine map's log scale is this times tanh(a / this) (LogisticMixtureLimits.LargestAffineLogScale).
#define TF_LARGEST_AFFINE_LOG_SCALE 2.0f

// Bounds have to be finite for their middle to be a number, even where e^s of a wide component is not.
#define TF_FAR 1e30f

struct tf_component {
    float logit, mean, log_scale, inverse_scale;
    int is_log_scale_free;
};

// The sums over the components, each in two parts: log F = largest_cumulative + log cumulative − (largest_weight + log weight), and so
// on for 1 − F and F'.
struct tf_mixture_sums {
    float largest_weight, weight, largest_cumulative, cumulative, largest_survival, survival, largest_density, density;
};

// A component's terms at a place: u, σ(u) and σ(−u), and its parts of the three sums.
struct tf_mixture_terms {
    float u, below, above, cumulative, survival, density;
};

TF_DEVICE int tf_components(tf_parameters p) { return (p.count - 2) / 3; }

TF_DEVICE tf_component tf_component_of(tf_parameters p, int components, int k) {
    float raw = tf_parameter(p, 2 + 2 * components + k);
    tf_component component;
    component.logit = tf_parameter(p, 2 + k);
    component.mean = tf_parameter(p, 2 + components + k);
    component.is_log_scale_free = raw > TF_SMALLEST_LOG_SCALE;
    component.log_scale = raw < TF_SMALLEST_LOG_SCALE ? TF_SMALLEST_LOG_SCALE : raw; // NaN stays.
    component.inverse_scale = tf_exp(-component.log_scale);
    return component;
}

// Weights are relative to the largest.
TF_DEVICE tf_mixture_sums tf_weights(tf_parameters p, int components) {
    tf_mixture_sums sums = {};
    sums.largest_weight = -TF_INFINITY;
    for (int k = 0; k < components; k++) sums.largest_weight = tf_max(sums.largest_weight, tf_parameter(p, 2 + k));
    for (int k = 0; k < components; k++) sums.weight += tf_exp(tf_parameter(p, 2 + k) - sums.largest_weight);
    return sums;
}

TF_DEVICE tf_mixture_terms tf_terms(tf_component c, float x, const tf_mixture_sums& sums) {
    tf_mixture_terms terms;
    terms.u = (x - c.mean) * c.inverse_scale;
    float distance = tf_abs(terms.u), small = tf_exp(-distance), share = 1.0f / (1.0f + small), smaller = small * share;
    bool positive = terms.u > 0.0f;
    terms.below = positive ? share : smaller;
    terms.above = positive ? smaller : share;
    terms.cumulative = tf_exp(c.logit + tf_min(0.0f, terms.u) - sums.largest_cumulative) * share;
    terms.survival = tf_exp(c.logit - tf_max(0.0f, terms.u) - sums.largest_survival) * share;
    terms.density = tf_exp(c.logit - distance - c.log_scale - sums.largest_density) * share * share;
    return terms;
}

TF_DEVICE void tf_evaluate(float x, tf_parameters p, int components, tf_mixture_sums& sums) {
    sums.largest_cumulative = sums.largest_survival = sums.largest_density = -TF_INFINITY;
    for (int k = 0; k < components; k++) {
        tf_component c = tf_component_of(p, components, k);
        float u = (x - c.mean) * c.inverse_scale;
        sums.largest_cumulative = tf_max(sums.largest_cumulative, c.logit + tf_min(0.0f, u));
        sums.largest_survival = tf_max(sums.largest_survival, c.logit - tf_max(0.0f, u));
        sums.largest_density = tf_max(sums.largest_density, c.logit - tf_abs(u) - c.log_scale);
    }

    sums.cumulative = sums.survival = sums.density = 0;
    for (int k = 0; k < components; k++) {
        tf_mixture_terms terms = tf_terms(tf_component_of(p, components, k), x, sums);
        sums.cumulative += terms.cumulative;
        sums.survival += terms.survival;
        sums.density += terms.density;
    }
}

// logit F.
TF_DEVICE float tf_logit_of(const tf_mixture_sums& s) {
    return s.largest_cumulative - s.largest_survival + tf_log(s.cumulative / s.survival);
}

// log of logit F's derivative, F' / (F·(1 − F)).
TF_DEVICE float tf_log_slope(const tf_mixture_sums& s) {
    return (s.largest_density - s.largest_cumulative) + (s.largest_weight - s.largest_survival) +
           tf_log(s.density * s.weight / (s.cumulative * s.survival));
}

// r, and the tanh in it.
TF_DEVICE float tf_affine_log_scale(tf_parameters p, float* tanh) {
    *tanh = tf_tanh(tf_parameter(p, 0) * (1 / TF_LARGEST_AFFINE_LOG_SCALE));
    return *tanh * TF_LARGEST_AFFINE_LOG_SCALE;
}

struct tf_mixture_map {
    TF_DEVICE float forward(float x, tf_parameters p, float* log_slope) {
        int components = tf_components(p);
        tf_mixture_sums sums = tf_weights(p, components);
        tf_evaluate(x, p, components, sums);
        float tanh, log_scale = tf_affine_log_scale(p, &tanh);
        *log_slope = tf_log_slope(sums) + log_scale;
        return tf_fma(tf_logit_of(sums), tf_exp(log_scale), tf_parameter(p, 1));
    }

    // Solves logit F(x) = z by Newton's method within bounds, and by their middle wherever a step would leave them or not at least
    // halve the step before (rtsafe of Press et al., Numerical Recipes, section 9.4). Each thread stops by itself.
    TF_DEVICE float inverse(float y, tf_parameters p) {
        const int most_steps = 128;           // Halving alone takes the bounds close together, whatever they were.
        const float last_step_from = 1e-5f;   // Newton's method squares errors: the next one is below the logit's own of 1e-6.
        int components = tf_components(p);
        float tanh, z = (y - tf_parameter(p, 1)) * tf_exp(-tf_affine_log_scale(p, &tanh));
        tf_mixture_sums sums = tf_weights(p, components);

        // Where a component by itself has u = z: logit F = z in between.
        float low = TF_FAR, high = -TF_FAR;
        for (int k = 0; k < components; k++) {
            tf_component c = tf_component_of(p, components, k);
            float at = tf_fma(z, tf_min(TF_FAR, tf_exp(c.log_scale)), c.mean);
            at = tf_max(-TF_FAR, tf_min(TF_FAR, at));
            low = tf_min(low, at);
            high = tf_max(high, at);
        }

        float x = tf_fma(high - low, 0.5f, low), step = high - low, tolerance = last_step_from * (1.0f + tf_abs(z));
        for (int i = 0; i < most_steps; i++) {
            tf_evaluate(x, p, components, sums);
            float error = tf_logit_of(sums) - z, newton = error * tf_exp(-tf_log_slope(sums)), next = x - newton;
            if (error > 0.0f) high = x;
            else low = x;

            // A NaN compares false and leads to the middle.
            bool is_last = tf_abs(error) < tolerance;
            if (!(low < next && next < high && tf_abs(newton) < 0.5f * tf_abs(step))) next = is_last ? x : tf_fma(high - low, 0.5f, low);
            step = next - x;
            x = next;
            if (is_last) break;
        }

        return x;
    }

    TF_DEVICE float gradient(float x, float dy, float dlog_slope, tf_parameters p, tf_sink sink) {
        int components = tf_components(p);
        tf_mixture_sums sums = tf_weights(p, components);
        tf_evaluate(x, p, components, sums);
        float tanh, scaled = dy * tf_exp(tf_affine_log_scale(p, &tanh));
        if (sink.first) {
            tf_put(sink, 0, tf_fma(scaled, tf_logit_of(sums), dlog_slope) * tf_fma(-tanh, tanh, 1.0f));
            tf_put(sink, 1, dy);
        }

        // With respect to log F, log(1 − F) and log F', each over its sum: a component's parts of the sums are then its shares.
        float by_cumulative = (scaled - dlog_slope) / sums.cumulative, by_survival = (-scaled - dlog_slope) / sums.survival;
        float by_density = dlog_slope / sums.density, by_weight = dlog_slope / sums.weight, dx = 0;
        for (int k = 0; k < components; k++) {
            tf_component c = tf_component_of(p, components, k);
            tf_mixture_terms terms = tf_terms(c, x, sums);
            float in_cumulative = by_cumulative * terms.cumulative, in_survival = by_survival * terms.survival;
            float in_density = by_density * terms.density;
            float du = tf_fma(in_cumulative, terms.above, tf_fma(-in_survival, terms.below, in_density * (terms.above - terms.below)));
            float by_scale = du * c.inverse_scale;
            dx += by_scale;
            if (sink.first) {
                // The shares of all components in the three add up to −dlog_slope, which the weights' normalizer takes back.
                float weight = tf_exp(c.logit - sums.largest_weight);
                tf_put(sink, 2 + k, tf_fma(by_weight, weight, in_cumulative + in_survival + in_density));
                tf_put(sink, 2 + components + k, -by_scale);
                tf_put(sink, 2 + 2 * components + k, c.is_log_scale_free ? -tf_fma(du, terms.u, in_density) : 0.0f);
            }
        }

        return dx;
    }
};

TF_ELEMENT_COUPLING(tf_logistic_mixture_coupling, tf_mixture_map)
