using System.Runtime.InteropServices;

namespace TinyFlow.Cuda.Normalizations;

/// <summary>normalization.cu's tf_norm_parameters: the per-channel operands of a normalization; 0 where it has none.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct NormalizationParameters
{
    public ulong Gamma;
    public ulong Beta;
    public ulong Mean;
    public ulong InverseDeviation;
    public ulong RunningMean;
    public ulong RunningVariance;
    public double Momentum;
    public float Epsilon;
    public int Relu;
    public ulong BatchMean;
    public ulong NextMean;
    public ulong NextVariance;
    public int UsesRunning;
    public int IsUpdated;
    public ulong Bias;

    /// <summary>Of an instance normalization.</summary>
    public NormalizationParameters(Tensor mean, Tensor inverseDeviation, double epsilon, Activation activation)
    {
        Mean = CudaBackend.Address(mean);
        InverseDeviation = CudaBackend.Address(inverseDeviation);
        Epsilon = (float)epsilon;
        Relu = activation == Activation.Relu ? 1 : 0;
    }

    /// <summary>Of a batch normalization.</summary>
    public NormalizationParameters(Tensor gamma, Tensor beta, Tensor mean, Tensor inverseDeviation, BatchNormSettings settings)
        : this(mean, inverseDeviation, settings.Epsilon, settings.Activation)
    {
        Gamma = CudaBackend.Address(gamma);
        Beta = CudaBackend.Address(beta);
        Momentum = settings.Momentum;
    }
}

/// <summary>normalization.cu's tf_norm_args.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct NormalizationArguments(ChannelCut cut, Tensor x, Tensor y, Tensor? moments, NormalizationParameters parameters)
{
    public readonly ulong X = CudaBackend.Address(x);
    public readonly ulong Y = CudaBackend.Address(y);
    public readonly ulong Moments = moments is null ? 0 : CudaBackend.Address(moments);
    public readonly long Images = cut.Images;
    public readonly long Channels = cut.Channels;
    public readonly long Plane = cut.Plane;
    public readonly long Part = cut.Part;
    public readonly NormalizationParameters Parameters = parameters;
}

/// <summary>normalization.cu's tf_norm_gradient_args.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct NormalizationGradientArguments
{
    public ulong X;
    public ulong Dy;
    public ulong Dx;
    public ulong Dgamma;
    public ulong Dbeta;
    public ulong Sums;
    public long Images;
    public long Channels;
    public long Plane;
    public long Part;
    public NormalizationParameters Parameters;
    public int DxAdds;
    public int DgammaAdds;
    public int DbetaAdds;
    public int BatchStatistics;
    public ulong DlogDet;
    public float MeanShare;
    public float VarianceShare;
    public ulong ZeroBias;

    public NormalizationGradientArguments(ChannelCut cut, Tensor x, Tensor dy, Sink dx, NormalizationParameters parameters)
    {
        (X, Dy) = (CudaBackend.Address(x), CudaBackend.Address(dy));
        (Dx, DxAdds) = CudaBackend.SinkAddress(dx);
        (Images, Channels, Plane, Part) = (cut.Images, cut.Channels, cut.Plane, cut.Part);
        Parameters = parameters;
    }
}

/// <summary>normalization.cu's tf_flow_log_det_args.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FlowLogDetArguments
{
    public ulong InverseDeviation;
    public ulong NextMean;
    public ulong NextVariance;
    public ulong RunningMean;
    public ulong RunningVariance;
    public ulong LogDet;
    public long Channels;
    public long Images;
    public float Plane;
}

/// <summary>normalization.cu's tf_inverse_deviations_args.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct InverseDeviationsArguments
{
    public ulong Variance;
    public ulong InverseDeviation;
    public long Count;
    public float Epsilon;
}
