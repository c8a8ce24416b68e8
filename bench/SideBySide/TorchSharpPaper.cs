using TinyFlow.Nvp.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Bench;

/// <summary>
/// Real NVP as published (arXiv 1605.08803), in the structure of its well-known PyTorch port: recursive scales of
/// checkerboard and channel-wise couplings whose networks are residual, with batch norm and weight norm.
/// </summary>
internal sealed class TorchSharpPaper : ITorchModel
{
    private const double WeightDecay = 5e-5, MaxNorm = 100;
    private const float Constraint = 0.9f;

    // Block positions (dy, dx) of the squeeze before factoring out: all channels of one position, then those of the next.
    private static readonly (int Y, int X)[] Alternative = [(0, 0), (1, 1), (0, 1), (1, 0)];

    private readonly TorchState _state;
    private readonly Scale _scales;

    /// <param name="channelsLast">NHWC strides for the convolution weights.</param>
    /// <param name="model">The preset's numbers of scales, of channels of the first scale's networks, and of residual blocks of a network.</param>
    public TorchSharpPaper(bool channelsLast, ModelConfig model)
    {
        _state = new TorchState(channelsLast);
        _scales = new Scale(_state, "flows", model.Levels, 1, 28, model.Hidden, model.Blocks);
        bool IsGain((string Name, Parameter Value) p) => p.Name.EndsWith("weight_g", StringComparison.Ordinal);
        Groups =
        [
            new TorchGroup([.. _state.Parameters.Where(IsGain).Select(p => p.Value)], WeightDecay, MaxNorm),
            new TorchGroup([.. _state.Parameters.Where(p => !IsGain(p)).Select(p => p.Value)], 0, MaxNorm),
        ];
    }

    public double LearningRate => 1e-3;

    public IReadOnlyList<TorchGroup> Groups { get; }

    public long[] Latent { get; } = [1, 28, 28];

    public static ITorchModel Create(bool channelsLast) => new TorchSharpPaper(channelsLast, Presets.Paper.Model);

    public void Load(Func<string, long[], float[]> valuesOf) => _state.Load(valuesOf);

    public void Train(bool mode) => _scales.Train(mode);

    /// <summary>z of x's shape, and log_det [N] with that of the logit transform.</summary>
    public (Tensor Z, Tensor LogDet) Forward(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor y = ((1 + (2 * x - 1) * Constraint) / 2).logit();
        Tensor logDet = (nn.functional.softplus(y) + nn.functional.softplus(-y) + Math.Log(Constraint)).sum([1, 2, 3]);
        (Tensor z, Tensor scales) = _scales.Forward(y);
        return (z.MoveToOuterDisposeScope(), (logDet + scales).MoveToOuterDisposeScope());
    }

