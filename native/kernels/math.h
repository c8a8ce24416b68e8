// Elementary functions in float32, of sums, products and fused multiply-adds alone, so that every compiler (clang and nvcc
// for the device, g++ for the emulator) gives the same bits, and no device library is linked. Compile with contraction off
// (-ffp-contract=off, --fmad=false): a product that is to be fused is written tf_fma.
//
// Beside each function stands its largest error in units in the last place, found by native/tests/math_test.cpp at every 61st
// of all floats; the test fails if one grows. NaN gives NaN, infinities and denormal numbers are handled as float64 does, and
// zeros keep their sign where the function is odd.
#pragma once
#include "device.h"

#define TF_INFINITY tf_from_bits(0x7f800000u)
#define TF_NAN tf_from_bits(0x7fc00000u)

// The larger; NaN if either is NaN.
TF_DEVICE float tf_max_or_nan(float a, float b) { return a > b || tf_is_nan(a) ? a : b; }

// The smaller; NaN if either is NaN.
TF_DEVICE float tf_min_or_nan(float a, float b) { return a < b || tf_is_nan(a) ? a : b; }

// 2^n for n from -126 to 127.
TF_DEVICE float tf_power_of_two(int n) { return tf_from_bits((tf_u32)(n + 127) << 23); }

// The integer next to x·log2(e), as a float and an int, for |x| < 2^20; a NaN gives a NaN and any int.
TF_DEVICE float tf_exponent(float x, int* n) {
    const float shift = 12582912.0f; // 1.5·2^23: the sum's last bit is a unit.
    float shifted = tf_fma(x, 1.44269504f, shift);
    *n = (int)(tf_bits(shifted) - 0x4b400000u);
    return shifted - shift;
}

// e^r − 1 of r = x − n·ln 2, |r| ≤ ½ ln 2, from the interpolation in Chebyshev's nodes that the CPU backend uses.
TF_DEVICE float tf_expm1_reduced(float x, float n) {
    // ln 2 in two parts. The first has so few bits that its product with an exponent is exact.
    float r = tf_fma(-n, -2.12194440e-4f, tf_fma(-n, 0.693359375f, x));
    float p = 1.98909882e-4f;
    p = tf_fma(p, r, 1.39336474e-3f);
    p = tf_fma(p, r, 8.33331048e-3f);
    p = tf_fma(p, r, 0.0416664667f);
    p = tf_fma(p, r, 0.166666672f);
    p = tf_fma(p, r, 0.5f);
    return tf_fma(r * r, p, r);
}

// e^x. 0.97 ulp.
TF_DEVICE float tf_exp(float x) {
    // Above 89 infinite; below −104 less than half the smallest denormal number. NaN passes both comparisons.
    x = x > 89.0f ? 89.0f : x;
    x = x < -104.0f ? -104.0f : x;
    int n;
    float whole = tf_exponent(x, &n);
    float mantissa = tf_expm1_reduced(x, whole) + 1.0f;
    // In two factors, since 2^n may overflow or be denormal where the result is not. A NaN may bring any n: it is kept in range.
    n = n < -152 || n > 129 ? 0 : n;
    int half = n / 2;
    return mantissa * tf_power_of_two(half) * tf_power_of_two(n - half);
}

// e^x − 1. 1.42 ulp.
TF_DEVICE float tf_expm1(float x) {
    if (x > 18.0f) return tf_exp(x) - 1.0f; // The 1 is less than a rounding.
    float inner = x < -20.0f ? -20.0f : x; // −1 from here on.
    int n;
    float whole = tf_exponent(inner, &n);
    n = n < -30 || n > 30 ? 0 : n;
    float power = tf_power_of_two(n);
    float result = tf_fma(power, tf_expm1_reduced(inner, whole), power - 1.0f);
    return x == 0.0f ? x : result;
}

