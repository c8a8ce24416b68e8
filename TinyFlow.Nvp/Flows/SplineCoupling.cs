using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Nets;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Flows;

/// <summary>
/// The coupling of neural spline flows (Durkan et al. 2019, section 3): half of the channels change by a monotone
/// rational-quadratic spline of K bins within [−3, 3] and stay as they are beyond; a net of the other half says where the
/// knots lie and how steep the spline is there. As flexible as a mixture coupling within the box, with an inverse in
/// closed form; but it neither shifts nor scales what lies outside, which is left to the steps around it.
/// </summary>
public sealed class SplineCoupling : IFlow, IReversible
{
    private readonly ConditionedHalf _half;

    /// <summary>A coupling of images [C, H, W].</summary>
    /// <param name="channels">C, at least 2.</param>
    /// <param name="changesFirst">Whether the first ⌊C/2⌋ channels change; else the last ⌊C/2⌋.</param>
    /// <param name="net">From the channels that stay, <see cref="Kept"/>, to <see cref="ParameterCount"/> channels.</param>
    public SplineCoupling(int channels, bool changesFirst, INet net) => _half = new ConditionedHalf(
        channels, changesFirst, net, RationalQuadraticSplines.RationalQuadraticCoupling, RationalQuadraticSplines.RationalQuadraticCouplingInverse);

    /// <summary>How many of C channels the net sees.</summary>
    public static int Kept(int channels) => ConditionedHalf.Kept(channels);

    /// <summary>How many channels the net of a coupling of C channels has to give.</summary>
    public static int ParameterCount(int channels, int bins) => (3 * bins - 1) * ConditionedHalf.Changed(channels);

    /// <summary>
    /// The start of the net's last bias [<see cref="ParameterCount"/>], whose weight starts at zero: equal bins and
    /// derivatives of 1, with which the coupling is the identity.
    /// </summary>
    public static Initializer StartingBias(int channels, int bins) => (shape, _) =>
    {
        float[] bias = new float[shape.Count];

        // softplus(δ) + the smallest derivative = 1.
        double delta = Math.Log(Math.Exp(1 - SplineLimits.SmallestDerivative) - 1);
        bias.AsSpan(2 * bins * ConditionedHalf.Changed(channels)).Fill((float)delta);
        return bias;
    };

    /// <inheritdoc/>
    public (Var Y, Var LogDet) Forward(Var x, Pass pass) => _half.Forward(x, pass);

    /// <inheritdoc/>
    public Var Inverse(Var y) => _half.Inverse(y);

    /// <inheritdoc/>
    Rebuilt IReversible.Reverse(Tape outer, Tensor y, Tensor dy, Tensor dlogDet) => _half.Reverse(outer, y, dy, dlogDet);
}