    public Tensor Inverse(Tensor latents)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor y = _scales.Inverse(latents);
        return (((2 * y.sigmoid() - 1) / Constraint + 1) / 2).MoveToOuterDisposeScope();
    }

    public Tensor Nll(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor z, Tensor logDet) = Forward(x);
        Tensor logProb = (-0.5 * (z.flatten(1).square() + Math.Log(2 * Math.PI))).sum(1);
        return (Fixture.Dequantization - (logProb + logDet).mean()).MoveToOuterDisposeScope();
    }

    public Tensor Loss(Tensor x) => Nll(x);

    public void Dispose() => _state.Dispose();

    private static Tensor SqueezeAlternative(Tensor x) => cat(
        [.. Alternative.Select(p => x[TensorIndex.Colon, TensorIndex.Colon, TensorIndex.Slice(p.Y, null, 2), TensorIndex.Slice(p.X, null, 2)])], 1);

    private static Tensor UnsqueezeAlternative(Tensor x)
    {
        Tensor[] positions = x.chunk(4, 1);
        long[] shape = positions[0].shape;
        Tensor[] rowMajor = [.. Enumerable.Range(0, 4).Select(i => positions[Array.IndexOf(Alternative, (i / 2, i % 2))])];
        return nn.functional.pixel_shuffle(stack(rowMajor, 2).reshape(shape[0], 4 * shape[1], shape[2], shape[3]), 2);
    }

    /// <summary>A scale and those within it.</summary>
    private sealed class Scale
    {
        private readonly Coupling[] _checkerboard, _channelwise;
        private readonly Scale? _next;

        public Scale(TorchState state, string name, int scales, int channels, int size, int hidden, int blocks)
        {
            bool isLast = scales == 1;
            bool[] checkerboard = isLast ? [false, true, false, true] : [false, true, false];
            _checkerboard = [.. checkerboard.Select((reversed, i) =>
                new Coupling(state, $"{name}.in_couplings.{i}", channels, channels, hidden, blocks, Checkerboard(size, reversed), reversed))];
            _channelwise = isLast ? [] : [.. ((bool[])[false, true, false]).Select((reversed, i) =>
                new Coupling(state, $"{name}.out_couplings.{i}", 2 * channels, 2 * channels, 2 * hidden, blocks, null, reversed))];
            _next = isLast ? null : new Scale(state, $"{name}.next_block", scales - 1, 2 * channels, size / 2, 2 * hidden, blocks);
        }

        public void Train(bool mode)
        {
            foreach (Coupling coupling in (Coupling[])[.. _checkerboard, .. _channelwise])
            {
                coupling.Train(mode);
            }

            _next?.Train(mode);
        }

        public (Tensor Z, Tensor LogDet) Forward(Tensor x)
        {
            Tensor logDet = zeros(x.shape[0]);
            (x, logDet) = Through(_checkerboard, x, logDet);
            if (_next is null)
            {
                return (x, logDet);
            }

            (x, logDet) = Through(_channelwise, nn.functional.pixel_unshuffle(x, 2), logDet);
            Tensor[] halves = SqueezeAlternative(nn.functional.pixel_shuffle(x, 2)).chunk(2, 1);
            (Tensor z, Tensor inner) = _next.Forward(halves[0]);
            return (UnsqueezeAlternative(cat([z, halves[1]], 1)), logDet + inner);
        }

        public Tensor Inverse(Tensor z)
        {
            if (_next is not null)
            {
                Tensor[] halves = SqueezeAlternative(z).chunk(2, 1);
                z = nn.functional.pixel_unshuffle(UnsqueezeAlternative(cat([_next.Inverse(halves[0]), halves[1]], 1)), 2);
                z = nn.functional.pixel_shuffle(_channelwise.Reverse().Aggregate(z, (y, coupling) => coupling.Inverse(y)), 2);
            }

            return _checkerboard.Reverse().Aggregate(z, (y, coupling) => coupling.Inverse(y));
        }

        private static (Tensor X, Tensor LogDet) Through(Coupling[] couplings, Tensor x, Tensor logDet)
        {
            foreach (Coupling coupling in couplings)
            {
                (x, Tensor own) = coupling.Forward(x);
                logDet += own;
            }

            return (x, logDet);
        }

        // 1 where the input is kept.
        private static Tensor Checkerboard(int size, bool reversed) => tensor(
            [.. Enumerable.Range(0, size * size).Select(i => (i / size + i % size) % 2 == 1 != reversed ? 1f : 0f)], [1, 1, size, size]).to(get_default_dtype());
    }

    /// <summary>y = (x + t)·exp(s) where the mask is 0, or in one half of the channels if there is no mask.</summary>
    private sealed class Coupling(
        TorchState state, string name, int inputs, int outputs, int hidden, int blocks, Tensor? mask, bool reversed)
    {
        private readonly Net _net = new(state, $"{name}.st_net", inputs, 2 * outputs, hidden, blocks, doubles: mask is not null);
        private readonly Weight _rescale = new(state, $"{name}.rescale", [outputs, 1, 1]);
        private readonly Tensor? _changed = mask is null ? null : 1 - mask;

        public void Train(bool mode) => _net.Training = mode;

        public (Tensor Y, Tensor LogDet) Forward(Tensor x)
        {
            if (mask is not null)
            {
                (Tensor s, Tensor t) = ScaleAndShift(x * mask);
                (s, t) = (s * _changed!, t * _changed!);
                return ((x + t) * s.exp(), s.sum([1, 2, 3]));
            }

            (Tensor changes, Tensor feeds) = Halves(x);
            (Tensor scale, Tensor shift) = ScaleAndShift(feeds);
            return (Join((changes + shift) * scale.exp(), feeds), scale.sum([1, 2, 3]));
        }

        public Tensor Inverse(Tensor y)
        {
            if (mask is not null)
            {
                (Tensor s, Tensor t) = ScaleAndShift(y * mask);
                (s, t) = (s * _changed!, t * _changed!);
                return y * (-s).exp() - t;
            }

            (Tensor changes, Tensor feeds) = Halves(y);
            (Tensor scale, Tensor shift) = ScaleAndShift(feeds);
            return Join(changes * (-scale).exp() - shift, feeds);
        }

        private (Tensor Changes, Tensor Feeds) Halves(Tensor x)
        {
            Tensor[] halves = x.chunk(2, 1);
            return reversed ? (halves[1], halves[0]) : (halves[0], halves[1]);
        }

        private Tensor Join(Tensor changed, Tensor fed) => reversed ? cat([fed, changed], 1) : cat([changed, fed], 1);

        private (Tensor S, Tensor T) ScaleAndShift(Tensor kept)
        {
            Tensor[] halves = _net.Run(kept).chunk(2, 1);
            return (_rescale.Value() * halves[0].tanh(), halves[1]);
        }
    }

    private sealed class Net(TorchState state, string name, int inputs, int outputs, int hidden, int blocks, bool doubles)
    {
        private readonly Norm _inNorm = new(state, $"{name}.in_norm", inputs), _outNorm = new(state, $"{name}.out_norm", hidden);
        private readonly Convolution _in = new(state, $"{name}.in_conv.conv", 2 * inputs, hidden, 3), _inSkip = new(state, $"{name}.in_skip.conv", hidden, hidden, 1);
        private readonly Convolution _out = new(state, $"{name}.out_conv.conv", hidden, outputs, 1);
        private readonly Block[] _blocks = [.. Enumerable.Range(0, blocks).Select(i => new Block(state, $"{name}.blocks.{i}", hidden))];
        private readonly Convolution[] _skips = [.. Enumerable.Range(0, blocks).Select(i => new Convolution(state, $"{name}.skips.{i}.conv", hidden, hidden, 1))];

        public bool Training { get; set; } = true;

        public Tensor Run(Tensor x)
        {
            x = _inNorm.Run(x, Training);
            x = doubles ? x * 2 : x;
            x = _in.Run(cat([x, -x], 1).relu());
            Tensor skip = _inSkip.Run(x);
            for (int i = 0; i < _blocks.Length; i++)
            {
                x = _blocks[i].Run(x, Training);
                skip += _skips[i].Run(x);
            }

            return _out.Run(_outNorm.Run(skip, Training).relu());
        }
    }

    private sealed class Block(TorchState state, string name, int hidden)
    {
        private readonly Norm _inNorm = new(state, $"{name}.in_norm", hidden), _outNorm = new(state, $"{name}.out_norm", hidden);
        private readonly Convolution _in = new(state, $"{name}.in_conv.conv", hidden, hidden, 3, hasBias: false), _out = new(state, $"{name}.out_conv.conv", hidden, hidden, 3);

        public Tensor Run(Tensor x, bool training) =>
            _out.Run(_outNorm.Run(_in.Run(_inNorm.Run(x, training).relu()), training).relu()) + x;
    }

    private sealed class Norm(TorchState state, string name, int channels)
    {
        private readonly Parameter _weight = state.Parameter($"{name}.weight", [channels]), _bias = state.Parameter($"{name}.bias", [channels], 0);
        private readonly Tensor _mean = state.Buffer($"{name}.running_mean", [channels], 0), _variance = state.Buffer($"{name}.running_var", [channels], 1);

        public Tensor Run(Tensor x, bool training) => nn.functional.batch_norm(x, _mean, _variance, _weight, _bias, training, 0.1, 1e-5);
    }

    private sealed class Convolution(TorchState state, string name, int inputs, int outputs, int kernel, bool hasBias = true)
    {
        private readonly Weight _weight = new(state, name, [outputs, inputs, kernel, kernel]);
        private readonly Parameter? _bias = hasBias ? state.Parameter($"{name}.bias", [outputs], 0) : null;

        public Tensor Run(Tensor x) => nn.functional.conv2d(x, _weight.Value(), _bias, padding: [kernel / 2, kernel / 2]);
    }

    /// <summary>g·v/‖v‖ of each output channel.</summary>
    private sealed class Weight(TorchState state, string name, long[] sizes)
    {
        private readonly Parameter _gain = state.Parameter($"{name}.weight_g", [sizes[0], .. sizes[1..].Select(_ => 1L)]), _direction = state.Parameter($"{name}.weight_v", sizes);
        private readonly long[] _axes = [.. Enumerable.Range(1, sizes.Length - 1).Select(axis => (long)axis)];

        public Tensor Value() => _direction * (_gain / _direction.square().sum(_axes, keepdim: true).sqrt());
    }
}