// ln x + shift·ln 2 of a positive, finite, normal x.
TF_DEVICE float tf_log_of_normal(float x, float shift) {
    // x = m·2^e with m on [√½, √2).
    tf_u32 bits = tf_bits(x) - 0x3f3504f3u;
    int exponent = (int)bits >> 23;
    float f = tf_from_bits((bits & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
    float e = (float)exponent + shift, square = f * f;
    float p = 0.0697168112f;
    p = tf_fma(p, f, -0.114798367f);
    p = tf_fma(p, f, 0.116854429f);
    p = tf_fma(p, f, -0.12425676f);
    p = tf_fma(p, f, 0.142490536f);
    p = tf_fma(p, f, -0.166678026f);
    p = tf_fma(p, f, 0.200007156f);
    p = tf_fma(p, f, -0.24999997f);
    p = tf_fma(p, f, 0.333333313f);
    float tail = tf_fma(square, -0.5f, tf_fma(e, -2.12194440e-4f, p * (square * f)));
    return tf_fma(e, 0.693359375f, f + tail);
}

// ln x. 0.82 ulp.
TF_DEVICE float tf_log(float x) {
    if (!(x > 0.0f && x < TF_INFINITY)) return x == 0.0f ? -TF_INFINITY : x < 0.0f ? TF_NAN : x;
    int denormal = x < 1.17549435e-38f;
    return tf_log_of_normal(denormal ? x * 8388608.0f : x, denormal ? -23.0f : 0.0f);
}

// ln(1 + x). 1.44 ulp.
TF_DEVICE float tf_log1p(float x) {
    float sum = 1.0f + x;
    if (!(sum > 0.0f && x < TF_INFINITY)) return sum == 0.0f ? -TF_INFINITY : sum < 0.0f ? TF_NAN : x;
    if (tf_abs(x) < 2.9802322e-8f) return x; // 2^-25: the square is less than half a unit. The sign of 0 stays.
    // What the sum loses in rounding comes back as the first term of a Taylor series (exactly, by Knuth's two-sum).
    float in_sum = sum - 1.0f;
    float lost = (1.0f - (sum - in_sum)) + (x - in_sum);
    return tf_log_of_normal(sum, 0.0f) + lost / sum;
}

// tanh x. 1.31 ulp.
TF_DEVICE float tf_tanh(float x) {
    float size = tf_abs(x);
    float result;
    if (size < 0.625f) {
        // An odd polynomial, of Cephes' tanhf (S. Moshier).
        float square = size * size;
        float p = -5.70498872745e-3f;
        p = tf_fma(p, square, 2.06390887954e-2f);
        p = tf_fma(p, square, -5.37397155531e-2f);
        p = tf_fma(p, square, 1.33314422036e-1f);
        p = tf_fma(p, square, -3.33332819422e-1f);
        result = tf_fma(p * square, size, size);
    } else {
        float limited = size > 10.0f ? 10.0f : size; // 1 from 9.02 on.
        result = 1.0f - 2.0f / (tf_exp(2.0f * limited) + 1.0f);
    }

    return tf_copysign(result, x);
}

// 1 / (1 + e^−x), through e^−|x|, which cannot overflow. 1.48 ulp.
TF_DEVICE float tf_sigmoid(float x) {
    float e = tf_exp(-tf_abs(x)), numerator = x < 0.0f ? e : 1.0f;
    // The quotient of the rounded sum, then what the sum and the quotient lost.
    float sum = 1.0f + e, lost = e - (sum - 1.0f), inverse = 1.0f / sum, quotient = numerator * inverse;
    return tf_fma(tf_fma(-quotient, lost, tf_fma(-quotient, sum, numerator)), inverse, quotient);
}

// ln(1 + e^x), as max(x, 0) + ln(1 + e^−|x|). 1.94 ulp.
TF_DEVICE float tf_softplus(float x) {
    return tf_max_or_nan(x, 0.0f) + tf_log1p(tf_exp(-tf_abs(x)));
}

// ln(x / (1 − x)) on [0, 1], NaN beyond. 1.93 ulp.
TF_DEVICE float tf_logit(float x) {
    if (x < 1e-8f) return tf_log(x);
    // ±ln(1 + |2x − 1|/min(x, 1 − x)): no difference here loses digits, and the logarithm damps errors of what it is taken of.
    float rest = 1.0f - x, excess = tf_fma(2.0f, x, -1.0f);
    return x < 0.5f ? -tf_log1p(-excess / x) : tf_log1p(excess / rest);
}

// 1 / √x. 1.50 ulp.
TF_DEVICE float tf_rsqrt(float x) { return 1.0f / tf_sqrt(x); }

// sin 2πu and cos 2πu of a number of turns. 1.68 ulp.
TF_DEVICE float tf_sincos2pi(float u, float* cosine) {
    float size = tf_abs(u), turn = size - tf_floor(size); // Exact. An infinity gives NaN.
    // The nearest quarter turn, and what is left of it, exactly: at most an eighth of a turn.
    const float shift = 12582912.0f;
    float shifted = turn * 4.0f + shift;
    tf_u32 quarter = tf_bits(shifted) & 3u;
    float f = tf_fma(shifted - shift, -0.25f, turn), square = f * f;
    float s = 41.4727974f;
    s = tf_fma(s, square, -76.6978683f);
    s = tf_fma(s, square, 81.6052017f);
    s = tf_fma(s, square, -41.3417015f);
    s = tf_fma(s, square, 6.28318548f) * f;
    float c = -26.1191998f;
    c = tf_fma(c, square, 60.2404518f);
    c = tf_fma(c, square, -85.4567947f);
    c = tf_fma(c, square, 64.9393921f);
    c = tf_fma(c, square, -19.7392082f);
    c = tf_fma(c, square, 1.0f);
    // Quarters 1 and 3 exchange sine and cosine; 1 and 2 turn the cosine's sign.
    float sine = (quarter & 1u) != 0u ? c : s, other = (quarter & 1u) != 0u ? s : c;
    *cosine = quarter == 1u || quarter == 2u ? -other : other;
    // Quarters 2 and 3, and a negative number of turns.
    tf_u32 sign = (quarter << 30 ^ tf_bits(u)) & 0x80000000u;
    return tf_from_bits(tf_bits(sine) ^ sign);
}
