// What the files of the stand-in's cuDNN share: statuses, descriptors, handles, and tensors as contiguous floats.
#pragma once
#include "api.h"
#include "element.h"
#include "stream.h"
#include <array>
#include <memory>
#include <string>
#include <vector>

namespace tf_standin::cudnn {

enum Status : int {
    status_success = 0,
    status_not_initialized = 1001,
    status_bad_param = 2000,
    status_null_pointer = 2002,
    status_size_insufficient = 2006,
    status_not_supported = 3000,
    status_not_supported_data_type = 3003,
    status_not_supported_layout = 3004,
    status_execution_failed = 5000,
};

// The status, whose reason cudnnGetLastErrorString then tells this thread.
int fail(int status, const std::string& reason);
const std::string& last_error();

struct Library {
    void* stream = nullptr;
};

struct Tensor {
    ElementType type = ElementType::float32;
    std::array<int, 4> size{}, stride{}; // N, C, H, W

    std::size_t count() const;
    std::size_t span() const; // elements from the first to the last
    bool is_contiguous() const;
    bool is_channels_last() const;
    std::size_t offset(int n, int c, int h, int w) const;
};

// Filters are tensors [K, C, R, S] here.
struct Filter : Tensor {};

struct Convolution {
    int pad_height = 0, pad_width = 0, stride_height = 1, stride_width = 1, dilation_height = 1, dilation_width = 1;
    bool flipped = false;
    int math = 0, groups = 1;
};

struct Activation {
    int mode = 0, nan = 0;
};

// Null where the descriptor is none, or was never set.
std::shared_ptr<Library> find_library(void* handle);
std::shared_ptr<Tensor> find_tensor(void* descriptor);
std::shared_ptr<Filter> find_filter(void* descriptor);
std::shared_ptr<Convolution> find_convolution(void* descriptor);
std::shared_ptr<Activation> find_activation(void* descriptor);

// Gives work to the library's stream.
int submit(Library& library, const char* name, std::function<Ending()> run);

// Fails a piece of work whose tensor is not in device memory.
bool is_in_device_memory(const Tensor& tensor, const void* data);
Ending outside(const char* name);

// A tensor's elements as contiguous floats: its memory itself where that is what it holds.
class Floats {
public:
    Floats(const Tensor& tensor, const void* data);
    const float* data() const { return _data; }

private:
    std::vector<float> _copy;
    const float* _data;
};

// The same to write to; what was written lands in the tensor with store().
class FloatResult {
public:
    FloatResult(const Tensor& tensor, void* data, bool is_read);
    float* data() { return _data; }
    void store();

private:
    const Tensor _tensor;
    void* const _target;
    std::vector<float> _copy;
    float* _data;
};

} // namespace tf_standin::cudnn
