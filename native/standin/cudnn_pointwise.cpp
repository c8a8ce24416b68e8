// cuDNN: sums, activations and changes of layout.
#include "call.h"
#include "cudnn.h"
#include "memory.h"

using namespace tf_standin;
using namespace tf_standin::cudnn;

namespace {

float scaled(float alpha, float value, float beta, float old) {
    return beta == 0 ? alpha * value : alpha * value + beta * old;
}

// y = alpha·value(i) + beta·y, element by element.
template <class Value> void combine(const Tensor& y_tensor, void* y, float alpha, float beta, Value value) {
    FloatResult result(y_tensor, y, beta != 0);
    for (std::size_t i = 0; i < y_tensor.count(); ++i) {
        result.data()[i] = scaled(alpha, value(i), beta, beta == 0 ? 0 : result.data()[i]);
    }
    result.store();
}

bool is_same_or_one(const Tensor& small, const Tensor& large) {
    for (int d = 0; d < 4; ++d) {
        if (small.size[d] != 1 && small.size[d] != large.size[d]) return false;
    }
    return true;
}

} // namespace

// C = alpha·A + beta·C, with A broadcast.
TF_API int cudnnAddTensor(void* handle, const void* alpha, void* ad, const void* a, const void* beta, void* cd, void* c) {
    static Call call("cudnnAddTensor");
    if (int error = call.begin_library()) return error;
    auto library = find_library(handle);
    auto added = find_tensor(ad), result = find_tensor(cd);
    if (library == nullptr || added == nullptr || result == nullptr) return fail(status_bad_param, "a descriptor is not set");
    if (!is_same_or_one(*added, *result)) return fail(status_bad_param, "A cannot be broadcast to C");
    float x = *static_cast<const float*>(alpha), z = *static_cast<const float*>(beta);
    return submit(*library, "cudnnAddTensor", [=, at = *added, ct = *result]() -> Ending {
        if (!is_in_device_memory(at, a)) return outside("A");
        if (!is_in_device_memory(ct, c)) return outside("C");
        Floats values(at, a);
        combine(ct, c, x, z, [&](std::size_t i) {
            std::size_t place = 0, rest = i, unit = 1;
            for (int d = 3; d >= 0; --d) {
                std::size_t index = rest % ct.size[d];
                rest /= ct.size[d];
                if (at.size[d] != 1) place += index * unit;
                unit *= at.size[d];
            }
            return values.data()[place];
        });
        return {};
    });
}

// y = alpha·x + beta·y, where both may have any strides.
TF_API int cudnnTransformTensor(void* handle, const void* alpha, void* xd, const void* x, const void* beta, void* yd,
                                void* y) {
    static Call call("cudnnTransformTensor");
    if (int error = call.begin_library()) return error;
    auto library = find_library(handle);
    auto source = find_tensor(xd), target = find_tensor(yd);
    if (library == nullptr || source == nullptr || target == nullptr) return fail(status_bad_param, "a descriptor is not set");
    if (source->size != target->size) return fail(status_bad_param, "tensors of different sizes");
    float a = *static_cast<const float*>(alpha), b = *static_cast<const float*>(beta);
    return submit(*library, "cudnnTransformTensor", [=, xt = *source, yt = *target]() -> Ending {
        if (!is_in_device_memory(xt, x)) return outside("x");
        if (!is_in_device_memory(yt, y)) return outside("y");
        Floats values(xt, x);
        combine(yt, y, a, b, [&](std::size_t i) { return values.data()[i]; });
        return {};
    });
}

TF_API int cudnnActivationForward(void* handle, void* activation_descriptor, const void* alpha, void* xd, const void* x,
                                  const void* beta, void* yd, void* y) {
    static Call call("cudnnActivationForward");
    if (int error = call.begin_library()) return error;
    auto library = find_library(handle);
    auto activation = find_activation(activation_descriptor);
    auto source = find_tensor(xd), target = find_tensor(yd);
    if (library == nullptr || activation == nullptr || source == nullptr || target == nullptr) {
        return fail(status_bad_param, "a descriptor is not set");
    }
    if (source->size != target->size) return fail(status_bad_param, "tensors of different sizes");
    float a = *static_cast<const float*>(alpha), b = *static_cast<const float*>(beta);
    return submit(*library, "cudnnActivationForward", [=, act = *activation, xt = *source, yt = *target]() -> Ending {
        if (!is_in_device_memory(xt, x)) return outside("x");
        if (!is_in_device_memory(yt, y)) return outside("y");
        Floats values(xt, x);
        combine(yt, y, a, b, [&](std::size_t i) { return activate(act, values.data()[i]); });
        return {};
    });
}

TF_API int cudnnActivationBackward(void* handle, void* activation_descriptor, const void* alpha, void* yd, const void* y,
                                   void* dyd, const void* dy, void* xd, const void* x, const void* beta, void* dxd,
                                   void* dx) {
    static Call call("cudnnActivationBackward");
    if (int error = call.begin_library()) return error;
    auto library = find_library(handle);
    auto activation = find_activation(activation_descriptor);
    auto outputs = find_tensor(yd), gradients = find_tensor(dyd), inputs = find_tensor(xd), target = find_tensor(dxd);
    if (library == nullptr || activation == nullptr || outputs == nullptr || gradients == nullptr || inputs == nullptr ||
        target == nullptr) {
        return fail(status_bad_param, "a descriptor is not set");
    }
    if (outputs->size != gradients->size || outputs->size != inputs->size || outputs->size != target->size) {
        return fail(status_bad_param, "tensors of different sizes");
    }
    float a = *static_cast<const float*>(alpha), b = *static_cast<const float*>(beta);
    return submit(*library, "cudnnActivationBackward",
                  [=, act = *activation, yt = *outputs, dyt = *gradients, xt = *inputs, dxt = *target]() -> Ending {
                      if (!is_in_device_memory(yt, y) || !is_in_device_memory(dyt, dy)) return outside("y or dy");
                      if (!is_in_device_memory(xt, x) || !is_in_device_memory(dxt, dx)) return outside("x or dx");
                      Floats ys(yt, y), dys(dyt, dy), xs(xt, x);
                      combine(dxt, dx, a, b, [&](std::size_t i) {
                          return dys.data()[i] * activation_gradient(act, xs.data()[i], ys.data()[i]);
                      });
                      return {};
                  });
}
