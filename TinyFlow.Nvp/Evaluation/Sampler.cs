using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Models;

namespace TinyFlow.Nvp.Evaluation;

/// <summary>Draws images from a model as pixels.</summary>
public static class Sampler
{
    /// <summary>Images of whole pixels, clamp(floor(256·x), 0, 255); image number i depends on seed and i alone.</summary>
    /// <param name="model">The model.</param>
    /// <param name="count">How many images.</param>
    /// <param name="temperature">The standard deviation of the latent variables: 1 is the model's own.</param>
    /// <param name="seed">Another seed, other images.</param>
    public static ImageSet Draw(FlowModel model, int count, double temperature, ulong seed) => Draw(model, count, temperature, seed, out _);

    /// <summary>As the other, and says how many of the images have a pixel that is infinite or not a number, which is drawn all the same.</summary>
    public static ImageSet Draw(FlowModel model, int count, double temperature, ulong seed, out int notFinite)
    {
        using Tensor x = model.Sample(count, temperature, seed);
        double[] values = x.ToDoubles();
        notFinite = values.Chunk(model.Dimensions).Count(image => !image.All(double.IsFinite));
        return ImageSet.FromUnitInterval("samples", x.Shape[1], x.Shape[2], x.Shape[3], values);
    }
}
