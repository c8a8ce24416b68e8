using System.Runtime.InteropServices;
using TinyFlow.Cuda;

namespace TinyFlow;

/// <summary>Batch normalization by own kernels; normalization.cu says how they work.</summary>
public sealed unsafe partial class CudaBackend
{
    // 3 floats of the kernels' tf_moments, 2 sums of a gradient.
    private const int MomentsOfPart = 3, SumsOfPart = 2;

    /// <inheritdoc/>
    public void BatchNorm(
        Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance,
        Tensor mean, Tensor inverseDeviation, Tensor y, BatchNormSettings settings) =>
        NormalizeByOwnStatistics(ChannelsOf(x), x, y, Parameters(gamma, beta, mean, inverseDeviation, settings) with
        {
            RunningMean = Address(runningMean),
            RunningVariance = Address(runningVariance),
        });

    /// <inheritdoc/>
    public void BatchNormInference(
        Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance,
        Tensor inverseDeviation, Tensor y, BatchNormSettings settings)
    {
        ChannelCut cut = ChannelsOf(x);
        NormalizationParameters parameters = Parameters(gamma, beta, runningMean, inverseDeviation, settings) with
        {
            RunningMean = Address(runningMean),
            RunningVariance = Address(runningVariance),
        };
        Launch("tf_batch_normalize_with_running", LaunchGrid.Blocks(cut.Parts), new NormalizationArguments(cut, x, y, null, parameters));
    }

    /// <inheritdoc/>
    public void BatchNormBackward(
        Tensor x, Tensor gamma, Tensor beta, Tensor mean, Tensor inverseDeviation, Tensor dy,
        Sink dx, Sink dgamma, Sink dbeta, BatchNormSettings settings, BatchStatistics statistics) => NormalizeBackward(
        ChannelsOf(x), x, dy, dx, dgamma, dbeta, Parameters(gamma, beta, mean, inverseDeviation, settings), statistics);

    private static ChannelCut ChannelsOf(Tensor x) => new(x.Shape[0], x.Shape[1], (long)x.Shape[2] * x.Shape[3]);

    private static NormalizationParameters Parameters(Tensor gamma, Tensor beta, Tensor mean, Tensor inverseDeviation, BatchNormSettings settings) => new()
    {
        Gamma = Address(gamma),
        Beta = Address(beta),
        Mean = Address(mean),
        InverseDeviation = Address(inverseDeviation),
        Momentum = settings.Momentum,
        Epsilon = (float)settings.Epsilon,
        Relu = settings.Activation == Activation.Relu ? 1 : 0,
    };

    private void NormalizeByOwnStatistics(ChannelCut cut, Tensor x, Tensor y, NormalizationParameters parameters)
    {
        if (cut.Team != ChannelTeam.Parts)
        {
            Launch(cut.Team == ChannelTeam.Warp ? "tf_normalize_channel_by_warp" : "tf_normalize_channel_by_block", cut.Teams, new NormalizationArguments(cut, x, y, null, parameters));
            return;
        }

        using Tensor moments = Scratch([checked((int)cut.Parts), MomentsOfPart]);
        NormalizationArguments arguments = new(cut, x, y, moments, parameters);
        Launch("tf_batch_statistics", LaunchGrid.Blocks(cut.Parts), arguments);
        Launch("tf_batch_normalize", LaunchGrid.Blocks(cut.Parts), arguments);
    }

    private void NormalizeBackward(
        ChannelCut cut, Tensor x, Tensor dy, Sink dx, Sink dgamma, Sink dbeta, NormalizationParameters parameters, BatchStatistics statistics)
    {
        NormalizationGradientArguments arguments = new(cut, x, dy, dx, dgamma, dbeta, parameters, statistics);
        if (cut.Team != ChannelTeam.Parts)
        {
            Launch(cut.Team == ChannelTeam.Warp ? "tf_normalize_channel_by_warp_backward" : "tf_normalize_channel_by_block_backward", cut.Teams, arguments);
            return;
        }

        using Tensor sums = Scratch([checked((int)cut.Parts), SumsOfPart]);
        arguments = arguments with { Sums = Address(sums) };
        Launch("tf_batch_gradient_sums", LaunchGrid.Blocks(cut.Parts), arguments);
        if (dx.IsWanted)
        {
            Launch("tf_batch_input_gradient", LaunchGrid.Blocks(cut.Parts), arguments);
        }
        else
        {
            Launch("tf_batch_parameter_gradients", LaunchGrid.Blocks(cut.Channels, 32), arguments);
        }
    }

    /// <summary>The per-channel operands of a normalization; 0 where it has none.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private record struct NormalizationParameters
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
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct NormalizationArguments(ChannelCut cut, Tensor x, Tensor y, Tensor? moments, NormalizationParameters parameters)
    {
        public readonly ulong X = Address(x);
        public readonly ulong Y = Address(y);
        public readonly ulong Moments = moments is null ? 0 : Address(moments);
        public readonly long Images = cut.Images;
        public readonly long Channels = cut.Channels;
        public readonly long Plane = cut.Plane;
        public readonly long Part = cut.Part;
        public readonly NormalizationParameters Parameters = parameters;
    }

    [StructLayout(LayoutKind.Sequential)]
    private record struct NormalizationGradientArguments
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

        public NormalizationGradientArguments(
            ChannelCut cut, Tensor x, Tensor dy, Sink dx, Sink dgamma, Sink dbeta, NormalizationParameters parameters, BatchStatistics statistics)
        {
            (X, Dy) = (Address(x), Address(dy));
            (Dx, DxAdds) = SinkAddress(dx);
            (Dgamma, DgammaAdds) = SinkAddress(dgamma);
            (Dbeta, DbetaAdds) = SinkAddress(dbeta);
            (Images, Channels, Plane, Part) = (cut.Images, cut.Channels, cut.Plane, cut.Part);
            Parameters = parameters;
            BatchStatistics = statistics == TinyFlow.BatchStatistics.Batch ? 1 : 0;
        }
    }
}
