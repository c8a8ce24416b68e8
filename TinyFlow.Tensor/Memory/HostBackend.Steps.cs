namespace TinyFlow.Memory;

// Where the host computes, nothing is gained by steps without it: what they need is read, and the plain methods do the rest.
public abstract unsafe partial class HostBackend<T>
{
    /// <inheritdoc/>
    public PixelStore Store(ReadOnlyMemory<byte> pixels, int dimensions) => new HostPixels(this, pixels, dimensions);

    /// <inheritdoc/>
    public void Dequantize(PixelStore store, Tensor order, Tensor first, Tensor? draw, NoiseKey key, Tensor x)
    {
        key = draw is null ? key : key with { Stream = key.Stream + ulong.CreateChecked(Value(draw)) };
        HostPixels pixels = (HostPixels)store;
        int count = x.Shape[0];
        ReadOnlySpan<T> chosen = Span(order).Slice(int.CreateChecked(Value(first)), count);
        byte* gathered = (byte*)_pool.Rent((long)count * store.Dimensions, "the pixels of a batch");
        int* images = (int*)_pool.Rent(sizeof(int) * (long)count, "the numbers of a batch's images");
        Span<byte> bytes = new(gathered, count * store.Dimensions);
        for (int n = 0; n < count; n++)
        {
            int number = int.CreateChecked(chosen[n]);
            images[n] = number < 0 ? -1 - number : number;
            Span<byte> image = bytes.Slice(n * store.Dimensions, store.Dimensions);
            pixels.Image(images[n]).CopyTo(image);
            for (int row = 0; number < 0 && row < image.Length; row += x.Shape[3])
            {
                image.Slice(row, x.Shape[3]).Reverse();
            }
        }

        Dequantize(bytes, new ReadOnlySpan<int>(images, count), key, x);
        _pool.Return((nint)images, sizeof(int) * (long)count);
        _pool.Return((nint)gathered, (long)count * store.Dimensions);
    }

    /// <inheritdoc/>
    public void Normal(NoiseKey key, Tensor first, Tensor y) =>
        Normal(key with { Offset = key.Offset + ulong.CreateChecked(Value(first)) * (ulong)(y.Count / y.Shape[0]) }, y);

    /// <inheritdoc/>
    public void TakeRow(Tensor table, Tensor row, Tensor y)
    {
        int width = checked((int)y.Count);
        Span(table).Slice(RowOf(table, row) * width, width).CopyTo(Span(y));
    }

    /// <inheritdoc/>
    public void PutRow(ReadOnlySpan<Tensor> parts, Tensor row, Tensor table)
    {
        int length = checked((int)parts[0].Count);
        Span<T> values = Span(table)[(RowOf(table, row) * parts.Length * length)..];
        for (int i = 0; i < parts.Length; i++)
        {
            Span(parts[i]).CopyTo(values[(i * length)..]);
        }
    }

    /// <inheritdoc/>
    public void MoveAverage(Tensor x, Tensor kept, Tensor taken, Tensor guard, Tensor average)
    {
        if (T.IsFinite(Value(guard)))
        {
            ScaleShift(average, double.CreateChecked(Value(kept)), 0, average);
            ScaleShift(x, double.CreateChecked(Value(taken)), 0, Sink.AddTo(average));
        }
    }

    /// <inheritdoc/>
    public void RestoreUnlessFinite(Tensor guard, Tensor x, Tensor y)
    {
        if (!T.IsFinite(Value(guard)))
        {
            ScaleShift(x, 1, 0, y);
        }
    }

    private static T Value(Tensor scalar) => *Pointer(scalar);

    private static int RowOf(Tensor table, Tensor row) => int.CreateChecked(Value(row)) % table.Shape[0];
}
