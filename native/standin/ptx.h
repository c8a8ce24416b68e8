// Reads of a PTX text what the stand-in checks: its version and its kernels with their parameters.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace tf_standin {

struct PtxKernel {
    std::string name;
    std::vector<std::size_t> parameter_bytes;
    unsigned max_threads = 0; // of .maxntid; 0 where it is missing
};

struct Ptx {
    int version = 0; // 10·major + minor; 0 if the text is no PTX
    int target = 0;  // 75 of sm_75
    std::vector<PtxKernel> kernels;
};

Ptx read_ptx(const std::string& text);

// The version of CUDA, as cuDriverGetVersion has it, whose driver was the first to know that version of PTX.
int cuda_of_ptx(int version);

} // namespace tf_standin
