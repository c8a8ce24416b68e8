using TinyFlow.Cpu.Optimizers;
using TinyFlow.Cpu.Threads;

namespace TinyFlow;

public sealed unsafe partial class CpuBackend
{
    // torch.nn.utils.clip_grad_norm_ adds this to the norm.
    private const double ClippingEpsilon = 1e-6;

    /// <inheritdoc/>
    public override void Adam(
        Tensor parameters, Tensor gradients, Tensor first, Tensor second, Tensor squaredNorm, Tensor state, AdamSettings settings)
    {
        float* states = In(state);
        double norm = Math.Sqrt(*In(squaredNorm));
        if (!double.IsFinite(norm))
        {
            states[2]++;
            return;
        }

        double steps = ++states[1];
        AdamFactors factors = new(
            Clip: (float)Math.Min(1, settings.MaxNorm / (norm + ClippingEpsilon)),
            Decay: (float)settings.WeightDecay,
            Beta1: (float)settings.Beta1,
            OneMinusBeta1: (float)(1 - settings.Beta1),
            Beta2: (float)settings.Beta2,
            OneMinusBeta2: (float)(1 - settings.Beta2),
            Rate: (float)(states[0] / (1 - Math.Pow(settings.Beta1, steps))),
            Correction: (float)(1 / Math.Sqrt(1 - Math.Pow(settings.Beta2, steps))),
            Epsilon: (float)settings.Epsilon);
        Pieces pieces = new(1, parameters.Count);
        if (settings.Scale == AdamScale.Maximum)
        {
            Run(pieces.Count, new AdamWork<MaximumScale>(In(parameters), In(gradients), In(first), In(second), factors, pieces));
        }
        else
        {
            Run(pieces.Count, new AdamWork<RootMeanSquareScale>(In(parameters), In(gradients), In(first), In(second), factors, pieces));
        }
    }
}
