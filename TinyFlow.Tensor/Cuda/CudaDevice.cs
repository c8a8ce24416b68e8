namespace TinyFlow.Cuda;

/// <summary>A GPU that programs may use.</summary>
/// <param name="Number">Its number among the visible ones, which <see cref="CudaBackend"/> takes.</param>
/// <param name="Name">What NVIDIA calls it.</param>
/// <param name="MemoryBytes">All of its memory.</param>
/// <param name="ComputeCapability">What it can do, as NVIDIA counts: 9.0.</param>
/// <param name="Multiprocessors">How many it has.</param>
public sealed record CudaDevice(int Number, string Name, long MemoryBytes, Version ComputeCapability, int Multiprocessors);
