using TinyFlow.Nvp.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Bench;

/// <summary>
/// B. Keng's final notebook in TorchSharp: 12 couplings with masks, squeezes and factoring out in groups of 6, then 4 final
/// ones; separate networks for scale and shift; batch norm on the flow's path behind each coupling.
/// </summary>
internal sealed class TorchSharpBjlkeng : ITorchModel
{
    private const double ScalePenalty = 5e-5, Epsilon = 1e-5, Momentum = 0.005;
    private const int Group = 6;

    private readonly TorchState _state;
    private readonly Step[] _steps;
    private readonly int _couplings;
    private bool _training = true;

    /// <param name="channelsLast">NHWC strides for the weights.</param>
    /// <param name="model">The preset's numbers of couplings before the final ones, of final ones, and of hidden channels of the first networks.</param>
    public TorchSharpBjlkeng(bool channelsLast, ModelConfig model)
    {
        (int couplings, int finals, int planes) = (model.Layers, model.FinalLayers, model.Hidden);
        _state = new TorchState(channelsLast);
        _couplings = couplings;
        _steps = new Step[couplings + finals];
        (int channels, int size) = (1, 28);
        for (int i = 0; i < _steps.Length; i++)
        {
            bool checkerboard = i >= couplings || i % Group < 3;
            _steps[i] = new Step(_state, i, Mask(channels, size, checkerboard, inverted: (i >= couplings ? i - couplings : i) % 2 == 1), channels, planes);
            if (i < couplings && i % Group == 2)
            {
                (channels, size) = (4 * channels, size / 2);
            }
            else if (i < couplings && i % Group == 5)
            {
                (channels, planes) = (channels / 2, 2 * planes);
            }
        }

        Groups = [new TorchGroup([.. _state.Parameters.Select(p => p.Value)], WeightDecay: 0, MaxNorm: null)];
    }

    public double LearningRate => 5e-4;

    public IReadOnlyList<TorchGroup> Groups { get; }

    public long[] Latent { get; } = [Fixture.Pixels];

    public static ITorchModel Create(bool channelsLast) => new TorchSharpBjlkeng(channelsLast, Presets.Bjlkeng.Model);

    public void Load(Func<string, long[], float[]> valuesOf) => _state.Load(valuesOf);

    public void Train(bool mode) => _training = mode;

    /// <summary>z [N, 784], the sums over couplings and over batch norms of log_det, each [N].</summary>
    public (Tensor Z, Tensor CouplingLogDet, Tensor NormLogDet) Forward(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        List<Tensor> parts = [];
        Tensor couplingLogDet = zeros(x.shape[0]), normLogDet = zeros(x.shape[0]);
        for (int i = 0; i < _steps.Length; i++)
        {
            (x, Tensor coupling) = _steps[i].Couple(x);
            (x, Tensor norm) = _steps[i].Normalize(x, _training);
            couplingLogDet += coupling;
            normLogDet += norm;
            if (i < _couplings && i % Group == 2)
            {
                x = nn.functional.pixel_unshuffle(x, 2);
            }
            else if (i < _couplings && i % Group == 5)
            {
                Tensor[] halves = x.chunk(2, 1);
                parts.Add(halves[1].flatten(1));
                x = halves[0];
            }
        }

        parts.Add(x.flatten(1));
        return (cat(parts, 1).MoveToOuterDisposeScope(), couplingLogDet.MoveToOuterDisposeScope(), normLogDet.MoveToOuterDisposeScope());
    }

    public Tensor Inverse(Tensor latents)
    {
        using DisposeScope scope = NewDisposeScope();
        int factored = _couplings / Group;
        long length = latents.shape[1], start = 0;
        List<Tensor> parts = [];
        for (int i = 0; i < factored; i++)
        {
            long half = (length - start) / 2;
            parts.Add(latents.narrow(1, start, half));
            start += half;
        }

        Tensor x = latents.narrow(1, start, length - start).reshape([-1, .. _steps[^1].Shape]);
        for (int i = _steps.Length - 1; i >= 0; i--)
        {
            if (i < _couplings && i % Group == 2)
            {
                x = nn.functional.pixel_shuffle(x, 2);
            }
            else if (i < _couplings && i % Group == 5)
            {
                x = cat([x, parts[i / Group].reshape(x.shape)], 1);
            }

            x = _steps[i].Uncouple(_steps[i].Denormalize(x));
        }

        return x.MoveToOuterDisposeScope();
    }

