using BenchmarkDotNet.Attributes;
using TinyFlow;

namespace Bench;

/// <summary>The passes of the presets' convolutions with the kernel that the cost model chooses.</summary>
public class Convolutions
{
    private CpuBackend? _backend;
    private TinyFlowConvolution? _convolution;

    /// <summary>Names of <see cref="ConvolutionShape.All"/>.</summary>
    public static IEnumerable<string> Shapes => ConvolutionShape.All.Select(shape => shape.Name);

    [ParamsSource(nameof(Shapes))]
    public string Shape { get; set; } = "";

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _backend = new CpuBackend(Threads);
        _convolution = new TinyFlowConvolution(_backend, ConvolutionShape.All.First(shape => shape.Name == Shape));
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _convolution?.Dispose();
        _backend?.Dispose();
    }

    [Benchmark]
    public void Forward() => _convolution!.Run(ConvolutionPass.Forward);

    [Benchmark]
    public void InputGradient() => _convolution!.Run(ConvolutionPass.InputGradient);

    [Benchmark]
    public void WeightGradient() => _convolution!.Run(ConvolutionPass.WeightGradient);
}
