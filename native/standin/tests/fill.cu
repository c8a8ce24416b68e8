// The kernel that the stand-in is tested with: y = value.
#include "../../kernels/device.h"

struct tf_fill_args {
    float* y;
    float value;
    tf_i64 count;
};

TF_KERNEL(256, tf_fill, tf_fill_args a) {
    TF_GRID_STRIDE(i, a.count) a.y[i] = a.value;
}
