namespace TinyFlow.Nvp.Models;

/// <summary>How a model's flow is put together.</summary>
public enum Architecture
{
    /// <summary>The seed notebook's: checkerboard couplings at full resolution; the latent has the image's shape.</summary>
    Notebook,

    /// <summary>Logit transform, then levels of a squeeze and steps of ActNorm, an invertible 1x1 convolution and a channel coupling.</summary>
    Squeezed,

    /// <summary>
    /// Logit transform, then levels of a squeeze and steps of ActNorm, an invertible 1x1 convolution and a mixture coupling;
    /// half of the channels leave behind each level, with a learned prior. The latent is flat.
    /// </summary>
    MultiScale,
}
