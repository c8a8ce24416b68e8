using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Nets;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Flows;

/// <summary>
/// The coupling of Flow++ (Ho et al. 2019, section 3.2): half of the channels change by y = logit(F(x))·e^r + t, with F
/// the cumulative distribution of a mixture of K logistics; a net of the other half gives its parameters. Where an affine
/// coupling can only stretch a pixel's values, this one can put spikes, such as MNIST's black and white, where they
/// belong. The inverse is found by iteration, to the precision of the numbers.
/// </summary>
public sealed class MixtureCoupling : IFlow, IReversible
{
    private readonly ConditionedHalf _half;

    /// <summary>A coupling of images [C, H, W].</summary>
    /// <param name="channels">C, at least 2.</param>
    /// <param name="changesFirst">Whether the first ⌊C/2⌋ channels change; else the last ⌊C/2⌋.</param>
    /// <param name="net">From the channels that stay, <see cref="Kept"/>, and those of a context if there is one, to <see cref="ParameterCount"/> channels.</param>
    public MixtureCoupling(int channels, bool changesFirst, INet net) => _half = new ConditionedHalf(
        channels, changesFirst, net, LogisticMixtures.LogisticMixtureCoupling, LogisticMixtures.LogisticMixtureCouplingInverse);

    /// <summary>How many of C channels the net sees.</summary>
    public static int Kept(int channels) => ConditionedHalf.Kept(channels);

    /// <summary>How many channels the net of a coupling of C channels has to give.</summary>
    public static int ParameterCount(int channels, int components) => (2 + 3 * components) * ConditionedHalf.Changed(channels);

    /// <summary>
    /// The start of the net's last bias [<see cref="ParameterCount"/>], whose weight starts at zero: means spread evenly
    /// over [−1, 1], or 0 for one component, so that the components part company; everything else 0.
    /// </summary>
    public static Initializer StartingBias(int channels, int components) => (shape, _) =>
    {
        float[] bias = new float[shape.Count];
        int changed = ConditionedHalf.Changed(channels);
        for (int k = 0; k < components && components > 1; k++)
        {
            bias.AsSpan((2 + components + k) * changed, changed).Fill((float)(2.0 * k / (components - 1) - 1));
        }

        return bias;
    };

    /// <inheritdoc/>
    public (Var Y, Var LogDet) Forward(Var x, Pass pass) => _half.Forward(x, pass);

    /// <inheritdoc/>
    public Var Inverse(Var y) => _half.Inverse(y);

    /// <summary>As <see cref="Forward(Var, Pass)"/>, with a net that sees a context [N, …, H, W] behind the channels that stay.</summary>
    public (Var Y, Var LogDet) ForwardGiven(Var context, Var x, Pass pass) => _half.Forward(x, pass, context);

    /// <summary>x of <see cref="ForwardGiven"/> in evaluation, given the same context.</summary>
    public Var InverseGiven(Var context, Var y) => _half.Inverse(y, context);

    /// <inheritdoc/>
    Rebuilt IReversible.Reverse(Tape outer, Tensor y, Tensor dy, Tensor dlogDet) => _half.Reverse(outer, y, dy, dlogDet);
}
