using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;

namespace TinyFlow.Nvp.Distributions;

/// <summary>Independent standard normal numbers: the prior of Real NVP.</summary>
public sealed class StandardNormal : IDistribution
{
    /// <summary>log N(z; 0, I) = −½·Σ z² − ½·D·log 2π.</summary>
    public Var LogProb(Var z) => z.GaussianLogProb();

    /// <summary>Draws from N(0, temperature²·I).</summary>
    public void Sample(Tensor z, double temperature, NoiseKey key, Tensor first)
    {
        using Tensor standard = z.Backend.Allocate(z.Shape, "standard normal numbers");
        z.Backend.Normal(key, first, standard);
        z.Backend.ScaleShift(standard, temperature, 0, z);
    }
}
