using System.Diagnostics;

namespace TinyFlow.Bench.Kernels;

/// <summary>One convolution to time, with padding that keeps the size: forward and both gradients.</summary>
internal sealed record ConvolutionTiming(int Images, int Inputs, int Outputs, int Size, int Kernel)
{
    private const double Milliseconds = 600;

    /// <summary>Those of the notebook's conditioner, and of deeper networks after a squeeze.</summary>
    public static IReadOnlyList<ConvolutionTiming> All { get; } =
    [
        new(64, 1, 64, 28, 3), new(64, 64, 64, 28, 3), new(64, 64, 2, 28, 3), new(64, 64, 64, 28, 1),
        new(64, 64, 64, 14, 3), new(64, 128, 128, 7, 3), new(1, 64, 64, 28, 3),
    ];

    /// <summary>Measures, and says it in a line.</summary>
    public string Line(CpuBackend backend, double peak)
    {
        ConvolutionWindow window = new(1, Kernel / 2);
        Shape input = [Images, Inputs, Size, Size], output = [Images, Outputs, Size, Size];
        using Tensor x = Hidden(backend, input), dy = Hidden(backend, output), weight = Random(backend, [Outputs, Inputs, Kernel, Kernel]), bias = Random(backend, [Outputs]);
        using Tensor y = backend.Allocate(output), dx = backend.Allocate(input), dweight = backend.Allocate(weight.Shape), dbias = backend.Allocate([Outputs]);
        double work = 2.0 * Images * Inputs * Outputs * Kernel * Kernel * Size * Size / 1e6;
        double forward = Best(() => backend.Conv2D(x, weight, bias, y, window));
        double inputGradient = Best(() => backend.Conv2DInputGradient(dy, weight, dx, window));
        double weightGradient = Best(() => backend.Conv2DWeightGradient(x, dy, dweight, dbias, window));
        string Cell(double time) => $"{time,7:F2} ms {work / time,6:F0} GFLOP/s {100 * work / time / peak,4:F0} %";
        return $"{Kernel}x{Kernel} {Inputs,3}→{Outputs,-3} {Size}x{Size} batch {Images,-3} forward {Cell(forward)}   grad-input {Cell(inputGradient)}   grad-weight {Cell(weightGradient)}";
    }

    // What a convolution wrote, so that it is held as a network's activations are.
    private static Tensor Hidden(CpuBackend backend, Shape shape)
    {
        using Tensor seed = Random(backend, shape.With(1, 1)), weight = Random(backend, [shape[1], 1, 1, 1]);
        Tensor hidden = backend.Allocate(shape);
        backend.Conv2D(seed, weight, null, hidden, new ConvolutionWindow(1));
        return hidden;
    }

    private static Tensor Random(CpuBackend backend, Shape shape)
    {
        System.Random random = new(1);
        float[] values = new float[shape.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = random.NextSingle() - 0.5f;
        }

        return backend.Create(shape, values);
    }

    private static double Best(Action action)
    {
        double best = double.MaxValue;
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began).TotalMilliseconds < Milliseconds)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return best;
    }
}
