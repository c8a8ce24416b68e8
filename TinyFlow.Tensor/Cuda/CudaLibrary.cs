namespace TinyFlow.Cuda;

/// <summary>One of NVIDIA's libraries on this machine.</summary>
/// <param name="Title">What people call it.</param>
/// <param name="File">Where it was found; null if it was not.</param>
/// <param name="Version">Its version; null if it was not found, or does not say.</param>
/// <param name="Problem">Why it cannot be used: what was tried, and what to install; null if it can.</param>
public sealed record CudaLibrary(string Title, string? File, Version? Version, string? Problem);
