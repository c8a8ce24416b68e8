namespace TinyFlow.Tests.Ops;

/// <summary>
/// Operands of a spline coupling that keep off its kinks, the knots, where log ∂y/∂x has no derivative: the parameters
/// depend on their place alone, so that x can be put where it is wanted: in the middle of bins, close to knots on either
/// side, the box's ends among them, and outside of the box.
/// </summary>
internal sealed class SplineOperands(Shape x, ChannelRange changed, int bins)
{
    // As close as a step of the gradient check, which moves x by 4e-4 and a knot by as much, allows.
    private const double Near = 4e-3;

    private static readonly NoiseKey Key = new(Seed: 17, Stream: 4);

    private int Plane { get; } = x[2] * x[3];

    private int ParametersEach { get; } = 3 * bins - 1;

    /// <summary>h.</summary>
    public Operand Parameters => new(x.With(1, ParametersEach * changed.Count), (place, _) => Parameter(place));

    /// <summary>x.</summary>
    public Operand Input => new(x, Place);

    private static double Parameter(int place) => (float)(2 * Philox.Uniform(Key, (ulong)place) - 1);

    private double Place(int element, double u)
    {
        (int row, int pixel) = Math.DivRem(element, Plane);
        (int image, int channel) = Math.DivRem(row, x[1]);
        if (channel < changed.First || channel >= changed.End)
        {
            return 3 * u - 1.5;
        }

        int first = (image * ParametersEach * changed.Count + channel - changed.First) * Plane + pixel;
        double[] knots = Knots([.. Enumerable.Range(0, bins).Select(k => Parameter(first + k * changed.Count * Plane))]);
        double kind = 4 * u, rest = kind - Math.Floor(kind), side = element % 2 == 0 ? 1 : -1;
        switch ((int)kind)
        {
            case 0:
                return side * (1.02 + rest) * SplineLimits.Box;
            case 1:
                return knots[(int)(rest * (bins + 1))] + side * Near;
            default:
                (double inBin, int bin) = (rest * bins - Math.Floor(rest * bins), (int)(rest * bins));
                return knots[bin] + (0.2 + 0.6 * inBin) * (knots[bin + 1] - knots[bin]);
        }
    }

    /// <summary>The ends of bins of the softmax's widths.</summary>
    public static double[] Knots(double[] logits)
    {
        double sum = logits.Sum(Math.Exp), at = -SplineLimits.Box;
        double[] knots = new double[logits.Length + 1];
        knots[0] = at;
        for (int k = 0; k < logits.Length; k++)
        {
            at += 2 * SplineLimits.Box * (SplineLimits.SmallestBin + (1 - logits.Length * SplineLimits.SmallestBin) * Math.Exp(logits[k]) / sum);
            knots[k + 1] = at;
        }

        return knots;
    }
}
