using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Normalizations;

/// <summary>The two sums over a channel that its gradients need.</summary>
/// <param name="Sum">Σ dz: the gradient of beta.</param>
/// <param name="Product">Σ dz·(x − mean): times the inverse deviation, the gradient of gamma.</param>
internal readonly record struct GradientSums(double Sum, double Product)
{
    public static GradientSums operator +(GradientSums a, GradientSums b) => new(a.Sum + b.Sum, a.Product + b.Product);
}

/// <summary>The steps of a backward batch normalization that a piece does.</summary>
internal enum BatchNormGradientSteps
{
    /// <summary>The sums of one chunk of one channel.</summary>
    Sums,

    /// <summary>The input's gradient in one chunk of one channel.</summary>
    Input,

    /// <summary>Everything for one channel, while its numbers are in the core's cache.</summary>
    Channel,
}

/// <summary>Batch normalization, backward, of plainly ordered images.</summary>
internal readonly unsafe struct BatchNormGradientWork(
    BatchNormGradientSteps steps, ChannelRuns runs, float* x, float* dy, float* dx, bool adds, GradientSums* chunkSums, GradientSums* sums,
    BatchNormParameters parameters, BatchStatistics statistics) : IVectorWork
{
    private readonly BatchNormGradientSteps _steps = steps;
    private readonly ChannelRuns _runs = runs;
    private readonly float* _x = x, _dy = dy, _dx = dx;
    private readonly bool _adds = adds;
    private readonly GradientSums* _chunkSums = chunkSums, _sums = sums;
    private readonly BatchNormParameters _parameters = parameters;
    private readonly BatchStatistics _statistics = statistics;

    public void Run<T>(int piece, int worker) where T : struct, ILanes<T>
    {
        int chunks = _runs.Chunks.Count;
        switch (_steps)
        {
            case BatchNormGradientSteps.Sums:
                _chunkSums[piece] = SumsOf<T>(piece / chunks, piece % chunks);
                break;
            case BatchNormGradientSteps.Input:
                Input<T>(piece / chunks, piece % chunks);
                break;
            default:
                GradientSums sums = default;
                for (int chunk = 0; chunk < chunks; chunk++)
                {
                    sums += SumsOf<T>(piece, chunk);
                }

                _sums[piece] = sums;
                for (int chunk = 0; chunk < chunks && _dx is not null; chunk++)
                {
                    Input<T>(piece, chunk);
                }

                break;
        }
    }

    private GradientSums SumsOf<T>(int channel, int chunk) where T : struct, ILanes<T>
    {
        ChannelCoefficients coefficients = _parameters.Coefficients(channel);
        _runs.Chunks.Get(chunk, out long firstImage, out long endImage, out long start, out long end);
        Accumulator<T> sum = default, product = default;
        for (long image = firstImage; image < endImage; image++)
        {
            long place = _runs.Start(image, channel) + start;
            ChannelKernels.AddGradientSums(_x + place, _dy + place, end - start, coefficients, ref sum, ref product);
        }

        return new GradientSums(sum.Total(), product.Total());
    }

    private void Input<T>(int channel, int chunk) where T : struct, ILanes<T>
    {
        ChannelCoefficients coefficients = _parameters.Coefficients(channel);
        (float constant, float slope) = Corrections(channel);
        _runs.Chunks.Get(chunk, out long firstImage, out long endImage, out long start, out long end);
        for (long image = firstImage; image < endImage; image++)
        {
            long place = _runs.Start(image, channel) + start;
            ChannelKernels.InputGradient<T>(_x + place, _dy + place, _dx + place, end - start, coefficients, constant, slope, _adds);
        }
    }

    /// <summary>What comes back through the batch's mean and variance: nothing if the statistics were the running ones.</summary>
    private (float Constant, float Slope) Corrections(int channel)
    {
        if (_statistics == BatchStatistics.Running)
        {
            return (0, 0);
        }

        double inverse = _parameters.InverseDeviation[channel], perNumber = _parameters.GammaOf(channel) * inverse / _runs.Count;
        return ((float)(perNumber * _sums[channel].Sum), (float)(perNumber * inverse * inverse * _sums[channel].Product));
    }
}
