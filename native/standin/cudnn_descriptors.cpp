// cuDNN: versions, handles and descriptors.
#include "call.h"
#include "counters.h"
#include "cudnn.h"
#include "handles.h"
#include "leaks.h"
#include "options.h"
#include <cstdio>

using namespace tf_standin;
using namespace tf_standin::cudnn;

namespace {

// A descriptor's value, which is missing until it is set.
template <class T> struct Descriptor {
    std::shared_ptr<T> value;
};

template <class T> int create(void** descriptor) {
    *descriptor = handles<Descriptor<T>>().add(std::make_shared<Descriptor<T>>());
    return status_success;
}

template <class T> int destroy(void* descriptor) {
    return handles<Descriptor<T>>().remove(descriptor) == nullptr
               ? fail(status_bad_param, "the descriptor was not made, or was destroyed before")
               : status_success;
}

template <class T> int set(void* descriptor, const T& value) {
    auto found = handles<Descriptor<T>>().find(descriptor);
    if (found == nullptr) return fail(status_bad_param, "the descriptor was not made, or was destroyed");
    found->value = std::make_shared<T>(value);
    return status_success;
}

template <class T> std::shared_ptr<T> find(void* descriptor) {
    auto found = handles<Descriptor<T>>().find(descriptor);
    return found == nullptr ? nullptr : found->value;
}

template <class T> std::size_t count() { return handles<Descriptor<T>>().count(); }

const LeakKind libraries("cuDNN handles", [] { return handles<Library>().count(); });
const LeakKind tensors("cuDNN tensor descriptors", &count<Tensor>);
const LeakKind filters("cuDNN filter descriptors", &count<Filter>);
const LeakKind convolutions("cuDNN convolution descriptors", &count<Convolution>);
const LeakKind activations("cuDNN activation descriptors", &count<Activation>);

bool find_type(int code, ElementType* type) {
    constexpr int data_float = 0, data_bfloat16 = 9;
    *type = code == data_float ? ElementType::float32 : ElementType::bfloat16;
    return code == data_float || code == data_bfloat16;
}

// The strides of NCHW (0) or NHWC (1).
bool find_strides(int format, const std::array<int, 4>& size, std::array<int, 4>* stride) {
    int c = size[1], h = size[2], w = size[3];
    if (format == 0) *stride = {c * h * w, h * w, w, 1};
    if (format == 1) *stride = {c * h * w, 1, w * c, c};
    return format == 0 || format == 1;
}

int check_sizes(const std::array<int, 4>& size) {
    for (int d : size) {
        if (d < 1) return fail(status_bad_param, "a dimension of " + std::to_string(d) + " elements");
    }
    return status_success;
}

int set_tensor(void* descriptor, int type, const std::array<int, 4>& size, const std::array<int, 4>& stride) {
    Tensor tensor;
    if (!find_type(type, &tensor.type)) return fail(status_not_supported_data_type, "data type " + std::to_string(type));
    if (int error = check_sizes(size)) return error;
    tensor.size = size;
    tensor.stride = stride;
    return set(descriptor, tensor);
}

} // namespace

std::shared_ptr<Tensor> cudnn::find_tensor(void* descriptor) { return find<Tensor>(descriptor); }
std::shared_ptr<Filter> cudnn::find_filter(void* descriptor) { return find<Filter>(descriptor); }
std::shared_ptr<Convolution> cudnn::find_convolution(void* descriptor) { return find<Convolution>(descriptor); }
std::shared_ptr<Activation> cudnn::find_activation(void* descriptor) { return find<Activation>(descriptor); }

// Versions and texts --------------------------------------------------------------------------------------------------

TF_API std::size_t cudnnGetVersion() { return static_cast<std::size_t>(static_cast<long long>(options().cudnn_version)); }
TF_API std::size_t cudnnGetCudartVersion() { return 13000; }
TF_API std::size_t cudnnGetMaxDeviceVersion() { return 1210; }
TF_API int cudnnGraphVersionCheck() { return status_success; }

