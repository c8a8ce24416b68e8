namespace TinyFlow;

public partial class ReferenceBackend
{
    // torch.nn.utils.clip_grad_norm_ adds this to the norm.
    private const double ClippingEpsilon = 1e-6;

    /// <inheritdoc/>
    public override void Adam(
        Tensor parameters, Tensor gradients, Tensor first, Tensor second, Tensor squaredNorm, Tensor state, AdamSettings settings)
    {
        Span<double> ps = Span(parameters), gs = Span(gradients), ms = Span(first), vs = Span(second), states = Span(state);
        double norm = Math.Sqrt(Span(squaredNorm)[0]);
        if (!double.IsFinite(norm))
        {
            states[2]++;
            return;
        }

        states[1]++;
        double clip = Math.Min(1, settings.MaxNorm / (norm + ClippingEpsilon));
        double rate = states[0] / (1 - Math.Pow(settings.Beta1, states[1])), correction = Math.Sqrt(1 - Math.Pow(settings.Beta2, states[1]));
        for (int i = 0; i < ps.Length; i++)
        {
            double gradient = gs[i] * clip + settings.WeightDecay * ps[i];
            ms[i] = settings.Beta1 * ms[i] + (1 - settings.Beta1) * gradient;
            if (settings.Scale == AdamScale.Maximum)
            {
                vs[i] = Math.Max(settings.Beta2 * vs[i], Math.Abs(gradient) + settings.Epsilon);
                ps[i] -= rate * ms[i] / vs[i];
                continue;
            }

            vs[i] = settings.Beta2 * vs[i] + (1 - settings.Beta2) * gradient * gradient;
            ps[i] -= rate * ms[i] / (Math.Sqrt(vs[i]) / correction + settings.Epsilon);
        }
    }
}
