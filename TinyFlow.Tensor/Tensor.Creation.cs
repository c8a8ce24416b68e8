namespace TinyFlow;

/// <summary>Making tensors on a backend. The caller disposes what it gets.</summary>
public static class TensorCreation
{
    /// <summary>A tensor of the given float32 values, row-major.</summary>
    /// <exception cref="ArgumentException">The number of values is not the shape's.</exception>
    public static Tensor Create(this IBackend backend, Shape shape, ReadOnlySpan<float> values)
    {
        CheckCount(shape, values.Length);
        Tensor y = backend.Allocate(shape);
        backend.Write(values, y);
        return y;
    }

    /// <summary>A tensor of the given float64 values, row-major.</summary>
    /// <exception cref="ArgumentException">The number of values is not the shape's.</exception>
    public static Tensor Create(this IBackend backend, Shape shape, ReadOnlySpan<double> values)
    {
        CheckCount(shape, values.Length);
        Tensor y = backend.Allocate(shape);
        backend.Write(values, y);
        return y;
    }

    /// <summary>A tensor of one value in every place.</summary>
    public static Tensor Full(this IBackend backend, Shape shape, double value)
    {
        Tensor y = backend.Allocate(shape);
        backend.Fill(y, value);
        return y;
    }

    /// <summary>A tensor of zeros.</summary>
    public static Tensor Zeros(this IBackend backend, Shape shape) => backend.Full(shape, 0);

    /// <summary>A tensor of ones.</summary>
    public static Tensor Ones(this IBackend backend, Shape shape) => backend.Full(shape, 1);

    /// <summary>A scalar tensor, of shape [].</summary>
    public static Tensor Scalar(this IBackend backend, double value) => backend.Full([], value);

    /// <summary>Uniform numbers on [0, 1), multiples of 2^-24; the same on every backend.</summary>
    public static Tensor Uniform(this IBackend backend, Shape shape, NoiseKey key)
    {
        Tensor y = backend.Allocate(shape);
        backend.Uniform(key, y);
        return y;
    }

    /// <summary>Standard normal numbers.</summary>
    public static Tensor Normal(this IBackend backend, Shape shape, NoiseKey key)
    {
        Tensor y = backend.Allocate(shape);
        backend.Normal(key, y);
        return y;
    }

    /// <summary>A copy of a tensor on this backend, whatever backend it comes from.</summary>
    public static Tensor CopyOf(this IBackend backend, Tensor x)
    {
        if (!ReferenceEquals(backend, x.Backend))
        {
            return backend.Create(x.Shape, x.ToDoubles());
        }

        Tensor copy = backend.Allocate(x.Shape, "a copy");
        backend.ScaleShift(x, 1, 0, copy);
        return copy;
    }

    private static void CheckCount(Shape shape, int count)
    {
        if (shape.Count != count)
        {
            throw new ArgumentException($"Create: shape {shape} needs {shape.Count} values, but {count} are given.");
        }
    }
}
