namespace TinyFlow.Cuda.Normalizations;

/// <summary>
/// Batch normalization by own kernels, and instance normalization, which is a batch normalization of one image of N·C channels.
/// normalization.cu says how they work.
/// </summary>
internal sealed class OwnNormalizations(CudaBackend backend) : IBatchNorms
{
    // 3 floats of the kernels' tf_moments, 2 sums of a gradient.
    private const int MomentsOfPart = 3, SumsOfPart = 2;

    /// <inheritdoc/>
    public string Description => "own kernels";

    /// <inheritdoc/>
    public void Forward(
        Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance,
        Tensor mean, Tensor inverseDeviation, Tensor y, BatchNormSettings settings, Tensor? bias) =>
        Normalize(ChannelCut.OfBatch(x), x, y, new NormalizationParameters(gamma, beta, mean, inverseDeviation, settings)
        {
            RunningMean = CudaBackend.Address(runningMean),
            RunningVariance = CudaBackend.Address(runningVariance),
            Bias = bias is null ? 0 : CudaBackend.Address(bias),
        });

    /// <inheritdoc/>
    public void Inference(
        Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance,
        Tensor inverseDeviation, Tensor y, BatchNormSettings settings)
    {
        if (x.Count == 0)
        {
            InverseDeviations(runningVariance, inverseDeviation, settings.Epsilon);
            return;
        }

        ChannelCut cut = ChannelCut.OfBatch(x);
        NormalizationParameters parameters = new(gamma, beta, runningMean, inverseDeviation, settings)
        {
            RunningVariance = CudaBackend.Address(runningVariance),
        };
        backend.Launch("tf_batch_normalize_with_running", LaunchGrid.Blocks(cut.Parts), new NormalizationArguments(cut, x, y, null, parameters));
    }

    /// <inheritdoc/>
    public void Backward(
        Tensor x, Tensor gamma, Tensor beta, Tensor mean, Tensor inverseDeviation, Tensor dy,
        Sink dx, Sink dgamma, Sink dbeta, BatchNormSettings settings, BatchStatistics statistics, Sink dbias)
    {
        if (x.Count == 0)
        {
            backend.Clear(dgamma);
            backend.Clear(dbeta);
            backend.Clear(dbias);
            return;
        }

        ChannelCut cut = ChannelCut.OfBatch(x);
        NormalizationGradientArguments arguments = new(cut, x, dy, dx, new(gamma, beta, mean, inverseDeviation, settings))
        {
            BatchStatistics = statistics == BatchStatistics.Batch ? 1 : 0,
        };
        (arguments.Dgamma, arguments.DgammaAdds) = CudaBackend.SinkAddress(dgamma);
        (arguments.Dbeta, arguments.DbetaAdds) = CudaBackend.SinkAddress(dbeta);
        arguments.ZeroBias = dbias is { Adds: false, Tensor: { } nothing } ? CudaBackend.Address(nothing) : 0;
        NormalizeBackward(cut, arguments);
    }

    /// <summary>As <see cref="IBackend.InstanceNorm"/>.</summary>
    public void Instances(Tensor x, Tensor mean, Tensor inverseDeviation, Tensor y, double epsilon, Activation activation) =>
        Normalize(ChannelCut.OfInstances(x), x, y, new NormalizationParameters(mean, inverseDeviation, epsilon, activation));

    /// <summary>As <see cref="IBackend.InstanceNormBackward"/>.</summary>
    public void InstancesBackward(Tensor x, Tensor mean, Tensor inverseDeviation, Tensor dy, Sink dx, Activation activation)
    {
        if (dx.IsWanted)
        {
            ChannelCut cut = ChannelCut.OfInstances(x);
            NormalizeBackward(cut, new(cut, x, dy, dx, new(mean, inverseDeviation, 0, activation)) { BatchStatistics = 1 });
        }
    }

    /// <summary>As <see cref="IBackend.FlowNorm"/>.</summary>
    public void Flow(
        Tensor x, Tensor runningMean, Tensor runningVariance, Tensor batchMean, Tensor mean, Tensor inverseDeviation,
        Tensor y, Tensor logDet, FlowNormSettings settings)
    {
        ChannelCut cut = ChannelCut.OfBatch(x);
        using Tensor nextMean = backend.Scratch(runningMean.Shape), nextVariance = backend.Scratch(runningMean.Shape);
        NormalizationParameters parameters = new(mean, inverseDeviation, settings.Epsilon, Activation.None)
        {
            Momentum = settings.Momentum,
            RunningMean = CudaBackend.Address(runningMean),
            RunningVariance = CudaBackend.Address(runningVariance),
            BatchMean = CudaBackend.Address(batchMean),
            NextMean = CudaBackend.Address(nextMean),
            NextVariance = CudaBackend.Address(nextVariance),
            UsesRunning = settings.Statistics == FlowStatistics.UpdatedRunning ? 1 : 0,
            IsUpdated = settings.IsUpdated ? 1 : 0,
        };
        Normalize(cut, x, y, parameters);
        backend.Launch("tf_flow_log_det", LaunchGrid.Blocks(1), new FlowLogDetArguments
        {
            InverseDeviation = parameters.InverseDeviation,
            NextMean = parameters.NextMean,
            NextVariance = parameters.NextVariance,
            RunningMean = parameters.RunningMean,
            RunningVariance = parameters.RunningVariance,
            LogDet = CudaBackend.Address(logDet),
            Channels = cut.Channels,
            Images = cut.Images,
            Plane = cut.Plane,
        });
    }

