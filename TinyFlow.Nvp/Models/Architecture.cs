namespace TinyFlow.Nvp.Models;

/// <summary>How a model's flow is put together.</summary>
public enum Architecture
{
    /// <summary>The seed notebook's: checkerboard couplings at full resolution; the latent has the image's shape.</summary>
    Notebook,

    /// <summary>Logit transform, then levels of a squeeze and steps of ActNorm, an invertible 1x1 convolution and a channel coupling.</summary>
    Squeezed,

    /// <summary>
    /// Logit transform, then levels of a squeeze and steps of ActNorm, an invertible 1x1 convolution and a coupling by mixtures
    /// of logistics or splines (<see cref="ModelConfig.Coupling"/>); half of the channels leave behind each level, with a learned prior. The latent is flat.
    /// </summary>
    MultiScale,

    /// <summary>B. Keng's: checkerboard and channel couplings with batch norm on the flow's path, parts factored out; the latent is a vector.</summary>
    Keng,

    /// <summary>Real NVP as published, in the structure of its PyTorch port: recursive scales; the latent has the image's shape.</summary>
    Paper,
}