TF_API const char* cudnnGetErrorString(int status) {
    switch (status) {
    case status_success: return "CUDNN_STATUS_SUCCESS";
    case status_not_initialized: return "CUDNN_STATUS_NOT_INITIALIZED";
    case 1002: return "CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH";
    case 1008: return "CUDNN_STATUS_SUBLIBRARY_LOADING_FAILED";
    case status_bad_param: return "CUDNN_STATUS_BAD_PARAM";
    case status_null_pointer: return "CUDNN_STATUS_BAD_PARAM_NULL_POINTER";
    case status_size_insufficient: return "CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT";
    case status_not_supported: return "CUDNN_STATUS_NOT_SUPPORTED";
    case status_not_supported_data_type: return "CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE";
    case status_not_supported_layout: return "CUDNN_STATUS_NOT_SUPPORTED_LAYOUT";
    case 4000: return "CUDNN_STATUS_INTERNAL_ERROR";
    case 4003: return "CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED";
    case 4004: return "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED";
    case status_execution_failed: return "CUDNN_STATUS_EXECUTION_FAILED";
    default: return "CUDNN_UNKNOWN_STATUS";
    }
}

TF_API void cudnnGetLastErrorString(char* message, std::size_t bytes) {
    if (message != nullptr && bytes > 0) std::snprintf(message, bytes, "%s", last_error().c_str());
}

// Handles -------------------------------------------------------------------------------------------------------------

TF_API int cudnnCreate(void** handle) {
    static Call call("cudnnCreate");
    if (int error = call.begin_library()) return fail(error, "cudnnCreate was told to fail");
    Device* device = current_device();
    if (device == nullptr || device->lost() != success) return fail(status_not_initialized, "there is no context");
    // It allocates.
    if (refuse_while_capturing() != success) return fail(status_not_initialized, "a stream is being captured");
    *handle = handles<Library>().add(std::make_shared<Library>());
    return status_success;
}

TF_API int cudnnDestroy(void* handle) {
    static Call call("cudnnDestroy");
    if (int error = call.begin_library()) return error;
    return handles<Library>().remove(handle) == nullptr ? fail(status_bad_param, "the handle was not made")
                                                        : status_success;
}

TF_API int cudnnSetStream(void* handle, void* stream) {
    static Call call("cudnnSetStream");
    if (int error = call.begin_library()) return error;
    auto library = find_library(handle);
    if (library == nullptr || find_stream(stream) == nullptr) return fail(status_bad_param, "no such handle or stream");
    library->stream = stream;
    return status_success;
}

// Tensors -------------------------------------------------------------------------------------------------------------

TF_API int cudnnCreateTensorDescriptor(void** descriptor) {
    static Call call("cudnnCreateTensorDescriptor");
    if (int error = call.begin_library()) return error;
    return create<Tensor>(descriptor);
}

TF_API int cudnnDestroyTensorDescriptor(void* descriptor) { return destroy<Tensor>(descriptor); }

TF_API int cudnnSetTensor4dDescriptor(void* descriptor, int format, int type, int n, int c, int h, int w) {
    static Call call("cudnnSetTensor4dDescriptor");
    if (int error = call.begin_library()) return error;
    std::array<int, 4> size = {n, c, h, w}, stride;
    if (!find_strides(format, size, &stride)) return fail(status_not_supported_layout, "a format that is not NCHW or NHWC");
    return set_tensor(descriptor, type, size, stride);
}

TF_API int cudnnSetTensor4dDescriptorEx(void* descriptor, int type, int n, int c, int h, int w, int n_stride,
                                        int c_stride, int h_stride, int w_stride) {
    static Call call("cudnnSetTensor4dDescriptorEx");
    if (int error = call.begin_library()) return error;
    return set_tensor(descriptor, type, {n, c, h, w}, {n_stride, c_stride, h_stride, w_stride});
}

TF_API int cudnnSetTensorNdDescriptor(void* descriptor, int type, int rank, const int* sizes, const int* strides) {
    static Call call("cudnnSetTensorNdDescriptor");
    if (int error = call.begin_library()) return error;
    if (rank != 4) return fail(status_not_supported, "the stand-in knows tensors of 4 dimensions only");
    return set_tensor(descriptor, type, {sizes[0], sizes[1], sizes[2], sizes[3]},
                      {strides[0], strides[1], strides[2], strides[3]});
}

TF_API int cudnnCreateFilterDescriptor(void** descriptor) {
    static Call call("cudnnCreateFilterDescriptor");
    if (int error = call.begin_library()) return error;
    return create<Filter>(descriptor);
}

TF_API int cudnnDestroyFilterDescriptor(void* descriptor) { return destroy<Filter>(descriptor); }

