using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Nets;

namespace TinyFlow.Nvp.Flows;

/// <summary>
/// A learned prior N(μ, e^(2s)) of z whose mean and scale depend on a context, (μ, s) = net(context), as the affine map
/// e = (z − μ)·e^−s to a standard normal: log_det = −Σ s (the split prior of Glow, Kingma and Dhariwal 2018).
/// With a net that starts at zero it starts as the identity.
/// </summary>
/// <param name="net">[N, K, H, W] → [N, 2C, H, W]: μ, then s.</param>
public sealed class ConditionalGaussian(INet net)
{
    /// <summary>e and log |det ∂e/∂z| of each image, [N], for z [N, C, H, W] and a context [N, K, H, W].</summary>
    public (Var Y, Var LogDet) Forward(Var z, Var context, Pass pass)
    {
        (Var mean, Var logScale) = Moments(z, context, pass);
        Var negative = -logScale, scale = negative.Exp(), centred = z - mean, y = centred * scale;
        Var logDet = negative.SumPerImage();
        z.Tape.ReleaseAll(mean, logScale, negative, scale, centred);
        return (y, logDet);
    }

    /// <summary>z of <see cref="Forward"/>, given the same context.</summary>
    public Var Inverse(Var y, Var context, Pass pass = Pass.Evaluation)
    {
        (Var mean, Var logScale) = Moments(y, context, pass);
        Var scale = logScale.Exp(), scaled = y * scale, z = scaled + mean;
        y.Tape.ReleaseAll(mean, logScale, scale, scaled);
        return z;
    }

    private (Var Mean, Var LogScale) Moments(Var z, Var context, Pass pass)
    {
        int channels = z.Shape[1];
        Var h = net.Forward(context, pass);
        ShapeRules.Require("ConditionalGaussian", "the net's result", h.Shape, z.Shape.With(1, 2 * channels));
        (Var, Var) moments = (h.Slice(1, 0, channels), h.Slice(1, channels, channels));
        z.Tape.Release(h);
        return moments;
    }
}
