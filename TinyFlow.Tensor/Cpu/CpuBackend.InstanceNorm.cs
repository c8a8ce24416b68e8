using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Normalizations;
using TinyFlow.Cpu.Pixels;
using TinyFlow.Pointwise;

namespace TinyFlow;

/// <summary>Instance normalization: in plain order, a batch normalization of one image of N·C channels.</summary>
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void InstanceNorm(Tensor x, Tensor mean, Tensor inverseDeviation, Tensor y, double epsilon, Activation activation)
    {
        BatchNormParameters parameters = new() { Mean = Out(mean), InverseDeviation = Out(inverseDeviation), Settings = new(epsilon, 0, activation) };
        if (IsChannelsLast(x) && CoversStorage(y))
        {
            ImageStatistics images = new(x.Shape, parameters);
            using ScratchMemory memory = new(Pool, images.ScratchPerImage * x.Shape[0], "the statistics of images");
            Run(x.Shape[0], new PixelInstanceNormWork(images, Activations(x).Data, null, Overwritten(y, channelsLast: true).Data, adds: false, memory.Data), x.Count);
            return;
        }

        ChannelRuns runs = new(OneImage(x.Shape));
        Run(runs.Channels, new BatchNormWork(BatchNormSteps.Channel, runs, In(x), Out(y), null, parameters), x.Count);
    }

    /// <inheritdoc/>
    public void InstanceNormStatistics(Tensor x, Tensor mean, Tensor inverseDeviation, double epsilon)
    {
        BatchNormParameters parameters = new() { Mean = Out(mean), InverseDeviation = Out(inverseDeviation), Settings = new(epsilon, 0, Activation.None) };
        if (IsChannelsLast(x))
        {
            ImageStatistics images = new(x.Shape, parameters);
            using ScratchMemory memory = new(Pool, images.ScratchPerImage * x.Shape[0], "the statistics of images");
            Run(x.Shape[0], new PixelInstanceNormWork(images, Activations(x).Data, null, null, adds: false, memory.Data), x.Count);
            return;
        }

        Statistics(new ChannelRuns(OneImage(x.Shape)), In(x), x.Count, parameters);
    }

    /// <inheritdoc/>
    public void InstanceNormSum(Tensor x, Tensor residual, Tensor mean, Tensor inverseDeviation, Tensor y, double epsilon, Activation activation)
    {
        if (!IsChannelsLast(x) || !IsChannelsLast(residual) || !CoversStorage(y))
        {
            InstanceNorm(x, mean, inverseDeviation, y, epsilon, Activation.None);
            Binary<Add>(y, residual, y);
            if (activation == Activation.Relu)
            {
                Pointwise<Relu>(y, y);
            }

            return;
        }

        ImageStatistics images = new(x.Shape, new() { Mean = Out(mean), InverseDeviation = Out(inverseDeviation), Settings = new(epsilon, 0, Activation.None) });
        using ScratchMemory memory = new(Pool, images.ScratchPerImage * x.Shape[0], "the statistics of images");
        float* residuals = Activations(residual).Data;
        Run(x.Shape[0], new PixelInstanceNormWork(images, Activations(x).Data, null, Overwritten(y, channelsLast: true).Data, adds: false, memory.Data)
        {
            Residual = residuals,
            RectifiesSum = activation == Activation.Relu,
        }, x.Count);
    }

    /// <inheritdoc/>
    public override void InstanceNormBackward(Tensor x, Tensor mean, Tensor inverseDeviation, Tensor dy, Sink dx, Activation activation)
    {
        if (dx.Tensor is not { } target)
        {
            return;
        }

        BatchNormParameters parameters = new() { Mean = In(mean), InverseDeviation = In(inverseDeviation), Settings = new(0, 0, activation) };
        if (IsChannelsLast(x) && (dx.Adds ? IsChannelsLast(target) : CoversStorage(target)))
        {
            ImageStatistics images = new(x.Shape, parameters);
            using ScratchMemory memory = new(Pool, images.ScratchPerImage * x.Shape[0], "the sums of an instance normalization's gradient");
            using ScratchMemory converted = new(Pool, IsChannelsLast(dy) ? 0 : dy.Count, "a gradient, channels last");
            // dx may be dy: what is needed of it is taken before the result's layout is set.
            float* dys = IsChannelsLast(dy) ? Activations(dy).Data : ChannelsLastCopy(dy, converted.Data);
            ActivationView dxs = dx.Adds ? Activations(target) : Overwritten(target, channelsLast: true);
            Run(x.Shape[0], new PixelInstanceNormWork(images, Activations(x).Data, dys, dxs.Data, dx.Adds, memory.Data), x.Count);
            return;
        }

        ChannelRuns runs = new(OneImage(x.Shape));
        using ScratchMemory sums = new(Pool, (long)runs.Channels * sizeof(GradientSums) / sizeof(float), "the sums of an instance normalization's gradient");
        Run(runs.Channels, new BatchNormGradientWork(
            BatchNormGradientSteps.Channel, runs, In(x), In(dy), Out(dx), dx.Adds, null, (GradientSums*)sums.Data, parameters, BatchStatistics.Batch), x.Count);
    }

    private static Shape OneImage(Shape x) => [1, x[0] * x[1], x[2], x[3]];
}
