namespace TinyFlow;

public sealed partial class Tensor
{
    /// <summary>One element; negative indices count from the end of their axis. Slow on a GPU: use <see cref="ToArray"/> for many.</summary>
    /// <exception cref="ArgumentException">The number of indices is not the number of axes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index lies outside its axis.</exception>
    [System.Runtime.CompilerServices.IndexerName("Element")]
    public double this[params ReadOnlySpan<int> indices]
    {
        get
        {
            using Tensor element = Section(Position(indices), []);
            return element.Item();
        }
    }

    /// <summary>The value of a tensor of one element.</summary>
    /// <exception cref="InvalidOperationException">The tensor has not exactly one element.</exception>
    public double Item()
    {
        if (Count != 1)
        {
            throw new InvalidOperationException($"Item: a tensor of shape {Shape} has {Count} elements; exactly 1 is needed. Use ToArray or an index.");
        }

        double value = 0;
        Backend.Read(this, new Span<double>(ref value));
        return value;
    }

    /// <summary>All elements as float32, row-major.</summary>
    public float[] ToArray()
    {
        float[] values = new float[Count];
        Backend.Read(this, values.AsSpan());
        return values;
    }

    /// <summary>All elements as float64, row-major.</summary>
    public double[] ToDoubles()
    {
        double[] values = new double[Count];
        Backend.Read(this, values.AsSpan());
        return values;
    }

    /// <summary>The elements as NumPy prints them, shortened in the middle when there are many.</summary>
    public override string ToString() => IsDisposed ? $"Tensor {Shape}, released" : NumpyText.Format(this);

    private long Position(ReadOnlySpan<int> indices)
    {
        if (indices.Length != Shape.Rank)
        {
            throw new ArgumentException($"Index: {indices.Length} indices given for shape {Shape}; exactly {Shape.Rank} are needed.");
        }

        long position = 0;
        for (int axis = 0; axis < indices.Length; axis++)
        {
            int size = Shape[axis], index = indices[axis] < 0 ? indices[axis] + size : indices[axis];
            if ((uint)index >= (uint)size)
            {
                throw new ArgumentOutOfRangeException(nameof(indices), $"Index: {indices[axis]} lies outside axis {axis} of shape {Shape}; it must be from {-size} to {size - 1}.");
            }

            position = position * size + index;
        }

        return position;
    }
}
