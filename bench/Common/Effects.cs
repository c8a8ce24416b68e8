using TinyFlow;
using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;
using TinyFlow.Memory;
using TinyFlow.Pointwise;

namespace Bench;

/// <summary>What a trick of docs/performance.md is worth: the same work with and without it, in turns. The ratio says how many times faster it is with it.</summary>
internal sealed record Effect(string Trick, string With, string Without, double WithMs, double WithoutMs, double Ratio);

/// <summary>Measures the tricks that can be left out.</summary>
internal sealed class Effects(int threads, int repetitions, double millisecondsPerTurn)
{
    private static readonly ConvolutionShape Wide = new(64, 64, 64, 28, 3), Thin = new(64, 64, 2, 28, 3);

    private readonly List<Effect> _effects = [];

    /// <summary>All of them, in the order of the document.</summary>
    public IReadOnlyList<Effect> Measure()
    {
        Widths();
        RegisterBlock<Lanes256>();
        Algorithms();
        Layout();
        Fusion();
        Inlining();
        Threads();
        Memory();
        return _effects;
    }

    private void Widths()
    {
        foreach (VectorWidth width in Enum.GetValues<VectorWidth>().Where(w => w < VectorWidths.Best).OrderDescending())
        {
            using CpuBackend best = new(VectorWidths.Best, threads), other = new(width, threads);
            using TinyFlowConvolution fast = new(best, Wide), slow = new(other, Wide);
            Add("Vector width", $"{(int)VectorWidths.Best} bits, {Wide.Name}", $"{(int)width} bits", () => fast.Run(ConvolutionPass.Forward), () => slow.Run(ConvolutionPass.Forward));
        }
    }

    // 48 rows by 64 steps by two vectors of columns: all of it in the first-level cache.
    private unsafe void RegisterBlock<T>() where T : struct, ILanes<T>
    {
        const int Rows = 48, Steps = 64;
        int vectors = BlockProducts<T>.Vectors, columns = vectors * T.Count;
        using NativePool pool = new(1 << 24);
        using ScratchMemory memory = new(pool, Rows * Steps + (Steps + Rows) * columns + 64, "a product");
        new Span<float>(memory.Data, Rows * Steps + Steps * columns).Fill(0.5f);
        nint left = (nint)memory.Data, right = left + Rows * Steps * sizeof(float), result = right + Steps * columns * sizeof(float);
        void Multiply(int blockRows, int blockVectors)
        {
            float* a;
            BlockOperands operands = new() { Left = &a, Segments = 1, Steps = Steps, RowStride = Steps, StepStride = 1, ColumnStride = columns, ResultStride = columns };
            for (int vector = 0; vector < vectors; vector += blockVectors)
            {
                operands.Right = (float*)right + vector * T.Count;
                for (int row = 0; row < Rows; row += blockRows)
                {
                    a = (float*)left + row * Steps;
                    operands.Result = (float*)result + row * columns + vector * T.Count;
                    BlockProducts<T>.For(blockRows, blockVectors)(&operands);
                }
            }
        }

        Add("Register block", $"6 rows by {vectors} vectors of 256 bits at once", "1 row by 1 vector", () => Multiply(6, vectors), () => Multiply(1, 1));
    }

    private void Algorithms()
    {
        using CpuBackend backend = new(threads);
        using TinyFlowConvolution wide = new(backend, Wide), thin = new(backend, Thin);
        foreach (ConvolutionPass pass in Enum.GetValues<ConvolutionPass>())
        {
            Add($"Winograd, {pass}", $"F(4x4, 3x3), {Wide.Name}", "direct", () => wide.Run(pass, ConvolutionKernel.Winograd), () => wide.Run(pass, ConvolutionKernel.Direct));
        }

        Add(
            "Thin output", $"vectors along the inputs, {Thin.Name}", "vectors along the 2 outputs",
            () => thin.Run(ConvolutionPass.Forward, ConvolutionKernel.ThinOutput), () => thin.Run(ConvolutionPass.Forward, ConvolutionKernel.Direct));
    }

    private void Layout()
    {
        using CpuBackend backend = new(threads);
        Shape shape = [64, 64, 28, 28];
        using Tensor plain = backend.Normal(shape, new NoiseKey(1, 1)), last = ChannelsLast(backend, plain), y = backend.Allocate(shape), z = backend.Allocate(shape);
        using Norm norm = new(backend, 64);
        Add("Channels last", $"batch norm, {shape}, channels last", "plain", () => norm.Run(last, y, Activation.Relu), () => norm.Run(plain, z, Activation.Relu));
    }

