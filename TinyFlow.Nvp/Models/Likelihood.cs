namespace TinyFlow.Nvp.Models;

/// <summary>From the density of dequantized images to bits per dimension of their pixels.</summary>
public static class Likelihood
{
    /// <summary>Values that a pixel can have: x = (pixel + u)/Levels.</summary>
    public const int Levels = 256;

    /// <summary>−D·log 256, the log volume of the bins of an image's pixels: added to log p(x) it gives the bound on log P(pixels).</summary>
    public static double LogBinVolume(int dimensions) => -dimensions * Math.Log(Levels);

    /// <summary>The bound on an image's negative log-likelihood in nats, from its log p(x).</summary>
    public static double Nll(double logProb, int dimensions) => -(logProb + LogBinVolume(dimensions));

    /// <summary>The bound in bits per dimension, from an image's log p(x).</summary>
    public static double BitsPerDim(double logProb, int dimensions) => NatsToBitsPerDim(Nll(logProb, dimensions), dimensions);

    /// <summary>nll / (D · ln 2).</summary>
    public static double NatsToBitsPerDim(double nll, int dimensions) => nll / (dimensions * Math.Log(2));
}
