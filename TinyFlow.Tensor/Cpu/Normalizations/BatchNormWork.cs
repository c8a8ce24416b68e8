using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Normalizations;

/// <summary>The steps of a forward batch normalization that a piece does.</summary>
internal enum BatchNormSteps
{
    /// <summary>The moments of one chunk of one channel.</summary>
    Moments,

    /// <summary>Normalizes one chunk of one channel.</summary>
    Normalize,

    /// <summary>Everything for one channel, while its numbers are in the core's cache.</summary>
    Channel,
}

/// <summary>Batch normalization, forward, of plainly ordered images.</summary>
internal readonly unsafe struct BatchNormWork(
    BatchNormSteps steps, ChannelRuns runs, float* x, float* y, Moments* moments, BatchNormParameters parameters) : IVectorWork
{
    private readonly BatchNormSteps _steps = steps;
    private readonly ChannelRuns _runs = runs;
    private readonly float* _x = x, _y = y;
    private readonly Moments* _moments = moments;
    private readonly BatchNormParameters _parameters = parameters;

    public void Run<T>(int piece, int worker) where T : struct, ILanes<T>
    {
        int chunks = _runs.Chunks.Count;
        switch (_steps)
        {
            case BatchNormSteps.Moments:
                _moments[piece] = MomentsOf<T>(piece / chunks, piece % chunks);
                break;
            case BatchNormSteps.Normalize:
                Normalize<T>(piece / chunks, piece % chunks);
                break;
            default:
                Moments* moments = stackalloc Moments[1];
                for (int chunk = 0; chunk < chunks; chunk++)
                {
                    moments[0] += MomentsOf<T>(piece, chunk);
                }

                _parameters.SetStatistics(piece, moments[0]);
                for (int chunk = 0; chunk < chunks; chunk++)
                {
                    Normalize<T>(piece, chunk);
                }

                break;
        }
    }

    /// <summary>In two passes, the second of which finds the chunk in the cache.</summary>
    private Moments MomentsOf<T>(int channel, int chunk) where T : struct, ILanes<T>
    {
        _runs.Chunks.Get(chunk, out long firstImage, out long endImage, out long start, out long end);
        double count = (double)(endImage - firstImage) * (end - start);
        Accumulator<T> sum = default, squares = default;
        for (long image = firstImage; image < endImage; image++)
        {
            ChannelKernels.AddSum(_x + _runs.Start(image, channel) + start, end - start, ref sum);
        }

        double mean = sum.Total() / count;
        float center = (float)mean;
        for (long image = firstImage; image < endImage; image++)
        {
            ChannelKernels.AddSquares(_x + _runs.Start(image, channel) + start, end - start, center, ref squares);
        }

        // The squares are around the rounded mean.
        return new Moments(count, mean, Math.Max(0, squares.Total() - count * (mean - center) * (mean - center)));
    }

    private void Normalize<T>(int channel, int chunk) where T : struct, ILanes<T>
    {
        ChannelCoefficients coefficients = _parameters.Coefficients(channel);
        _runs.Chunks.Get(chunk, out long firstImage, out long endImage, out long start, out long end);
        for (long image = firstImage; image < endImage; image++)
        {
            long place = _runs.Start(image, channel) + start;
            ChannelKernels.Normalize<T>(_x + place, _y + place, end - start, coefficients);
        }
    }
}
