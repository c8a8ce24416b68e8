using TinyFlow.Autograd;

namespace TinyFlow.Nvp.Distributions;

/// <summary>What latent variables follow.</summary>
public interface IDistribution
{
    /// <summary>The log density of each image of z [N, …], as [N], in nats.</summary>
    Var LogProb(Var z);

    /// <summary>
    /// Fills z [N, …] with the draws of images number first, first + 1, … Image number i of the key's stream always gets the
    /// same draw, whatever the batch.
    /// </summary>
    /// <param name="z">Where they go.</param>
    /// <param name="temperature">The factor of the distribution's spread: for a standard normal, the standard deviation.</param>
    /// <param name="key">Seed and stream.</param>
    /// <param name="first">[], the number of the first image, a whole number below 2^24 in the backend's memory.</param>
    void Sample(Tensor z, double temperature, NoiseKey key, Tensor first);
}
