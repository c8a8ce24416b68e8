// cuDNN: batch normalization by its older functions.
#include "call.h"
#include "cudnn.h"
#include "memory.h"
#include <cmath>

using namespace tf_standin;
using namespace tf_standin::cudnn;

namespace {

constexpr int per_activation = 0, spatial_persistent = 2;

// Which numbers of x [N, C, H, W] share a mean and a variance: those of a channel, or those of a place in the images.
struct Groups {
    int images, channels, plane;
    bool spatial;

    int count() const { return spatial ? channels : channels * plane; }
    int members() const { return spatial ? images * plane : images; }

    // Where the member of a group is in the contiguous tensor.
    std::size_t place(int group, int member) const {
        if (!spatial) return static_cast<std::size_t>(member) * channels * plane + group;
        std::size_t image = member / plane, pixel = member % plane;
        return (image * channels + group) * plane + pixel;
    }
};

int find_groups(int mode, const Tensor& x, const Tensor& parameters, Groups* groups) {
    if (mode < per_activation || mode > spatial_persistent) return fail(status_bad_param, "an unknown mode");
    bool spatial = mode != per_activation;
    *groups = {x.size[0], x.size[1], x.size[2] * x.size[3], spatial};
    std::array<int, 4> expected = {1, x.size[1], spatial ? 1 : x.size[2], spatial ? 1 : x.size[3]};
    if (parameters.size != expected) return fail(status_bad_param, "parameters of the wrong size");
    if (parameters.type != ElementType::float32) return fail(status_not_supported_data_type, "parameters are float32");
    return status_success;
}

// What both forward passes are given.
struct Operands {
    std::shared_ptr<Library> library;
    std::shared_ptr<Tensor> x, y, parameters;
    Groups groups;
};

int find_operands(void* handle, int mode, void* x, void* y, void* parameters, double epsilon, Operands* found) {
    *found = {find_library(handle), find_tensor(x), find_tensor(y), find_tensor(parameters), {}};
    if (found->library == nullptr || found->x == nullptr || found->y == nullptr || found->parameters == nullptr) {
        return fail(status_bad_param, "a descriptor is not set");
    }
    if (int error = find_groups(mode, *found->x, *found->parameters, &found->groups)) return error;
    return found->x->size != found->y->size || epsilon < 0 ? fail(status_bad_param, "x and y differ, or epsilon < 0") : status_success;
}

float combined(float alpha, float value, float beta, const float& old) {
    return beta == 0 ? alpha * value : alpha * value + beta * old;
}

struct Moments {
    double mean, variance;
};

Moments moments_of(const Groups& groups, int group, const float* x) {
    double sum = 0, squares = 0;
    for (int i = 0; i < groups.members(); ++i) sum += x[groups.place(group, i)];
    double mean = sum / groups.members();
    for (int i = 0; i < groups.members(); ++i) {
        double distance = x[groups.place(group, i)] - mean;
        squares += distance * distance;
    }
    return {mean, squares / groups.members()};
}

bool are_parameters(const Tensor& tensor, std::initializer_list<const void*> all) {
    for (const void* one : all) {
        if (one != nullptr && !is_in_device_memory(tensor, one)) return false;
    }
    return true;
}

float* at(void* numbers, int i) { return static_cast<float*>(numbers) + i; }
float at(const void* numbers, int i) { return static_cast<const float*>(numbers)[i]; }

} // namespace

TF_API int cudnnBatchNormalizationForwardTraining(void* handle, int mode, const void* alpha, const void* beta, void* xd,
                                                  const void* x, void* yd, void* y, void* pd, const void* scale,
                                                  const void* bias, double factor, void* running_mean,
                                                  void* running_variance, double epsilon, void* saved_mean,
                                                  void* saved_deviation) {
    static Call call("cudnnBatchNormalizationForwardTraining");
    if (int error = call.begin_library()) return error;
    Operands given;
    if (int error = find_operands(handle, mode, xd, yd, pd, epsilon, &given)) return error;
    Groups groups = given.groups;
    if ((running_mean == nullptr) != (running_variance == nullptr)) return fail(status_bad_param, "one running statistic");
    if ((saved_mean == nullptr) != (saved_deviation == nullptr)) return fail(status_bad_param, "one saved statistic");
    float a = *static_cast<const float*>(alpha), b = *static_cast<const float*>(beta);
    return submit(*given.library, "cudnnBatchNormalizationForwardTraining",
                  [=, xt = *given.x, yt = *given.y, pt = *given.parameters]() -> Ending {
        if (!is_in_device_memory(xt, x) || !is_in_device_memory(yt, y)) return outside("x or y");
        if (!are_parameters(pt, {scale, bias, running_mean, running_variance, saved_mean, saved_deviation})) {
            return outside("a parameter");
        }
        Floats values(xt, x);
        FloatResult result(yt, y, b != 0);
        for (int g = 0; g < groups.count(); ++g) {
            Moments moments = moments_of(groups, g, values.data());
            double inverse = 1 / std::sqrt(moments.variance + epsilon);
            if (running_mean != nullptr) {
                int members = groups.members();
                double unbiased = members > 1 ? moments.variance * members / (members - 1) : moments.variance;
                *at(running_mean, g) = static_cast<float>((1 - factor) * *at(running_mean, g) + factor * moments.mean);
                *at(running_variance, g) = static_cast<float>((1 - factor) * *at(running_variance, g) + factor * unbiased);
            }
            if (saved_mean != nullptr) {
                *at(saved_mean, g) = static_cast<float>(moments.mean);
                *at(saved_deviation, g) = static_cast<float>(inverse);
            }
            for (int i = 0; i < groups.members(); ++i) {
                std::size_t place = groups.place(g, i);
                float normal = static_cast<float>((values.data()[place] - moments.mean) * inverse);
                result.data()[place] = combined(a, normal * at(scale, g) + at(bias, g), b, result.data()[place]);
            }
        }
        result.store();
        return {};
    });
}

