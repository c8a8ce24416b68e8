using TinyFlow.Cuda.Native;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    /// <inheritdoc/>
    public void Write(ReadOnlySpan<float> source, Tensor y)
    {
        CheckLengths(source.Length, y.Count);
        _staging.Send(source, Address(y));
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<double> source, Tensor y)
    {
        CheckLengths(source.Length, y.Count);
        _staging.SendRounded(source, Address(y));
    }

    /// <inheritdoc/>
    public void Read(Tensor x, Span<float> destination)
    {
        CheckLengths(x.Count, destination.Length);
        _staging.Receive(Address(x), destination);
    }

    /// <inheritdoc/>
    public void Read(Tensor x, Span<double> destination)
    {
        CheckLengths(x.Count, destination.Length);
        _staging.Receive(Address(x), destination);
    }

    /// <inheritdoc/>
    public void Fill(Tensor y, double value)
    {
        if (y.Count > 0)
        {
            _context.MakeCurrent();
            Driver.cuMemsetD32Async(Address(y), BitConverter.SingleToUInt32Bits((float)value), (nuint)y.Count, _context.Stream).ThrowOnError();
        }
    }

    private static void CheckLengths(long values, long places)
    {
        if (values != places)
        {
            throw new ArgumentException($"Transfer: {values} values do not fill {places} places.");
        }
    }
}
