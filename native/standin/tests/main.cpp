// What the stand-in computes, against plain loops in float64, and the rules that it keeps in NVIDIA's place. Its argument is
// native/ptx/fill.ptx.
#include "test.h"
#include <cstdio>
#include <fstream>
#include <sstream>

int main(int count, char** arguments) {
    if (count != 2) {
        std::fprintf(stderr, "expected the path of fill.ptx\n");
        return 2;
    }
    std::ifstream file(arguments[1]);
    std::stringstream ptx;
    ptx << file.rdbuf();

    tf_test::test_driver(ptx.str());
    tf_test::test_cublas();
    tf_test::test_cudnn();
    tf_test::test_nccl();
    tf_test::check_no_leaks();
    std::printf("stand-in: %d passed, %d failed\n", tf_test::passed, tf_test::failed);
    return tf_test::failed == 0 && tf_test::passed > 0 ? 0 : 1;
}
