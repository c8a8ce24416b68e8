namespace TinyFlow.Nvp.Parameters;

/// <summary>Random numbers for first values: they depend on the seed and a name alone, not on backend or order of declaration.</summary>
/// <param name="backend">Who computes them.</param>
/// <param name="seed">The model's seed.</param>
/// <param name="name">The name of the parameter.</param>
public sealed class InitialNoise(IBackend backend, ulong seed, string name)
{
    /// <summary>Uniform numbers on [0, 1), multiples of 2^-24.</summary>
    public float[] Uniforms(long count)
    {
        using Tensor uniforms = backend.Uniform([checked((int)count)], new NoiseKey(seed, NoiseStreams.Initialization(name)));
        return uniforms.ToArray();
    }

    /// <summary>The numbers of another name, for parameters that start as parts of one whole.</summary>
    public InitialNoise Of(string otherName) => new(backend, seed, otherName);
}
