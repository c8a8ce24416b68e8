namespace TinyFlow.Tests.Cpu.Convolutions;

/// <summary>
/// A convolution and its gradients in float64 on the reference backend; and, by the same ops on absolute values, the
/// Σ|w||x| that rounding errors of each result are measured against.
/// </summary>
internal sealed record Exact(double[] Y, double[] Dx, double[] Dweight, double[] Dbias)
{
    public static Exact Of(ConvolutionCase c, float[] x, float[] weight, float[] bias, float[] dy)
    {
        using ReferenceBackend backend = new();
        using Tensor tx = backend.Create(c.X, Doubles(x)), tw = backend.Create(c.Weight, Doubles(weight)), tb = backend.Create([c.Weight[0]], Doubles(bias));
        using Tensor tdy = backend.Create(c.Y, Doubles(dy)), y = backend.Allocate(c.Y), dx = backend.Allocate(c.X);
        using Tensor dw = backend.Allocate(c.Weight), db = backend.Allocate([c.Weight[0]]);
        backend.Conv2D(tx, tw, tb, y, c.Window);
        backend.Conv2DInputGradient(tdy, tw, dx, c.Window);
        backend.Conv2DWeightGradient(tx, tdy, dw, db, c.Window);
        return new Exact(y.ToDoubles(), dx.ToDoubles(), dw.ToDoubles(), db.ToDoubles());
    }

    public static Exact Magnitudes(ConvolutionCase c, float[] x, float[] weight, float[] bias, float[] dy) =>
        Of(c, Absolute(x), Absolute(weight), Absolute(bias), Absolute(dy));

    private static double[] Doubles(float[] values) => [.. values.Select(v => (double)v)];

    private static float[] Absolute(float[] values) => [.. values.Select(Math.Abs)];
}