    private void Fusion()
    {
        using CpuBackend backend = new(threads);
        Shape shape = [64, 64, 28, 28];
        using Tensor plain = backend.Normal(shape, new NoiseKey(1, 1)), x = ChannelsLast(backend, plain), y = backend.Allocate(shape), z = backend.Allocate(shape), w = backend.Allocate(shape);
        using Norm norm = new(backend, 64);
        Add("Fusion", "batch norm with its ReLU", "batch norm, then ReLU", () => norm.Run(x, y, Activation.Relu), () =>
        {
            norm.Run(x, z, Activation.None);
            backend.Pointwise<Relu>(z, w);
        });

        // With known statistics, as in evaluation: in training either way computes them first.
        using Tensor weight = backend.Create([64, 64, 3, 3], Numbers.Uniform(64 * 64 * 9, 2)), result = backend.Allocate(shape);
        ConvolutionWindow window = new(1, 1);
        Add("Normalizing on entry", $"{Wide.Name}, with batch norm and ReLU as it reads", "batch norm and ReLU, then the convolution", () => norm.Convolve(x, weight, result, window), () =>
        {
            norm.Infer(x, y);
            backend.Conv2D(y, weight, null, result, window);
        });
        Add("Statistics on the way", $"{Wide.Name}, with the statistics of what it writes", "the convolution, then its statistics", () => norm.ConvolveAndMeasure(x, weight, result, window), () =>
        {
            backend.Conv2D(x, weight, null, result, window);
            norm.Measure(result);
        });
    }

    private void Inlining()
    {
        const int Count = 1 << 11;
        float[] x = Numbers.Uniform(Count, 1), y = new float[Count];
        Add("Struct type parameter", "a formula inlined into its loop, 2,048 elements", "the same formula behind an interface", () => Formulas.Map<ScaleShift>(x, y), () => Formulas.Map(new ScaleShift(), x, y));
    }

    private void Threads()
    {
        using WorkerPool workers = new(threads);
        ParallelOptions options = new() { MaxDegreeOfParallelism = threads };
        int pieces = 4 * threads;
        Add(
            "Persistent workers", $"{pieces} empty pieces by the pool", "by Parallel.For",
            () => workers.Run(pieces, default(NoWork)), () => Parallel.For(0, pieces, options, static _ => { }));
    }

    private unsafe void Memory()
    {
        // A hidden activation of 256 images: above 32 MB glibc never keeps a block for the next request.
        const int Bytes = 256 * 64 * 28 * 28 * sizeof(float);
        using NativePool pool = new(1 << 28);
        Add(
            "Pooled memory", "51.4 MB from the pool, written once", "from the system, written once, and given back",
            () =>
            {
                nint block = pool.Rent(Bytes, "a measurement");
                new Span<byte>((void*)block, Bytes).Fill(1);
                pool.Return(block, Bytes);
            },
            () =>
            {
                using NativePool fresh = new(1 << 28);
                nint block = fresh.Rent(Bytes, "a measurement");
                new Span<byte>((void*)block, Bytes).Fill(1);
                fresh.Return(block, Bytes);
            });
    }

    private void Add(string trick, string with, string without, Action fast, Action slow)
    {
        (double first, double second) = Alternation.Measure(fast, slow, repetitions, millisecondsPerTurn);
        _effects.Add(new Effect(trick, with, without, Math.Round(first, 5), Math.Round(second, 5), Math.Round(second / first, 2)));
    }

    private static Tensor ChannelsLast(CpuBackend backend, Tensor plain)
    {
        Tensor last = backend.Allocate(plain.Shape);
        using Tensor weight = backend.Ones([plain.Shape[1], plain.Shape[1], 1, 1]);
        backend.Conv2D(plain, weight, null, last, new ConvolutionWindow(1));
        return last;
    }

    private readonly struct NoWork : IWork
    {
        public void Run(int piece, int worker)
        {
        }
    }

    private sealed class Norm(CpuBackend backend, int channels) : IDisposable
    {
        private readonly Tensor _ones = backend.Ones([channels]), _zeros = backend.Zeros([channels]), _runningMean = backend.Zeros([channels]);
        private readonly Tensor _runningVariance = backend.Ones([channels]), _mean = backend.Allocate([channels]), _inverse = backend.Allocate([channels]);

        public void Run(Tensor x, Tensor y, Activation activation) => backend.BatchNorm(
            x, _ones, _zeros, _runningMean, _runningVariance, _mean, _inverse, y, new BatchNormSettings(1e-5, 0.05, activation));

        public void Infer(Tensor x, Tensor y) => backend.BatchNormInference(
            x, _ones, _zeros, _runningMean, _runningVariance, _inverse, y, new BatchNormSettings(1e-5, 0.05, Activation.Relu));

        public void Convolve(Tensor x, Tensor weight, Tensor y, ConvolutionWindow window)
        {
            backend.InverseDeviation(_runningVariance, _inverse, 1e-5);
            backend.Conv2D(x, new ChannelNorm(_ones, _zeros, _runningMean, _inverse, Activation.Relu), weight, null, y, window);
        }

        public void ConvolveAndMeasure(Tensor x, Tensor weight, Tensor y, ConvolutionWindow window) =>
            backend.Conv2D(x, entry: null, weight, null, y, window, Statistics);

        public void Measure(Tensor x) => backend.BatchNormStatistics(x, Statistics);

        private StatisticsSink Statistics => new(_mean, _inverse, _runningMean, _runningVariance, new BatchNormSettings(1e-5, 0.05, Activation.Relu));

        public void Dispose()
        {
            foreach (Tensor tensor in (Tensor[])[_ones, _zeros, _runningMean, _runningVariance, _mean, _inverse])
            {
                tensor.Dispose();
            }
        }
    }
}
