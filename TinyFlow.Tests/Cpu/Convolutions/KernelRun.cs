using System.Collections.Concurrent;
using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Pixels;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;
using TinyFlow.Memory;

namespace TinyFlow.Tests.Cpu.Convolutions;

/// <summary>Runs one convolution kernel on plain arrays, in either layout, with any number of workers.</summary>
internal sealed unsafe record KernelRun(ConvolutionCase Case, ConvolutionKernel Kernel, string Lanes)
{
    // What a pooled block has too, and NaN here: kernels may read it but must not use it.
    private const int Margin = 16;

    // Threads are dear to start, and sleep between tests.
    private static readonly ConcurrentDictionary<int, WorkerPool> Pools = new();

    public int Workers { get; init; } = 1;

    public bool InputChannelsLast { get; init; }

    public bool OutputChannelsLast { get; init; }

    /// <summary>
    /// Mean, scale and shift of each channel, or of each channel of each image, if values of x are normalized as they are read, with a
    /// ReLU if wanted; x is channels last then.
    /// </summary>
    public (float[] Mean, float[] Scale, float[] Shift, bool Relu)? Entry { get; init; }

    /// <summary>x after <see cref="Entry"/>, by the loop of a normalization.</summary>
    public float[] Normalized(float[] x) => Lanes switch
    {
        "512" => Normalized<Lanes512>(x),
        "256" => Normalized<Lanes256>(x),
        _ => Normalized<Lanes128>(x),
    };

    /// <summary>y, added to what <paramref name="y"/> holds if it is given.</summary>
    public float[] Forward(float[] x, float[] weight, float[]? bias, float[]? y = null) => Lanes switch
    {
        "512" => Forward<Lanes512>(x, weight, bias, y),
        "256" => Forward<Lanes256>(x, weight, bias, y),
        _ => Forward<Lanes128>(x, weight, bias, y),
    };

    /// <summary>dx, added to what <paramref name="dx"/> holds if it is given.</summary>
    public float[] InputGradient(float[] dy, float[] weight, float[]? dx = null) => Lanes switch
    {
        "512" => InputGradient<Lanes512>(dy, weight, dx),
        "256" => InputGradient<Lanes256>(dy, weight, dx),
        _ => InputGradient<Lanes128>(dy, weight, dx),
    };

    /// <summary>dweight and dbias, added to what they hold if they are given.</summary>
    public (float[] Weight, float[] Bias) WeightGradient(float[] x, float[] dy, float[]? weight = null, float[]? bias = null) => Lanes switch
    {
        "512" => WeightGradient<Lanes512>(x, dy, weight, bias),
        "256" => WeightGradient<Lanes256>(x, dy, weight, bias),
        _ => WeightGradient<Lanes128>(x, dy, weight, bias),
    };

    private ConvolutionGeometry Geometry => ConvolutionGeometry.Forward(Case.X, Case.Weight, Case.Y, Case.Window);

    private float[] Forward<T>(float[] x, float[] weight, float[]? bias, float[]? y) where T : struct, ILanes<T>
    {
        WorkerPool workers = Pools.GetOrAdd(Workers, count => new WorkerPool(count));
        using NativePool pool = new(1L << 32);
        float[] input = Laid(x, Case.X, InputChannelsLast), output = Laid(y ?? new float[Case.Y.Count], Case.Y, OutputChannelsLast), offsets = Padded(bias ?? []);
        fixed (float* px = input, pw = Padded(weight), pb = offsets, py = output, pe = EntryArrays())
        {
            Convolution<T>.Run(
                workers, pool, Geometry, Entered(View(px, Case.X, InputChannelsLast), pe), FilterView.Forward(pw, Geometry), bias is null ? null : pb,
                View(py, Case.Y, OutputChannelsLast), y is not null, Kernel);
        }

        return Plain(output, Case.Y, OutputChannelsLast);
    }

