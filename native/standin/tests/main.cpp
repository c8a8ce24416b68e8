// What the stand-in computes, against plain loops in float64, and the rules that it keeps in NVIDIA's place.
#include "test.h"
#include <cstdio>

int main() {
    tf_test::test_driver();
    tf_test::test_cublas();
    tf_test::test_cudnn();
    tf_test::test_nccl();
    tf_test::check_no_leaks();
    std::printf("stand-in: %d passed, %d failed\n", tf_test::passed, tf_test::failed);
    return tf_test::failed == 0 && tf_test::passed > 0 ? 0 : 1;
}