    /// <summary>As <see cref="IBackend.FlowNormBackward"/>.</summary>
    public void FlowBackward(
        Tensor x, Tensor batchMean, Tensor mean, Tensor inverseDeviation, Tensor dy, Tensor dlogDet, Sink dx, FlowNormSettings settings)
    {
        if (dx.IsWanted)
        {
            ChannelCut cut = ChannelCut.OfBatch(x);
            NormalizationParameters parameters = new(mean, inverseDeviation, 0, Activation.None) { BatchMean = CudaBackend.Address(batchMean) };
            NormalizeBackward(cut, new(cut, x, dy, dx, parameters)
            {
                BatchStatistics = 1,
                DlogDet = CudaBackend.Address(dlogDet),
                MeanShare = (float)settings.MeanShare,
                VarianceShare = (float)settings.VarianceShare(cut.Images * cut.Plane),
            });
        }
    }

    /// <summary>
    /// The gradient behind the activation, which backward passes of normalizations alone start from; dz may be dy itself.
    /// </summary>
    public void GradientBehind(Tensor x, Tensor gamma, Tensor beta, Tensor mean, Tensor inverseDeviation, Tensor dy, Tensor dz, BatchNormSettings settings)
    {
        ChannelCut cut = ChannelCut.OfBatch(x);
        backend.Launch(
            "tf_gradient_behind_activation", LaunchGrid.Blocks(cut.Parts),
            new NormalizationGradientArguments(cut, x, dy, dz, new(gamma, beta, mean, inverseDeviation, settings)));
    }

    /// <summary>1/√(variance + ε).</summary>
    public void InverseDeviations(Tensor variance, Tensor inverseDeviation, double epsilon) => backend.Launch(
        "tf_inverse_deviations", LaunchGrid.Over(variance.Count), new InverseDeviationsArguments
        {
            Variance = CudaBackend.Address(variance),
            InverseDeviation = CudaBackend.Address(inverseDeviation),
            Count = variance.Count,
            Epsilon = (float)epsilon,
        });

    public void Dispose()
    {
        // The kernels are the backend's.
    }

    private void Normalize(ChannelCut cut, Tensor x, Tensor y, NormalizationParameters parameters)
    {
        if (cut.Team != ChannelTeam.Parts)
        {
            backend.Launch(
                cut.Team == ChannelTeam.Warp ? "tf_normalize_channel_by_warp" : "tf_normalize_channel_by_block", cut.Teams,
                new NormalizationArguments(cut, x, y, null, parameters));
            return;
        }

        using Tensor moments = backend.Scratch([checked((int)cut.Parts), MomentsOfPart]);
        NormalizationArguments arguments = new(cut, x, y, moments, parameters);
        backend.Launch("tf_batch_statistics", LaunchGrid.Blocks(cut.Parts), arguments);
        backend.Launch("tf_batch_normalize", LaunchGrid.Blocks(cut.Parts), arguments);
    }

    private void NormalizeBackward(ChannelCut cut, NormalizationGradientArguments arguments)
    {
        if (cut.Team != ChannelTeam.Parts)
        {
            backend.Launch(
                cut.Team == ChannelTeam.Warp ? "tf_normalize_channel_by_warp_backward" : "tf_normalize_channel_by_block_backward", cut.Teams,
                arguments);
            return;
        }

        using Tensor sums = backend.Scratch([checked((int)cut.Parts), SumsOfPart]);
        arguments.Sums = CudaBackend.Address(sums);
        backend.Launch("tf_batch_gradient_sums", LaunchGrid.Blocks(cut.Parts), arguments);
        if (arguments.Dx == 0)
        {
            backend.Launch("tf_batch_parameter_gradients", LaunchGrid.Blocks(cut.Channels, 32), arguments);
        }
        else
        {
            backend.Launch("tf_batch_input_gradient", LaunchGrid.Blocks(cut.Parts), arguments);
        }
    }
}
