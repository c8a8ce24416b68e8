namespace TinyFlow.Cuda;

/// <summary>Images in a device's memory, a byte a pixel.</summary>
internal sealed class DevicePixels(CudaBackend backend, ReadOnlySpan<byte> pixels, int dimensions)
    : PixelStore(backend, pixels.Length / dimensions, dimensions)
{
    /// <summary>All bytes, four to an element.</summary>
    public Tensor Bytes { get; } = backend.Upload(pixels, "the images");

    /// <inheritdoc/>
    public override void Dispose() => Bytes.Dispose();
}
