using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;

namespace TinyFlow.Nvp.Flows;

/// <summary>
/// From pixels on [0, 1) to all real numbers: y = logit((1 + (2x − 1)·λ)/2), the symmetric form of the Real NVP
/// authors' code, with log_det = Σ softplus(y) + softplus(−y) + log λ. The data constraint λ keeps the logit finite;
/// λ = 0.9 is the paper's, λ near 1 serves MNIST far better.
/// </summary>
public sealed class LogitTransform : IFlow
{
    private readonly double _constraint;

    /// <summary>With the data constraint λ, between 0 and 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">λ is not between 0 and 1.</exception>
    public LogitTransform(double dataConstraint)
    {
        if (!(dataConstraint is > 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(dataConstraint), $"LogitTransform: the data constraint must lie between 0 and 1, both excluded; found {dataConstraint}. 0.9 is Real NVP's.");
        }

        _constraint = dataConstraint;
    }

    /// <inheritdoc/>
    public (Var Y, Var LogDet) Forward(Var x, Pass pass)
    {
        Var probability = x.ScaleShift(_constraint, (1 - _constraint) / 2);
        Var y = probability.Logit();
        x.Tape.Release(probability);

        int pixels = checked((int)(x.Shape.Count / Math.Max(1, x.Shape[0])));
        Var logSlope = LogSlope(y), logDet = logSlope + pixels * Math.Log(_constraint);
        x.Tape.Release(logSlope);
        return (y, logDet);
    }

    /// <summary>log of the logit's slope where its value is y, Σ softplus(y) + softplus(−y), of each image [N].</summary>
    internal static Var LogSlope(Var y)
    {
        // softplus(−y) = softplus(y) − y.
        Var positive = y.Softplus(), negative = positive - y, perPixel = positive + negative, sum = perPixel.SumPerImage();
        y.Tape.ReleaseAll(positive, negative, perPixel);
        return sum;
    }

    /// <inheritdoc/>
    public Var Inverse(Var y)
    {
        Var probability = y.Sigmoid();
        Var x = probability.ScaleShift(1 / _constraint, -(1 - _constraint) / (2 * _constraint));
        y.Tape.Release(probability);
        return x;
    }
}