    private float[] InputGradient<T>(float[] dy, float[] weight, float[]? dx) where T : struct, ILanes<T>
    {
        WorkerPool workers = Pools.GetOrAdd(Workers, count => new WorkerPool(count));
        using NativePool pool = new(1L << 32);
        float[] input = Laid(dy, Case.Y, OutputChannelsLast), output = Laid(dx ?? new float[Case.X.Count], Case.X, InputChannelsLast);
        fixed (float* pdy = input, pw = Padded(weight), pdx = output)
        {
            Convolution<T>.Run(
                workers, pool, Geometry.OfInputGradient(), View(pdy, Case.Y, OutputChannelsLast), FilterView.Turned(pw, Geometry), null,
                View(pdx, Case.X, InputChannelsLast), dx is not null, Kernel);
        }

        return Plain(output, Case.X, InputChannelsLast);
    }

    private (float[] Weight, float[] Bias) WeightGradient<T>(float[] x, float[] dy, float[]? weight, float[]? bias) where T : struct, ILanes<T>
    {
        WorkerPool workers = Pools.GetOrAdd(Workers, count => new WorkerPool(count));
        using NativePool pool = new(1L << 32);
        float[] weights = Padded(weight ?? new float[Case.Weight.Count]), biases = Padded(bias ?? new float[Case.Weight[0]]);
        fixed (float* px = Laid(x, Case.X, InputChannelsLast), pdy = Laid(dy, Case.Y, OutputChannelsLast), pw = weights, pb = biases, pe = EntryArrays())
        {
            Convolution<T>.WeightGradient(
                workers, pool, Geometry, Entered(View(px, Case.X, InputChannelsLast), pe), View(pdy, Case.Y, OutputChannelsLast),
                pw, weight is not null, pb, bias is not null, Kernel);
        }

        return (weights[..(int)Case.Weight.Count], biases[..Case.Weight[0]]);
    }

    private float[] Normalized<T>(float[] x) where T : struct, ILanes<T>
    {
        float[] from = Laid(x, Case.X, channelsLast: true), to = Laid(x, Case.X, channelsLast: true);
        int channels = Case.X[1], pixels = Case.X[2] * Case.X[3];
        fixed (float* pf = from, pt = to, pe = EntryArrays())
        {
            ActivationView view = Entered(View(pf, Case.X, channelsLast: true), pe);
            for (int image = 0; image < Case.X[0]; image++)
            {
                PixelBlocks.Normalize<T>(view.Image(image), channels, pixels, pt + image * view.ImageStride, channels, view.EntryOf(image));
            }
        }

        return Plain(to, Case.X, channelsLast: true);
    }

    private float[] EntryArrays() => Entry is { } entry ? [.. Padded(entry.Mean), .. Padded(entry.Scale), .. Padded(entry.Shift)] : [];

    private ActivationView Entered(ActivationView view, float* arrays) => Entry is not { } entry ? view : view with
    {
        Entry = new() { Mean = arrays, Scale = arrays + entry.Mean.Length + Margin, Shift = arrays + 2 * (entry.Mean.Length + Margin), Relu = entry.Relu },
        EntryStride = entry.Mean.Length > Case.X[1] ? Case.X[1] : 0,
    };

    private static ActivationView View(float* data, Shape shape, bool channelsLast) => new(data, shape[1], shape[2] * shape[3], channelsLast);

    private static float[] Padded(float[] values)
    {
        float[] padded = new float[values.Length + Margin];
        values.CopyTo(padded, 0);
        padded.AsSpan(values.Length).Fill(float.NaN);
        return padded;
    }

    private static float[] Laid(float[] plain, Shape shape, bool channelsLast) => Padded(channelsLast ? Turn(plain, shape[0], shape[1], shape[2] * shape[3]) : plain);

    private static float[] Plain(float[] laid, Shape shape, bool channelsLast)
    {
        Assert.IsTrue(laid.AsSpan((int)shape.Count).IndexOfAnyExcept(float.NaN) < 0, "A kernel wrote past the end.");
        float[] values = laid[..(int)shape.Count];
        return channelsLast ? Turn(values, shape[0], shape[2] * shape[3], shape[1]) : values;
    }

    // [N, rows, columns] → [N, columns, rows]
    private static float[] Turn(float[] values, int images, int rows, int columns)
    {
        float[] turned = new float[values.Length];
        for (int n = 0; n < images; n++)
        {
            for (int row = 0; row < rows; row++)
            {
                for (int column = 0; column < columns; column++)
                {
                    turned[(n * columns + column) * rows + row] = values[(n * rows + row) * columns + column];
                }
            }
        }

        return turned;
    }
}
