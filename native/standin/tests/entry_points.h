// The functions of the stand-in that its tests call.
#pragma once
#include <cstddef>
#include <cstdint>

typedef std::uint64_t Address;

extern "C" {
int tf_standin_set(const char*, long long);
void tf_standin_fail(const char*, int, int);
long long tf_standin_count(const char*);
void tf_standin_reset();
void tf_standin_reset_counts();
int tf_standin_leaks(char*, std::size_t);

int cuInit(unsigned);
int cuDriverGetVersion(int*);
int cuDeviceGetCount(int*);
int cuDevicePrimaryCtxRetain(void**, int);
int cuDevicePrimaryCtxRelease_v2(int);
int cuCtxSetCurrent(void*);
int cuCtxSynchronize();
int cuGetErrorString(int, const char**);
int cuMemGetInfo_v2(std::size_t*, std::size_t*);
int cuMemAlloc_v2(Address*, std::size_t);
int cuMemFree_v2(Address);
int cuMemAllocAsync(Address*, std::size_t, void*);
int cuMemFreeAsync(Address, void*);
int cuMemAllocHost_v2(void**, std::size_t);
int cuMemFreeHost(void*);
int cuMemcpyHtoD_v2(Address, const void*, std::size_t);
int cuMemcpyDtoH_v2(void*, Address, std::size_t);
int cuMemcpyHtoDAsync_v2(Address, const void*, std::size_t, void*);
int cuMemcpyDtoHAsync_v2(void*, Address, std::size_t, void*);
int cuMemcpyDtoDAsync_v2(Address, Address, std::size_t, void*);
int cuMemsetD32Async(Address, unsigned, std::size_t, void*);
int cuStreamCreate(void**, unsigned);
int cuStreamDestroy_v2(void*);
int cuStreamSynchronize(void*);
int cuStreamQuery(void*);
int cuStreamWaitEvent(void*, void*, unsigned);
int cuEventCreate(void**, unsigned);
int cuEventDestroy_v2(void*);
int cuEventRecord(void*, void*);
int cuEventQuery(void*);
int cuEventSynchronize(void*);
int cuEventElapsedTime(float*, void*, void*);
int cuModuleLoadData(void**, const void*);
int cuModuleUnload(void*);
int cuModuleGetFunction(void**, void*, const char*);
int cuLaunchKernel(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*, void**, void**);
int cuStreamBeginCapture_v2(void*, int);
int cuStreamEndCapture(void*, void**);
int cuStreamIsCapturing(void*, int*);
int cuGraphInstantiateWithFlags(void**, void*, unsigned long long);
int cuGraphLaunch(void*, void*);
int cuGraphGetNodes(void*, void**, std::size_t*);
int cuGraphExecDestroy(void*);
int cuGraphDestroy(void*);

int cublasCreate_v2(void**);
int cublasDestroy_v2(void*);
int cublasSetStream_v2(void*, void*);
int cublasSetMathMode(void*, int);
int cublasSgemm_v2(void*, int, int, int, int, int, const float*, const void*, int, const void*, int, const float*, void*,
                   int);
int cublasSgemmStridedBatched(void*, int, int, int, int, int, const float*, const void*, int, long long, const void*, int,
                              long long, const float*, void*, int, long long, int);
int cublasGemmEx(void*, int, int, int, int, int, const void*, const void*, int, int, const void*, int, int, const void*,
                 void*, int, int, int, int);

int cudnnCreate(void**);
int cudnnDestroy(void*);
int cudnnSetStream(void*, void*);
void cudnnGetLastErrorString(char*, std::size_t);
int cudnnCreateTensorDescriptor(void**);
int cudnnDestroyTensorDescriptor(void*);
int cudnnSetTensor4dDescriptor(void*, int, int, int, int, int, int);
int cudnnCreateFilterDescriptor(void**);
int cudnnDestroyFilterDescriptor(void*);
int cudnnSetFilter4dDescriptor(void*, int, int, int, int, int, int);
int cudnnCreateConvolutionDescriptor(void**);
int cudnnDestroyConvolutionDescriptor(void*);
int cudnnSetConvolution2dDescriptor(void*, int, int, int, int, int, int, int, int);
int cudnnSetConvolutionMathType(void*, int);
int cudnnSetConvolutionGroupCount(void*, int);
int cudnnGetConvolutionForwardWorkspaceSize(void*, void*, void*, void*, void*, int, std::size_t*);
int cudnnGetConvolutionBackwardFilterAlgorithm_v7(void*, void*, void*, void*, void*, int, int*, void*);
int cudnnFindConvolutionForwardAlgorithmEx(void*, void*, const void*, void*, const void*, void*, void*, void*, int, int*,
                                           void*, void*, std::size_t);
int cudnnConvolutionForward(void*, const void*, void*, const void*, void*, const void*, void*, int, void*, std::size_t,
                            const void*, void*, void*);
int cudnnConvolutionBackwardData(void*, const void*, void*, const void*, void*, const void*, void*, int, void*,
                                 std::size_t, const void*, void*, void*);
int cudnnConvolutionBackwardFilter(void*, const void*, void*, const void*, void*, const void*, void*, int, void*,
                                   std::size_t, const void*, void*, void*);
int cudnnCreateActivationDescriptor(void**);
int cudnnDestroyActivationDescriptor(void*);
int cudnnSetActivationDescriptor(void*, int, int, double);
int cudnnConvolutionBiasActivationForward(void*, const void*, void*, const void*, void*, const void*, void*, int, void*,
                                          std::size_t, const void*, void*, const void*, void*, const void*, void*, void*,
                                          void*);
int cudnnConvolutionBackwardBias(void*, const void*, void*, const void*, const void*, void*, void*);
int cudnnBatchNormalizationForwardTraining(void*, int, const void*, const void*, void*, const void*, void*, void*, void*,
                                           const void*, const void*, double, void*, void*, double, void*, void*);
int cudnnBatchNormalizationForwardInference(void*, int, const void*, const void*, void*, const void*, void*, void*, void*,
                                            const void*, const void*, const void*, const void*, double);
int cudnnBatchNormalizationBackward(void*, int, const void*, const void*, const void*, const void*, void*, const void*,
                                    void*, const void*, void*, void*, void*, const void*, void*, void*, double,
                                    const void*, const void*);

struct ncclUniqueId {
    char bytes[128];
};
int ncclGetUniqueId(ncclUniqueId*);
int ncclCommInitRank(void**, int, ncclUniqueId, int);
int ncclCommInitAll(void**, int, const int*);
int ncclAllReduce(const void*, void*, std::size_t, int, int, void*, void*);
int ncclBroadcast(const void*, void*, std::size_t, int, int, void*, void*);
int ncclCommDestroy(void*);
}
