namespace TinyFlow.Memory;

/// <summary>Images where the host has them already.</summary>
internal sealed class HostPixels(IBackend backend, ReadOnlyMemory<byte> pixels, int dimensions)
    : PixelStore(backend, pixels.Length / dimensions, dimensions)
{
    /// <summary>The pixels of one image.</summary>
    public ReadOnlySpan<byte> Image(int index) => pixels.Span.Slice(checked(index * Dimensions), Dimensions);

    /// <inheritdoc/>
    public override void Dispose()
    {
    }
}
