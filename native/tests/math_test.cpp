// The largest errors of math.h's functions against the C library's float64, in units in the last place of float32.
//     math_test [step]: every step-th of all 2^32 floats (61: half a minute; 1009: a second).
// Prints one line a function; exit status 1 if one is worse than it promises, or wrong at a special value.
#include "../kernels/math.h"
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

const double Pi = 3.14159265358979323846;

struct Function {
    const char* name;
    float (*computed)(float);
    double (*exact)(double);
    double promised;
};

double sigmoid(double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
double softplus(double x) { return std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x))); }
double logit(double x) { return x > 0.25 && x < 0.75 ? 2 * std::atanh(2 * x - 1) : std::log(x) - std::log1p(-x); }
double rsqrt(double x) { return 1 / std::sqrt(x); }
double whole_turn(double u) { return std::remainder(u, 1.0); }
double sine(double u) {
    double r = whole_turn(u);
    return std::fabs(r) > 0.25 ? std::copysign(std::sin(2 * Pi * (0.5 - std::fabs(r))), r) : std::sin(2 * Pi * r);
}
double cosine(double u) { return std::sin(2 * Pi * (0.25 - std::fabs(whole_turn(u)))); }

float computed_sine(float u) { float c; return tf_sincos2pi(u, &c); }
float computed_cosine(float u) { float c; tf_sincos2pi(u, &c); return c; }

const Function Functions[] = {
    {"exp", [](float x) { return tf_exp(x); }, [](double x) { return std::exp(x); }, 0.97},
    {"expm1", [](float x) { return tf_expm1(x); }, [](double x) { return std::expm1(x); }, 1.42},
    {"log", [](float x) { return tf_log(x); }, [](double x) { return std::log(x); }, 0.82},
    {"log1p", [](float x) { return tf_log1p(x); }, [](double x) { return std::log1p(x); }, 1.44},
    {"tanh", [](float x) { return tf_tanh(x); }, [](double x) { return std::tanh(x); }, 1.31},
    {"sigmoid", [](float x) { return tf_sigmoid(x); }, sigmoid, 1.48},
    {"softplus", [](float x) { return tf_softplus(x); }, softplus, 1.94},
    {"logit", [](float x) { return tf_logit(x); }, logit, 1.93},
    {"rsqrt", [](float x) { return tf_rsqrt(x); }, rsqrt, 1.5},
    {"sin2pi", computed_sine, sine, 1.68},
    {"cos2pi", computed_cosine, cosine, 1.68},
};

// The distance between neighbouring floats at a number.
double unit_at(double x) {
    int exponent;
    std::frexp(x, &exponent);
    return std::ldexp(1.0, (exponent < -125 ? -125 : exponent) - 24);
}

// In units in the last place; infinite where one is NaN, or infinite, and the other is not.
double error_at(const Function& f, float x) {
    float found = f.computed(x);
    double exact = f.exact(x);
    float rounded = (float)exact;
    if (std::isnan(rounded) || std::isnan(found)) return std::isnan(rounded) && std::isnan(found) ? 0 : INFINITY;
    if (x == 0 && std::signbit(rounded) != std::signbit(found)) return INFINITY;
    if (std::isinf(rounded) && rounded == found) return 0;
    if (std::isinf(rounded) != std::isinf(found)) {
        // A result that rounds to infinity may be the largest number, and the other way round: one unit apart.
        return std::fabs(exact) > 3.4028234e38 && std::fabs(found) > 3.4028234e38 ? 1 : INFINITY;
    }

    return std::fabs((double)found - exact) / unit_at(exact);
}

} // namespace

int main(int count, char** arguments) {
    unsigned long long step = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 1009;
    const float special[] = {0.0f, -0.0f, 1.0f, -1.0f, 0.5f, 0.25f, 0.75f, INFINITY, -INFINITY, NAN, 1e-45f, -1e-45f, 1.17549435e-38f, 3.4028235e38f, -3.4028235e38f, 88.72284f, -103.97f, 16777216.0f, 16777217.0f, 0.99999994f};
    int failures = 0;
    for (const Function& f : Functions) {
        double worst = 0;
        float where = 0;
        auto check = [&](float x) {
            double error = error_at(f, x);
            if (error > worst) worst = error, where = x;
        };
        for (float x : special) check(x);
        for (unsigned long long bits = 0; bits < 1ull << 32; bits += step) {
            unsigned word = (unsigned)bits;
            float x;
            std::memcpy(&x, &word, sizeof x);
            check(x);
        }

        bool good = worst <= f.promised;
        failures += !good;
        std::printf("%-9s %.3f ulp at %.9g%s\n", f.name, worst, where, good ? "" : "  FAILED");
    }

    return failures > 0;
}