TF_API int cudnnBatchNormalizationForwardInference(void* handle, int mode, const void* alpha, const void* beta, void* xd,
                                                   const void* x, void* yd, void* y, void* pd, const void* scale,
                                                   const void* bias, const void* mean, const void* variance,
                                                   double epsilon) {
    static Call call("cudnnBatchNormalizationForwardInference");
    if (int error = call.begin_library()) return error;
    Operands given;
    if (int error = find_operands(handle, mode, xd, yd, pd, epsilon, &given)) return error;
    Groups groups = given.groups;
    float a = *static_cast<const float*>(alpha), b = *static_cast<const float*>(beta);
    return submit(*given.library, "cudnnBatchNormalizationForwardInference",
                  [=, xt = *given.x, yt = *given.y, pt = *given.parameters]() -> Ending {
        if (!is_in_device_memory(xt, x) || !is_in_device_memory(yt, y)) return outside("x or y");
        if (!are_parameters(pt, {scale, bias, mean, variance})) return outside("a parameter");
        Floats values(xt, x);
        FloatResult result(yt, y, b != 0);
        for (int g = 0; g < groups.count(); ++g) {
            double inverse = 1 / std::sqrt(at(variance, g) + epsilon);
            for (int i = 0; i < groups.members(); ++i) {
                std::size_t place = groups.place(g, i);
                float normal = static_cast<float>((values.data()[place] - at(mean, g)) * inverse);
                result.data()[place] = combined(a, normal * at(scale, g) + at(bias, g), b, result.data()[place]);
            }
        }
        result.store();
        return {};
    });
}

TF_API int cudnnBatchNormalizationBackward(void* handle, int mode, const void* alpha_data, const void* beta_data,
                                           const void* alpha_parameters, const void* beta_parameters, void* xd,
                                           const void* x, void* dyd, const void* dy, void* dxd, void* dx, void* pd,
                                           const void* scale, void* dscale, void* dbias, double epsilon,
                                           const void* saved_mean, const void* saved_deviation) {
    static Call call("cudnnBatchNormalizationBackward");
    if (int error = call.begin_library()) return error;
    auto library = find_library(handle);
    auto inputs = find_tensor(xd), gradients = find_tensor(dyd), targets = find_tensor(dxd), parameters = find_tensor(pd);
    if (library == nullptr || inputs == nullptr || gradients == nullptr || targets == nullptr || parameters == nullptr) {
        return fail(status_bad_param, "a descriptor is not set");
    }
    Groups groups;
    if (int error = find_groups(mode, *inputs, *parameters, &groups)) return error;
    if (inputs->size != gradients->size || inputs->size != targets->size || epsilon < 0) {
        return fail(status_bad_param, "x, dy and dx differ, or epsilon < 0");
    }
    if ((saved_mean == nullptr) != (saved_deviation == nullptr)) return fail(status_bad_param, "one saved statistic");
    float a = *static_cast<const float*>(alpha_data), b = *static_cast<const float*>(beta_data);
    float pa = *static_cast<const float*>(alpha_parameters), pb = *static_cast<const float*>(beta_parameters);
    return submit(*library, "cudnnBatchNormalizationBackward",
                  [=, xt = *inputs, dyt = *gradients, dxt = *targets, pt = *parameters]() -> Ending {
        if (!is_in_device_memory(xt, x) || !is_in_device_memory(dyt, dy)) return outside("x or dy");
        if (!is_in_device_memory(dxt, dx)) return outside("dx");
        if (!are_parameters(pt, {scale, dscale, dbias, saved_mean, saved_deviation})) return outside("a parameter");
        Floats values(xt, x), slopes(dyt, dy);
        FloatResult result(dxt, dx, b != 0);
        for (int g = 0; g < groups.count(); ++g) {
            double mean, inverse;
            if (saved_mean != nullptr) {
                mean = at(saved_mean, g);
                inverse = at(saved_deviation, g);
            } else {
                Moments moments = moments_of(groups, g, values.data());
                mean = moments.mean;
                inverse = 1 / std::sqrt(moments.variance + epsilon);
            }
            double sum = 0, product = 0;
            for (int i = 0; i < groups.members(); ++i) {
                std::size_t place = groups.place(g, i);
                sum += slopes.data()[place];
                product += slopes.data()[place] * (values.data()[place] - mean) * inverse;
            }
            *at(dscale, g) = combined(pa, static_cast<float>(product), pb, *at(dscale, g));
            *at(dbias, g) = combined(pa, static_cast<float>(sum), pb, *at(dbias, g));
            for (int i = 0; i < groups.members(); ++i) {
                std::size_t place = groups.place(g, i);
                double normal = (values.data()[place] - mean) * inverse;
                double slope = slopes.data()[place] - (sum + normal * product) / groups.members();
                float gradient = static_cast<float>(at(scale, g) * inverse * slope);
                result.data()[place] = combined(a, gradient, b, result.data()[place]);
            }
        }
        result.store();
        return {};
    });
}
