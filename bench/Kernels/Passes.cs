using BenchmarkDotNet.Attributes;
using TinyFlow;
using TinyFlow.Pointwise;

namespace Bench;

/// <summary>The passes of a step that are not convolutions, for one coupling of the notebook's model at batch 64.</summary>
public class Passes
{
    private const int Images = 64, Channels = 64, Size = 28, ParameterCount = 300_000;

    private readonly List<Tensor> _all = [];
    private CpuBackend _backend = null!;
    private Tensor _x = null!, _y = null!, _dy = null!, _dx = null!, _gamma = null!, _beta = null!, _runningMean = null!, _runningVariance = null!, _mean = null!, _inverse = null!;
    private Tensor _image = null!, _terms = null!, _mask = null!, _changed = null!, _logDet = null!;
    private Tensor _parameters = null!, _gradients = null!, _first = null!, _second = null!, _squares = null!, _state = null!;

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _backend = new CpuBackend(Threads);
        Shape hidden = [Images, Channels, Size, Size], image = [Images, 1, Size, Size];
        (_x, _y, _dy, _dx) = (Hidden(hidden), Add(_backend.Allocate(hidden)), Hidden(hidden), Add(_backend.Allocate(hidden)));
        (_gamma, _beta) = (Add(_backend.Ones([Channels])), Add(_backend.Zeros([Channels])));
        (_runningMean, _runningVariance) = (Add(_backend.Zeros([Channels])), Add(_backend.Ones([Channels])));
        (_mean, _inverse) = (Add(_backend.Zeros([Channels])), Add(_backend.Ones([Channels])));
        (_image, _terms) = (Add(_backend.Normal(image, new NoiseKey(1, 2))), Add(_backend.Normal([Images, 2, Size, Size], new NoiseKey(1, 3))));
        (_mask, _changed, _logDet) = (Add(_backend.Ones([1, Size, Size])), Add(_backend.Allocate(image)), Add(_backend.Allocate([Images])));
        (_parameters, _gradients) = (Add(_backend.Ones([ParameterCount])), Add(_backend.Normal([ParameterCount], new NoiseKey(1, 4))));
        (_first, _second) = (Add(_backend.Zeros([ParameterCount])), Add(_backend.Zeros([ParameterCount])));
        (_squares, _state) = (Add(_backend.Allocate([])), Add(_backend.Create([3], [1e-3, 0, 0])));
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _all.ForEach(tensor => tensor.Dispose());
        _all.Clear();
        _backend.Dispose();
    }

    [Benchmark]
    public void BatchNorm() => _backend.BatchNorm(_x, _gamma, _beta, _runningMean, _runningVariance, _mean, _inverse, _y, Settings);

    [Benchmark]
    public void BatchNormBackward() => _backend.BatchNormBackward(_x, _gamma, _beta, _mean, _inverse, _dy, _dx, Sink.None, Sink.None, Settings, BatchStatistics.Batch);

    [Benchmark]
    public void AffineCoupling() => _backend.AffineCoupling(_image, _terms, null, _mask, _changed, _logDet, CouplingForm.ScaleThenShift);

    [Benchmark]
    public void TanhOfHidden() => _backend.Pointwise<Tanh>(_x, _y);

    [Benchmark]
    public void Adam()
    {
        _backend.SumOf<Square>([_gradients], 1, _squares);
        _backend.Adam(_parameters, _gradients, _first, _second, _squares, _state, new AdamSettings(0.9, 0.999, 1e-8, 1e-6, 1));
    }

    private static BatchNormSettings Settings => new(1e-5, 0.05, Activation.Relu);

    private Tensor Add(Tensor tensor)
    {
        _all.Add(tensor);
        return tensor;
    }

    // What a convolution wrote, so that it is held as a network's activations are.
    private Tensor Hidden(Shape shape)
    {
        using Tensor seed = _backend.Normal(shape.With(1, 1), new NoiseKey(1, 1)), weight = _backend.Ones([shape[1], 1, 1, 1]);
        Tensor hidden = Add(_backend.Allocate(shape));
        _backend.Conv2D(seed, weight, null, hidden, new ConvolutionWindow(1));
        return hidden;
    }
}
