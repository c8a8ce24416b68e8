using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Bench;

/// <summary>
/// Preset affine as one would write it in TorchSharp: logit, two levels of a squeeze and ActNorm, invertible 1x1
/// convolutions and couplings with gated residual networks, then couplings of the whole image with fully connected ones.
/// </summary>
internal sealed class TorchSharpAffine : ITorchModel
{
    private const int Levels = 2, Layers = 4, Hidden = 24, Blocks = 1, DenseLayers = 8, DenseHidden = 256;
    private const double Constraint = 1 - 2e-5, MaxNorm = 100;

    // Which of the 4 pixels of a 2x2 block a coupling changes.
    private static readonly int[][] Changed = [[1, 2], [0, 3], [2, 3], [0, 1], [1, 3], [0, 2]];

    private readonly TorchState _state;
    private readonly List<IStep> _steps = [];

    /// <param name="channelsLast">NHWC strides for the convolution weights.</param>
    public TorchSharpAffine(bool channelsLast)
    {
        _state = new TorchState(channelsLast);
        (int channels, int size) = (1, 28);
        for (int level = 0; level < Levels; level++)
        {
            _steps.Add(new Squeeze());
            (channels, size) = (4 * channels, size / 2);
            for (int i = 0; i < Layers; i++)
            {
                string name = $"levels.{level}.{i}";
                _steps.Add(new ActNorm(_state, $"{name}.act_norm", channels));
                if (i > 0)
                {
                    _steps.Add(new Rotation(_state, $"{name}.convolution", channels));
                }

                int[] changed = Changed[i];
                Net net = new(_state, $"{name}.coupling.net", channels, Hidden << level);
                _steps.Add(new Coupling(_state, $"{name}.coupling", channels, c => changed.Contains(c % 4), net.Run));
            }
        }

        Latent = [channels, size, size];
        int dimensions = channels * size * size;
        _steps.Add(new Reshape([dimensions, 1, 1], Latent));
        for (int i = 0; i < DenseLayers; i++)
        {
            (bool byPlace, int half) = (i / 2 % 2 == 0, i % 2);
            DenseNet net = new(_state, $"dense.{i}.coupling.net", dimensions);
            bool IsChanged(int d) => (byPlace ? d % (size * size) / size + d % size + d / (size * size) : d / (size * size)) % 2 == half;
            _steps.Add(new ActNorm(_state, $"dense.{i}.act_norm", dimensions));
            _steps.Add(new Coupling(_state, $"dense.{i}.coupling", dimensions, IsChanged, net.Run));
        }

        _steps.Add(new Reshape(Latent, [dimensions, 1, 1]));
        Groups = [new TorchGroup([.. _state.Parameters.Select(p => p.Value)], WeightDecay: 0, MaxNorm)];
    }

    /// <summary>y and log_det of x [N, C, H, W], and back.</summary>
    private interface IStep
    {
        (Tensor Y, Tensor? LogDet) Forward(Tensor x);

        Tensor Inverse(Tensor y);
    }

    public double LearningRate => 1e-3;

    public IReadOnlyList<TorchGroup> Groups { get; }

    public long[] Latent { get; }

    public static ITorchModel Create(bool channelsLast) => new TorchSharpAffine(channelsLast);

    public void Load(Func<string, long[], float[]> valuesOf) => _state.Load(valuesOf);

    public void Train(bool mode)
    {
        // No layer treats a batch in training otherwise than in evaluation.
    }

    public Tensor Nll(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor y = ((1 + (2 * x - 1) * Constraint) / 2).logit();
        Tensor logDet = (nn.functional.softplus(y) + nn.functional.softplus(-y) + Math.Log(Constraint)).sum([1, 2, 3]);
        foreach (IStep step in _steps)
        {
            (y, Tensor? own) = step.Forward(y);
            logDet = own is null ? logDet : logDet + own;
        }

        Tensor logProb = (-0.5 * (y.flatten(1).square() + Math.Log(2 * Math.PI))).sum(1);
        return (Fixture.Dequantization - (logProb + logDet).mean()).MoveToOuterDisposeScope();
    }

    public Tensor Loss(Tensor x) => Nll(x);

