using TorchSharp;
using static TorchSharp.torch;

namespace Bench;

/// <summary>TorchSharp on libtorch's CPU build, with disposal scopes as its documentation advises.</summary>
internal sealed class TorchSharpEngine : IEngine
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly ITorchModel _model;
    private readonly TorchSharp.Modules.Adam[] _adams;
    private readonly Tensor[] _images;
    private readonly Tensor _latents;
    private readonly What _what;
    private int _steps;

    public TorchSharpEngine(Workload workload, bool channelsLast)
    {
        set_num_threads(workload.Threads);
        _what = workload.What;
        _model = BenchPreset.Find(workload.Preset).Peer!(channelsLast);
        _model.Train(_what == What.Train);
        _adams = [.. _model.Groups.Select(group => optim.Adam(group.Parameters, lr: _model.LearningRate, weight_decay: group.WeightDecay))];
        long[] shape = [workload.Batch, 1, 28, 28];
        _images = [.. Enumerable.Range(0, Fixture.Batches).Select(i => tensor(Fixture.Images(workload.Batch, i), shape))];
        _latents = tensor(Fixture.Latents(workload.Batch), [workload.Batch, .. _model.Latent]);
    }

    /// <summary>Names and versions of the two libraries.</summary>
    public static string Version => $"TorchSharp {typeof(torch).Assembly.GetName().Version}, libtorch {__version__}";

    public Dictionary<string, double> Compare()
    {
        _model.Load((name, sizes) => Fixture.Parameter(name, sizes));
        Dictionary<string, double> values = new() { ["parameters"] = _model.Groups.SelectMany(group => group.Parameters).Sum(p => p.numel()) };
        switch (_what)
        {
            case What.Train:
                double norm = 0;
                values.Add("loss", Train(() => norm = GradientNorm()));
                values.Add("gradient norm", norm);
                values.Add("loss after one update", Train());
                values.Add("after two", Train());
                break;
            case What.Evaluate:
                values.Add("nll", Evaluate());
                break;
            case What.Sample:
                using (Tensor x = Sample())
                using (Tensor meanSquare = x.square().mean())
                {
                    values.Add("mean square of the samples", meanSquare.item<float>());
                }

                break;
        }

        return values;
    }

    public void Step()
    {
        switch (_what)
        {
            case What.Train:
                Train();
                break;
            case What.Evaluate:
                Evaluate();
                break;
            case What.Sample:
                Sample().Dispose();
                break;
        }
    }

    public void Dispose()
    {
        foreach (TorchSharp.Modules.Adam adam in _adams)
        {
            adam.Dispose();
        }

        _model.Dispose();
        _scope.Dispose();
    }

    private double Train(Action? afterBackward = null)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (TorchSharp.Modules.Adam adam in _adams)
        {
            adam.zero_grad();
        }

        Tensor loss = _model.Loss(NextImages());
        loss.backward();
        afterBackward?.Invoke();
        foreach (TorchGroup group in _model.Groups)
        {
            if (group.MaxNorm is { } most)
            {
                nn.utils.clip_grad_norm_(group.Parameters, most);
            }
        }

        foreach (TorchSharp.Modules.Adam adam in _adams)
        {
            adam.step();
        }

        return loss.item<float>();
    }

    private double GradientNorm()
    {
        using DisposeScope scope = NewDisposeScope();
        return Math.Sqrt(_model.Groups.SelectMany(group => group.Parameters).Sum(p => p.grad is { } gradient ? (double)gradient.square().sum().item<float>() : 0));
    }

    private double Evaluate()
    {
        using IDisposable inference = inference_mode();
        using DisposeScope scope = NewDisposeScope();
        return _model.Nll(NextImages()).item<float>();
    }

    private Tensor Sample()
    {
        using IDisposable inference = inference_mode();
        return _model.Inverse(_latents);
    }

    private Tensor NextImages() => _images[_steps++ % Fixture.Batches];
}
