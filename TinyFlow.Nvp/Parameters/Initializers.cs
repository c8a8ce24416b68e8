namespace TinyFlow.Nvp.Parameters;

/// <summary>How parameters start.</summary>
public static class Initializers
{
    /// <summary>All zeros.</summary>
    public static Initializer Zero { get; } = Constant(0);

    /// <summary>All ones.</summary>
    public static Initializer One { get; } = Constant(1);

    /// <summary>One value everywhere.</summary>
    public static Initializer Constant(double value) => (shape, _) =>
    {
        float[] values = new float[shape.Count];
        values.AsSpan().Fill((float)value);
        return values;
    };

    /// <summary>
    /// Uniform between ±1/√fanIn: what torch.nn.Linear and Conv2d use for weights (kaiming_uniform_ with a = √5) and biases.
    /// </summary>
    public static Initializer FanIn(int fanIn) => (shape, noise) =>
    {
        double bound = 1 / Math.Sqrt(fanIn);
        float[] values = noise.Uniforms(shape.Count);
        foreach (ref float value in values.AsSpan())
        {
            value = (float)(bound * (2 * value - 1));
        }

        return values;
    };
}
