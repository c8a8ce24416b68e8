#include "counters.h"
#include "cudnn.h"
#include "handles.h"
#include "memory.h"

namespace tf_standin::cudnn {
namespace {

thread_local std::string error_text;

// Calls visit(place in the contiguous tensor, place in memory) for every element.
template <class Visit> void each_element(const Tensor& t, Visit visit) {
    std::size_t i = 0;
    for (int n = 0; n < t.size[0]; ++n) {
        for (int c = 0; c < t.size[1]; ++c) {
            for (int h = 0; h < t.size[2]; ++h) {
                for (int w = 0; w < t.size[3]; ++w) visit(i++, t.offset(n, c, h, w));
            }
        }
    }
}

} // namespace

int fail(int status, const std::string& reason) {
    error_text = reason;
    return status;
}

const std::string& last_error() { return error_text; }

std::size_t Tensor::count() const {
    return static_cast<std::size_t>(size[0]) * size[1] * size[2] * size[3];
}

std::size_t Tensor::span() const { return 1 + offset(size[0] - 1, size[1] - 1, size[2] - 1, size[3] - 1); }

std::size_t Tensor::offset(int n, int c, int h, int w) const {
    return static_cast<std::size_t>(n) * stride[0] + static_cast<std::size_t>(c) * stride[1] +
           static_cast<std::size_t>(h) * stride[2] + static_cast<std::size_t>(w) * stride[3];
}

// Strides of dimensions of size 1 do not matter.
bool Tensor::is_contiguous() const {
    long long expected = 1;
    for (int d = 3; d >= 0; --d) {
        if (size[d] != 1 && stride[d] != expected) return false;
        expected *= size[d];
    }
    return true;
}

bool Tensor::is_channels_last() const {
    long long expected = 1;
    for (int d : {1, 3, 2, 0}) {
        if (size[d] != 1 && stride[d] != expected) return false;
        expected *= size[d];
    }
    return true;
}

std::shared_ptr<Library> find_library(void* handle) { return handles<Library>().find(handle); }

int submit(Library& library, const char* name, std::function<Ending()> run) {
    ++counters().library_calls;
    int error = tf_standin::submit(library.stream, {name, WorkKind::library, std::move(run)});
    return error == success ? status_success
                            : fail(status_execution_failed, "the stream refuses work with error " + std::to_string(error));
}

bool is_in_device_memory(const Tensor& tensor, const void* data) {
    return is_device_memory(reinterpret_cast<DevicePointer>(data), tensor.span() * size_of(tensor.type));
}

Ending outside(const char* name) {
    return {illegal_address, std::string(name) + " is not within one allocation of the device"};
}

Floats::Floats(const Tensor& tensor, const void* data) : _data(static_cast<const float*>(data)) {
    if (tensor.type == ElementType::float32 && tensor.is_contiguous()) return;
    _copy.resize(tensor.count());
    each_element(tensor, [&](std::size_t i, std::size_t place) { _copy[i] = load(data, place, tensor.type); });
    _data = _copy.data();
}

FloatResult::FloatResult(const Tensor& tensor, void* data, bool is_read)
    : _tensor(tensor), _target(data), _data(static_cast<float*>(data)) {
    if (tensor.type == ElementType::float32 && tensor.is_contiguous()) return;
    _copy.resize(tensor.count());
    if (is_read) each_element(tensor, [&](std::size_t i, std::size_t place) { _copy[i] = load(data, place, tensor.type); });
    _data = _copy.data();
}

void FloatResult::store() {
    if (_copy.empty()) return;
    each_element(_tensor, [&](std::size_t i, std::size_t place) {
        tf_standin::store(_target, place, _tensor.type, _copy[i]);
    });
}

} // namespace tf_standin::cudnn
