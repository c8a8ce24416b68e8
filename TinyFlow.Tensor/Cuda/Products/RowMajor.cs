namespace TinyFlow.Cuda.Products;

/// <summary>Row-major matrices in device memory, one a batch.</summary>
/// <param name="Address">Where the first one starts.</param>
/// <param name="IsTransposed">Whether the product takes them transposed.</param>
/// <param name="BatchStride">The elements from one to the next; 0 if all batches share one.</param>
internal readonly record struct RowMajor(ulong Address, bool IsTransposed = false, long BatchStride = 0);
