using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Bench;

/// <summary>The notebook's Real NVP as one would write it in TorchSharp: 8 couplings with 64 hidden channels.</summary>
internal sealed class TorchSharpNotebook : ITorchModel
{
    // The notebook's optimizer: Adam with coupled weight decay, gradients clipped by their global norm.
    private const double WeightDecay = 1e-6, MaxNorm = 1;
    private const int Couplings = 8, Hidden = 64, Size = 28;
    private const double WeightPenalty = 1e-5; // The notebook's factor of the squared weights.

    private readonly Sequential[] _nets;
    private readonly Tensor[] _masks; // 1 where a coupling changes its input: [1, 1, H, W]
    private readonly Tensor[] _kept;
    private readonly List<Parameter> _weights;

    /// <param name="channelsLast">NHWC strides for the convolution weights; the convolutions then work in that layout throughout.</param>
    public TorchSharpNotebook(bool channelsLast)
    {
        Tensor even = tensor(
            [.. Enumerable.Range(0, Fixture.Pixels).Select(i => (i / Size + i % Size) % 2 == 0 ? 1f : 0f)], [1, 1, Size, Size]);
        Tensor odd = 1 - even;
        _nets = [.. Enumerable.Range(0, Couplings).Select(_ => Net())];
        _masks = [.. Enumerable.Range(0, Couplings).Select(i => i % 2 == 0 ? even : odd)];
        _kept = [.. Enumerable.Range(0, Couplings).Select(i => i % 2 == 0 ? odd : even)];
        if (channelsLast)
        {
            UseChannelsLast();
        }

        Groups = [new TorchGroup([.. _nets.SelectMany(net => net.parameters())], WeightDecay, MaxNorm)];
        _weights = [.. _nets.SelectMany(net => net.named_parameters()).Where(p => p.name.EndsWith("weight", StringComparison.Ordinal)).Select(p => p.parameter)];
    }

    public double LearningRate => 5e-4;

    public IReadOnlyList<TorchGroup> Groups { get; }

    public long[] Latent { get; } = [1, Size, Size];

    public static ITorchModel Create(bool channelsLast) => new TorchSharpNotebook(channelsLast);

    public void Load(Func<string, long[], float[]> valuesOf)
    {
        using (no_grad())
        {
            for (int i = 0; i < Couplings; i++)
            {
                IEnumerable<(string, Tensor)> all = _nets[i].named_parameters().Select(p => (p.name, (Tensor)p.parameter)).Concat(_nets[i].named_buffers());
                foreach ((string name, Tensor target) in all.Where(t => t.Item2.dim() > 0)) // A scalar only counts batches.
                {
                    using Tensor values = tensor(valuesOf($"coupling_layers.{i}.coupling_net.network.{name}", target.shape), target.shape);
                    target.copy_(values);
                }
            }
        }
    }

    public void Train(bool mode)
    {
        foreach (Sequential net in _nets)
        {
            net.train(mode);
        }
    }

    /// <summary>x [N, 1, 28, 28] → z of the same shape and log_det [N].</summary>
    public (Tensor Z, Tensor LogDet) Forward(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logDet = zeros(x.shape[0]);
        for (int i = 0; i < Couplings; i++)
        {
            Tensor frozen = x * _kept[i], active = x * _masks[i];
            (Tensor s, Tensor t) = ScaleAndShift(i, frozen);
            x = frozen + active * s.exp() + t;
            logDet += s.sum([1, 2, 3]);
        }

        return (x.MoveToOuterDisposeScope(), logDet.MoveToOuterDisposeScope());
    }

    /// <summary>z → x.</summary>
    public Tensor Inverse(Tensor z)
    {
        using DisposeScope scope = NewDisposeScope();
        for (int i = Couplings - 1; i >= 0; i--)
        {
            Tensor frozen = z * _kept[i], active = z * _masks[i];
            (Tensor s, Tensor t) = ScaleAndShift(i, frozen);
            z = frozen + (active - t) * (-s).exp();
        }

        return z.MoveToOuterDisposeScope();
    }

    /// <summary>Mean nll in nats per image: −(log_prob_z + log_det) + D·log 256.</summary>
    public Tensor Nll(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor z, Tensor logDet) = Forward(x);
        Tensor logProb = (-0.5 * (z.flatten(1).square() + Math.Log(2 * Math.PI))).sum(1);
        return (Fixture.Dequantization - (logProb + logDet).mean()).MoveToOuterDisposeScope();
    }

    /// <summary>What training minimizes: nll and 1e-5 times the sum of squared weights.</summary>
    public Tensor Loss(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor squares = _weights.Select(w => w.square().sum()).Aggregate((a, b) => a + b);
        return (Nll(x) + WeightPenalty * squares).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (Sequential net in _nets)
        {
            net.Dispose();
        }
    }

    private static Sequential Net()
    {
        Conv2d last = nn.Conv2d(Hidden, 2, 3, padding: 1);
        nn.init.zeros_(last.weight!);
        nn.init.zeros_(last.bias!);
        return nn.Sequential(
            nn.Conv2d(1, Hidden, 3, padding: 1), nn.BatchNorm2d(Hidden, momentum: 0.05), nn.ReLU(),
            nn.Conv2d(Hidden, Hidden, 3, padding: 1), nn.BatchNorm2d(Hidden, momentum: 0.05), nn.ReLU(),
            last);
    }

    private void UseChannelsLast()
    {
        foreach (Conv2d convolution in _nets.SelectMany(net => net.children()).OfType<Conv2d>())
        {
            // TorchSharp has no memory_format argument, but a clone keeps the strides of a dense tensor.
            using DisposeScope scope = NewDisposeScope();
            Tensor strided = convolution.weight!.detach().permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
            convolution.weight = new Parameter(strided.clone().DetachFromDisposeScope());
        }
    }

    private (Tensor S, Tensor T) ScaleAndShift(int coupling, Tensor frozen)
    {
        Tensor[] halves = _nets[coupling].call(frozen).chunk(2, 1);
        return (halves[0].tanh() * _masks[coupling], halves[1] * _masks[coupling]);
    }
}
