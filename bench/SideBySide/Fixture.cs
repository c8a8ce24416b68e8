using System.Text;

namespace Bench;

/// <summary>
/// Parameters, images and latents that depend on names, sizes and numbers alone, so that two engines in two processes
/// start from the same. Nothing is zero, one or symmetric: every parameter has a part in what is compared.
/// </summary>
internal static class Fixture
{
    /// <summary>How many batches a training run cycles through.</summary>
    public const int Batches = 4;

    /// <summary>Pixels of one image.</summary>
    public const int Pixels = 28 * 28;

    /// <summary>D·log 256: what 256 levels a pixel add to the nll of an image, in nats.</summary>
    public static readonly double Dequantization = Pixels * Math.Log(256);

    // A quarter of PyTorch's range: scales stay small, as in training, and rounding is not blown up from layer to layer.
    private const double WeightScale = 0.25;

    /// <summary>Values for a parameter or buffer by its PyTorch state_dict name and its sizes.</summary>
    public static float[] Parameter(string name, ReadOnlySpan<long> sizes)
    {
        long count = 1, fanIn = 1;
        for (int axis = 0; axis < sizes.Length; axis++)
        {
            count *= sizes[axis];
            fanIn *= axis == 0 ? 1 : sizes[axis];
        }

        // The last word of a name: "weight" of "net.0.weight", "s_scale" of "s_scale.3".
        string kind = name.Split('.').Last(word => !int.TryParse(word, out _));
        if (kind == "permutation")
        {
            return Reversal((int)sizes[0]);
        }

        (double middle, double width) = kind switch
        {
            "running_var" => (1.0, 0.5),
            "running_mean" or "bias" or "t_bias" or "s_scale" or "t_scale" or "log_scale" => (0.0, 0.1),
            "scale" => (1.0, 0.2),
            "initialized" or "sign" => (1.0, 0.0),
            "lower" or "upper" => (0.0, 0.5 / Math.Sqrt(fanIn)),
            "weight_g" when sizes.Length == 4 => (WeightScale, WeightScale / 2),
            "weight_g" or "weight_v" when sizes.Length == 3 => (1.0, 0.2),
            "weight" when sizes.Length == 1 => (1.0, 0.2),
            "weight" or "weight_v" => (0.0, WeightScale / Math.Sqrt(fanIn)),
            _ => throw new ArgumentException($"Fixture: '{name}' is no parameter or statistic that a peer has."),
        };

        Random random = new(Seed(name));
        return Generate(checked((int)count), () => middle + width * (2 * random.NextDouble() - 1));
    }

    /// <summary>Images on [0, 1): noise, because the work does not depend on what they show.</summary>
    public static float[] Images(int batch, int number)
    {
        Random random = new(1000 + number);
        return Generate(batch * Pixels, random.NextDouble);
    }

    /// <summary>Standard normal latents.</summary>
    public static float[] Latents(int batch)
    {
        Random random = new(2000);
        return Generate(batch * Pixels, () =>
            Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
    }

    private static float[] Generate(int count, Func<double> next)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (float)next();
        }

        return values;
    }

    // The permutation that turns the order around, as a matrix.
    private static float[] Reversal(int size) => [.. Enumerable.Range(0, size * size).Select(i => i / size + i % size == size - 1 ? 1f : 0f)];

    // FNV-1a: string.GetHashCode differs from process to process.
    private static int Seed(string name)
    {
        uint hash = 2166136261;
        foreach (byte b in Encoding.UTF8.GetBytes(name))
        {
            hash = (hash ^ b) * 16777619;
        }

        return (int)(hash & int.MaxValue);
    }
}