    public Tensor Inverse(Tensor latents)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor y = Enumerable.Reverse(_steps).Aggregate(latents, (z, step) => step.Inverse(z));
        return (((2 * y.sigmoid() - 1) / Constraint + 1) / 2).MoveToOuterDisposeScope();
    }

    public void Dispose() => _state.Dispose();

    private static Tensor Wide(Tensor perChannel) => perChannel.reshape(1, -1, 1, 1);

    private static Tensor Elu(Tensor x) => nn.functional.elu(x, alpha: 1);

    private static long Pixels(Tensor x) => x.shape[2] * x.shape[3];

    private sealed class Squeeze : IStep
    {
        public (Tensor Y, Tensor? LogDet) Forward(Tensor x) => (nn.functional.pixel_unshuffle(x, 2), null);

        public Tensor Inverse(Tensor y) => nn.functional.pixel_shuffle(y, 2);
    }

    private sealed class Reshape(long[] to, long[] from) : IStep
    {
        public (Tensor Y, Tensor? LogDet) Forward(Tensor x) => (x.reshape([-1, .. to]), null);

        public Tensor Inverse(Tensor y) => y.reshape([-1, .. from]);
    }

    private sealed class ActNorm : IStep
    {
        private readonly Parameter _bias, _logScale;

        public ActNorm(TorchState state, string name, int channels)
        {
            _bias = state.Parameter($"{name}.bias", [channels], 0);
            _logScale = state.Parameter($"{name}.log_scale", [channels], 0);
        }

        public (Tensor Y, Tensor? LogDet) Forward(Tensor x) => ((x + Wide(_bias)) * Wide(_logScale.exp()), Pixels(x) * _logScale.sum());

        public Tensor Inverse(Tensor y) => y * Wide((-_logScale).exp()) - Wide(_bias);
    }

    /// <summary>An invertible 1x1 convolution as P·L·(U + diag).</summary>
    private sealed class Rotation : IStep
    {
        private readonly Parameter _lower, _upper, _logScale;
        private readonly Tensor _permutation, _sign, _identity;
        private readonly long _channels;

        public Rotation(TorchState state, string name, int channels)
        {
            _channels = channels;
            _lower = state.Parameter($"{name}.lower", [channels, channels], 0);
            _upper = state.Parameter($"{name}.upper", [channels, channels], 0);
            _logScale = state.Parameter($"{name}.log_scale", [channels], 0);
            _permutation = state.Buffer($"{name}.permutation", [channels, channels], 0);
            _sign = state.Buffer($"{name}.sign", [channels], 1);
            _identity = eye(channels);
        }

        public (Tensor Y, Tensor? LogDet) Forward(Tensor x) =>
            (nn.functional.conv2d(x, Matrix().reshape(_channels, _channels, 1, 1)), Pixels(x) * _logScale.sum());

        public Tensor Inverse(Tensor y) => nn.functional.conv2d(y, linalg.inv(Matrix()).reshape(_channels, _channels, 1, 1));

        private Tensor Matrix() => _permutation.matmul((_lower.tril(-1) + _identity).matmul(_upper.triu(1) + (_sign * _logScale.exp()).diag()));
    }

    private sealed class Coupling : IStep
    {
        private readonly Parameter _scale;
        private readonly Tensor _changed, _kept;
        private readonly Func<Tensor, Tensor> _net;

        public Coupling(TorchState state, string name, int channels, Func<int, bool> isChanged, Func<Tensor, Tensor> net)
        {
            _scale = state.Parameter($"{name}.scale", [channels]);
            _changed = tensor([.. Enumerable.Range(0, channels).Select(c => isChanged(c) ? 1f : 0f)], [1, channels, 1, 1]);
            _kept = 1 - _changed;
            _net = net;
        }

        public (Tensor Y, Tensor? LogDet) Forward(Tensor x)
        {
            Tensor kept = x * _kept;
            (Tensor s, Tensor t) = ScaleAndShift(kept);
            return (kept + _changed * (x * s.exp() + t), s.sum([1, 2, 3]));
        }

        public Tensor Inverse(Tensor y)
        {
            Tensor kept = y * _kept;
            (Tensor s, Tensor t) = ScaleAndShift(kept);
            return kept + _changed * ((y - t) * (-s).exp());
        }

        private (Tensor S, Tensor T) ScaleAndShift(Tensor kept)
        {
            Tensor[] halves = _net(kept).chunk(2, 1);
            return (Wide(_scale) * halves[0].tanh() * _changed, halves[1]);
        }
    }

    private sealed class Net
    {
        private readonly Layer _first, _last;
        private readonly (Layer Inner, Layer Gate)[] _blocks;

        public Net(TorchState state, string name, int channels, int hidden)
        {
            _first = new Layer(state, $"{name}.first", [hidden, channels, 3, 3]);
            _blocks = [.. Enumerable.Range(0, Blocks).Select(i => (
                new Layer(state, $"{name}.blocks.{i}.inner", [hidden, 2 * hidden, 3, 3]), new Layer(state, $"{name}.blocks.{i}.gate", [2 * hidden, 2 * hidden, 1, 1])))];
            _last = new Layer(state, $"{name}.last", [2 * channels, 2 * hidden, 1, 1]);
        }

        public Tensor Run(Tensor x)
        {
            Tensor h = _first.Convolve(x);
            foreach ((Layer inner, Layer gate) in _blocks)
            {
                Tensor[] halves = gate.Convolve(OnBothSigns(inner.Convolve(OnBothSigns(h)))).chunk(2, 1);
                h += halves[0] * halves[1].sigmoid();
            }

            return _last.Convolve(OnBothSigns(h));
        }

        private static Tensor OnBothSigns(Tensor h) => Elu(cat([h, -h], 1));
    }

    private sealed class DenseNet(TorchState state, string name, int dimensions)
    {
        private readonly Layer _first = new(state, $"{name}.first", [DenseHidden, dimensions]), _second = new(state, $"{name}.second", [DenseHidden, DenseHidden]);
        private readonly Layer _last = new(state, $"{name}.last", [2 * dimensions, DenseHidden]);

        public Tensor Run(Tensor x) =>
            _last.Multiply(Elu(_second.Multiply(Elu(_first.Multiply(x.flatten(1)))))).reshape(-1, 2 * dimensions, 1, 1);
    }

    private sealed class Layer(TorchState state, string name, long[] sizes)
    {
        private readonly Parameter _weight = state.Parameter($"{name}.weight", sizes), _bias = state.Parameter($"{name}.bias", [sizes[0]], 0);

        public Tensor Convolve(Tensor x) => nn.functional.conv2d(x, _weight, _bias, padding: [sizes[2] / 2, sizes[2] / 2]);

        public Tensor Multiply(Tensor x) => nn.functional.linear(x, _weight, _bias);
    }
}
