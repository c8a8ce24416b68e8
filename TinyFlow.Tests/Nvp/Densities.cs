using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Distributions;

namespace TinyFlow.Tests.Nvp;

/// <summary>Uniform on [0, 1): with it the identity needs exactly 8 bits a pixel.</summary>
internal sealed class UniformDensity : IDistribution
{
    public Var LogProb(Var z)
    {
        double[] values = z.Value.ToDoubles();
        double[] logProb = [.. values.Chunk(values.Length / z.Shape[0]).Select(image => image.All(x => x is >= 0 and < 1) ? 0 : double.NegativeInfinity)];
        return z.Tape.Constant(z.Tape.Own(z.Backend.Create([z.Shape[0]], logProb)));
    }

    public void Sample(Tensor z, double temperature, NoiseKey key, Tensor first) => z.Backend.Uniform(key, z);
}

/// <summary>The standard logistic: log density −softplus(z) − softplus(−z), the derivative of the sigmoid.</summary>
internal sealed class LogisticDensity : IDistribution
{
    public Var LogProb(Var z) => -(z.Softplus() + (-z).Softplus()).SumPerImage();

    public void Sample(Tensor z, double temperature, NoiseKey key, Tensor first) => throw new NotSupportedException();
}