    public Tensor Nll(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor z, Tensor coupling, Tensor norm) = Forward(x);
        Tensor logProb = (-0.5 * (z.square() + Math.Log(2 * Math.PI))).sum(1);
        return (Fixture.Dequantization - (logProb + coupling + norm).mean()).MoveToOuterDisposeScope();
    }

    public Tensor Loss(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        return (Nll(x) + Penalty() / x.shape[0]).MoveToOuterDisposeScope();
    }

    /// <summary>5e-5·Σ s_scale².</summary>
    public Tensor Penalty()
    {
        using DisposeScope scope = NewDisposeScope();
        return (ScalePenalty * _steps.Select(s => s.ScaleSquares()).Aggregate((a, b) => a + b)).MoveToOuterDisposeScope();
    }

    public void Dispose() => _state.Dispose();

    // 1 where the input is kept.
    private static Tensor Mask(int channels, int size, bool checkerboard, bool inverted)
    {
        IEnumerable<float> ones = from c in Enumerable.Range(0, channels)
                                  from y in Enumerable.Range(0, size)
                                  from x in Enumerable.Range(0, size)
                                  let kept = checkerboard ? (c + y + x) % 2 == 0 : c >= channels / 2
                                  select kept != inverted ? 1f : 0f;
        return tensor(ones.ToArray(), [1, channels, size, size]).to(get_default_dtype());
    }

    /// <summary>A coupling and the batch norm behind it.</summary>
    private sealed class Step
    {
        private readonly Tensor _mask, _changed, _runningMean, _runningVariance;
        private readonly Parameter _scale, _shiftScale, _shiftBias;
        private readonly Net _scaleNet, _shiftNet;

        public Step(TorchState state, int index, Tensor mask, int channels, int planes)
        {
            (_mask, _changed) = (mask, 1 - mask);
            Shape = mask.shape[1..];
            _scaleNet = new Net(state, $"s.{index}", channels, planes);
            _shiftNet = new Net(state, $"t.{index}", channels, planes);
            _scale = state.Parameter($"s_scale.{index}", Shape, 0);
            _shiftScale = state.Parameter($"t_scale.{index}", Shape, 0);
            _shiftBias = state.Parameter($"t_bias.{index}", Shape, 0);
            _runningMean = state.Buffer($"norms.{index}.running_mean", [channels], 0);
            _runningVariance = state.Buffer($"norms.{index}.running_var", [channels], 1);
        }

        public long[] Shape { get; }

        public Tensor ScaleSquares() => _scale.square().sum();

        public (Tensor Y, Tensor LogDet) Couple(Tensor x)
        {
            Tensor kept = _mask * x;
            (Tensor s, Tensor t) = ScaleAndShift(kept);
            return (kept + _changed * (x * s.exp() + t), (_changed * s).sum([1, 2, 3]));
        }

        public Tensor Uncouple(Tensor y)
        {
            Tensor kept = _mask * y;
            (Tensor s, Tensor t) = ScaleAndShift(kept);
            return kept + _changed * ((y - t) * (-s).exp());
        }

        public (Tensor Y, Tensor LogDet) Normalize(Tensor x, bool training)
        {
            (Tensor mean, Tensor variance) = (_runningMean, _runningVariance);
            if (training)
            {
                mean = (1 - Momentum) * _runningMean + Momentum * x.mean([0, 2, 3]);
                variance = (1 - Momentum) * _runningVariance + Momentum * x.var([0, 2, 3], unbiased: true);
                using IDisposable without = no_grad();
                _runningMean.copy_(mean);
                _runningVariance.copy_(variance);
            }

            Tensor logDet = -0.5 * Shape[1] * Shape[2] * (variance + Epsilon).log().sum();
            return ((x - Wide(mean)) * Wide((variance + Epsilon).rsqrt()), logDet);
        }

        public Tensor Denormalize(Tensor y) => y * Wide((_runningVariance + Epsilon).sqrt()) + Wide(_runningMean);

        private static Tensor Wide(Tensor perChannel) => perChannel.reshape(1, -1, 1, 1);

        private (Tensor S, Tensor T) ScaleAndShift(Tensor kept) => (_scale * _scaleNet.Run(kept).tanh(), _shiftScale * _shiftNet.Run(kept) + _shiftBias);
    }

    /// <summary>3x3 convolution, two residual blocks with instance norm, 3x3 convolution; no biases.</summary>
    private sealed class Net(TorchState state, string name, int channels, int planes)
    {
        private static readonly int[] Blocks = [1, 2];

        private readonly Parameter _first = state.Parameter($"{name}.0.weight", [planes, channels, 3, 3]);
        private readonly (Parameter First, Parameter Second)[] _blocks = [.. Blocks.Select(i => (
            state.Parameter($"{name}.{i}.conv1.weight", [planes, planes, 3, 3]), state.Parameter($"{name}.{i}.conv2.weight", [planes, planes, 3, 3])))];

        private readonly Parameter _last = state.Parameter($"{name}.3.weight", [channels, planes, 3, 3]);

        public Tensor Run(Tensor x)
        {
            Tensor h = Convolve(x, _first);
            foreach ((Parameter first, Parameter second) in _blocks)
            {
                Tensor inner = nn.functional.instance_norm(Convolve(h, first), eps: Epsilon).relu();
                h = (nn.functional.instance_norm(Convolve(inner, second), eps: Epsilon) + h).relu();
            }

            return Convolve(h, _last);
        }

        private static Tensor Convolve(Tensor x, Tensor weight) => nn.functional.conv2d(x, weight, padding: [1, 1]);
    }
}