TF_API int cudnnSetFilter4dDescriptor(void* descriptor, int type, int format, int k, int c, int h, int w) {
    static Call call("cudnnSetFilter4dDescriptor");
    if (int error = call.begin_library()) return error;
    Filter filter;
    filter.size = {k, c, h, w};
    if (!find_type(type, &filter.type)) return fail(status_not_supported_data_type, "data type " + std::to_string(type));
    if (int error = check_sizes(filter.size)) return error;
    if (!find_strides(format, filter.size, &filter.stride)) {
        return fail(status_not_supported_layout, "a format that is not NCHW or NHWC");
    }
    return set(descriptor, filter);
}

// Convolutions --------------------------------------------------------------------------------------------------------

TF_API int cudnnCreateConvolutionDescriptor(void** descriptor) {
    static Call call("cudnnCreateConvolutionDescriptor");
    if (int error = call.begin_library()) return error;
    return create<Convolution>(descriptor);
}

TF_API int cudnnDestroyConvolutionDescriptor(void* descriptor) { return destroy<Convolution>(descriptor); }

TF_API int cudnnSetConvolution2dDescriptor(void* descriptor, int pad_h, int pad_w, int stride_h, int stride_w,
                                           int dilation_h, int dilation_w, int mode, int compute_type) {
    static Call call("cudnnSetConvolution2dDescriptor");
    if (int error = call.begin_library()) return error;
    if (pad_h < 0 || pad_w < 0 || stride_h < 1 || stride_w < 1 || dilation_h < 1 || dilation_w < 1) {
        return fail(status_bad_param, "a negative padding, or a stride or dilation below 1");
    }
    constexpr int convolution = 0, cross_correlation = 1, compute_float = 0;
    if (mode != convolution && mode != cross_correlation) return fail(status_bad_param, "an unknown mode");
    if (compute_type != compute_float) return fail(status_not_supported_data_type, "sums in another type than float");
    auto old = find_convolution(descriptor);
    Convolution value = {pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w, mode == convolution};
    if (old != nullptr) {
        value.math = old->math;
        value.groups = old->groups;
    }
    return set(descriptor, value);
}

TF_API int cudnnSetConvolutionMathType(void* descriptor, int math) {
    static Call call("cudnnSetConvolutionMathType");
    if (int error = call.begin_library()) return error;
    constexpr int last = 3; // CUDNN_FMA_MATH
    if (math < 0 || math > last) return fail(status_bad_param, "an unknown math type");
    auto old = find_convolution(descriptor);
    Convolution value = old != nullptr ? *old : Convolution();
    value.math = math;
    return set(descriptor, value);
}

TF_API int cudnnSetConvolutionGroupCount(void* descriptor, int groups) {
    static Call call("cudnnSetConvolutionGroupCount");
    if (int error = call.begin_library()) return error;
    if (groups < 1) return fail(status_bad_param, "fewer than one group");
    auto old = find_convolution(descriptor);
    Convolution value = old != nullptr ? *old : Convolution();
    value.groups = groups;
    return set(descriptor, value);
}

// Activations ---------------------------------------------------------------------------------------------------------

TF_API int cudnnCreateActivationDescriptor(void** descriptor) {
    static Call call("cudnnCreateActivationDescriptor");
    if (int error = call.begin_library()) return error;
    return create<Activation>(descriptor);
}

TF_API int cudnnDestroyActivationDescriptor(void* descriptor) { return destroy<Activation>(descriptor); }

TF_API int cudnnSetActivationDescriptor(void* descriptor, int mode, int nan, double) {
    static Call call("cudnnSetActivationDescriptor");
    if (int error = call.begin_library()) return error;
    constexpr int last = 6; // CUDNN_ACTIVATION_SWISH
    if (mode < 0 || mode > last) return fail(status_bad_param, "an unknown activation");
    return set(descriptor, Activation{mode, nan});
}

// One number for each channel (spatial), or for each place of an image.
TF_API int cudnnDeriveBNTensorDescriptor(void* derived, void* x_descriptor, int mode) {
    static Call call("cudnnDeriveBNTensorDescriptor");
    if (int error = call.begin_library()) return error;
    auto x = find_tensor(x_descriptor);
    if (x == nullptr) return fail(status_bad_param, "the descriptor of x is not set");
    Tensor tensor;
    constexpr int per_activation = 0;
    tensor.size = {1, x->size[1], mode == per_activation ? x->size[2] : 1, mode == per_activation ? x->size[3] : 1};
    find_strides(0, tensor.size, &tensor.stride);
    return set(derived, tensor);
}
