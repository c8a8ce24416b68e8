using TorchSharp;
using static TorchSharp.torch;

namespace Bench;

/// <summary>TorchSharp on libtorch's CPU build, with disposal scopes as its documentation advises.</summary>
internal sealed class TorchSharpEngine : IEngine
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly TorchSharpNotebook _model;
    private readonly TorchSharp.Modules.Adam _adam;
    private readonly Tensor[] _images;
    private readonly Tensor _latents;
    private readonly What _what;
    private int _steps;

    public TorchSharpEngine(Workload workload, bool channelsLast)
    {
        set_num_threads(workload.Threads);
        _what = workload.What;
        _model = new TorchSharpNotebook(channelsLast);
        _model.Train(_what == What.Train);
        _adam = optim.Adam(_model.Parameters, lr: TorchSharpNotebook.LearningRate, weight_decay: TorchSharpNotebook.WeightDecay);
        long[] shape = [workload.Batch, 1, 28, 28];
        _images = [.. Enumerable.Range(0, Fixture.Batches).Select(i => tensor(Fixture.Images(workload.Batch, i), shape))];
        _latents = tensor(Fixture.Latents(workload.Batch), shape);
    }

    /// <summary>Names and versions of the two libraries.</summary>
    public static string Version => $"TorchSharp {typeof(torch).Assembly.GetName().Version}, libtorch {__version__}";

    public Dictionary<string, double> Compare()
    {
        _model.Load((name, sizes) => Fixture.Parameter(name, sizes));
        Dictionary<string, double> values = [];
        switch (_what)
        {
            case What.Train:
                (double loss, double norm) = Train();
                values.Add("loss", loss);
                values.Add("gradient norm", norm);
                values.Add("loss after one update", Train().Loss);
                values.Add("after two", Train().Loss);
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
        _adam.Dispose();
        _model.Dispose();
        _scope.Dispose();
    }

    private (double Loss, double Norm) Train()
    {
        using DisposeScope scope = NewDisposeScope();
        _adam.zero_grad();
        Tensor loss = _model.Loss(NextImages());
        loss.backward();
        double norm = nn.utils.clip_grad_norm_(_model.Parameters, TorchSharpNotebook.MaxNorm);
        _adam.step();
        return (loss.item<float>(), norm);
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
