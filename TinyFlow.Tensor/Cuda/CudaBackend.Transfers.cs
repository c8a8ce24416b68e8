using System.Numerics;
using TinyFlow.Cuda.Native;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    /// <inheritdoc/>
    public void Write(ReadOnlySpan<float> source, Tensor y) => Upload(source, y);

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<double> source, Tensor y) => Upload(source, y);

    /// <inheritdoc/>
    public void Read(Tensor x, Span<float> destination) => Download(x, destination);

    /// <inheritdoc/>
    public void Read(Tensor x, Span<double> destination) => Download(x, destination);

    /// <inheritdoc/>
    public void Fill(Tensor y, double value)
    {
        if (y.Count > 0)
        {
            _context.MakeCurrent();
            Driver.cuMemsetD32Async(Address(y), BitConverter.SingleToUInt32Bits((float)value), (nuint)y.Count, _context.Stream).ThrowOnError();
        }
    }

    private void Upload<T>(ReadOnlySpan<T> source, Tensor y) where T : INumberBase<T>
    {
        float[] staged = new float[y.Count];
        for (int i = 0; i < staged.Length; i++)
        {
            staged[i] = float.CreateTruncating(source[i]);
        }

        _context.MakeCurrent();
        fixed (float* first = staged)
        {
            Driver.cuMemcpyHtoDAsync_v2(Address(y), first, (nuint)y.Count * sizeof(float), _context.Stream).ThrowOnError();
            _context.Synchronize();
        }
    }

    private void Download<T>(Tensor x, Span<T> destination) where T : INumberBase<T>
    {
        float[] staged = new float[x.Count];
        _context.MakeCurrent();
        fixed (float* first = staged)
        {
            Driver.cuMemcpyDtoHAsync_v2(first, Address(x), (nuint)x.Count * sizeof(float), _context.Stream).ThrowOnError();
            _context.Synchronize();
        }

        for (int i = 0; i < staged.Length; i++)
        {
            destination[i] = T.CreateTruncating(staged[i]);
        }
    }
}
