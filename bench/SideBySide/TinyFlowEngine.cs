using TinyFlow;
using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Objectives;
using TinyFlow.Nvp.Parameters;
using TinyFlow.Nvp.Training;

namespace Bench;

/// <summary>TinyFlow on its CPU backend, through the public interface of its libraries.</summary>
internal sealed class TinyFlowEngine : IEngine
{
    private readonly CpuBackend _backend;
    private readonly FlowModel _model;
    private readonly IObjective _objective;
    private readonly AdamOptimizer _adam;
    private readonly Tensor[] _images;
    private readonly Tensor _latents;
    private readonly What _what;
    private readonly bool _hasPeer;
    private int _steps;

    public TinyFlowEngine(Workload workload)
    {
        Preset preset = Presets.Find(workload.Preset);
        _hasPeer = BenchPreset.Find(workload.Preset).Peer is not null;
        _what = workload.What;
        _backend = new CpuBackend(workload.Threads);
        _model = FlowModel.Create(preset.Model, _backend, seed: 0);
        _objective = Objective.Create(preset.Training.Objective, _model, preset.Training.L2);
        _adam = new AdamOptimizer(_model.Parameters, preset.Training);
        Shape images = [workload.Batch, 1, 28, 28], latent = _model.LatentShape;
        _images = [.. Enumerable.Range(0, Fixture.Batches).Select(i => _backend.Create(images, Fixture.Images(workload.Batch, i)))];
        _latents = _backend.Create([workload.Batch, latent[0], latent[1], latent[2]], Fixture.Latents(workload.Batch));
    }

    public Dictionary<string, double> Compare()
    {
        if (_hasPeer)
        {
            _model.Parameters.Import(_model.Parameters.State.Select(entry => new NamedArray(
                entry.Name, entry.Value.Shape, Array.ConvertAll(Fixture.Parameter(entry.Name, Sizes(entry.Value.Shape)), value => (double)value))));
        }
        else
        {
            _model.Initialize(_images[0]);
        }

        Dictionary<string, double> values = new() { ["parameters"] = _model.Parameters.Count };
        switch (_what)
        {
            case What.Train:
                values.Add("loss", Train());
                values.Add("gradient norm", Math.Sqrt(_adam.SquaredGradientNorm.Item()));
                values.Add("loss after one update", Train());
                values.Add("after two", Train());
                break;
            case What.Evaluate:
                values.Add("nll", Evaluate());
                break;
            case What.Sample:
                using (Tensor x = Sample())
                {
                    values.Add("mean square of the samples", x.ToDoubles().Average(value => value * value));
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
        foreach (Tensor images in _images)
        {
            images.Dispose();
        }

        _latents.Dispose();
        _adam.Dispose();
        _model.Dispose();
        _backend.Dispose();
    }

    private double Train()
    {
        using Tape tape = new(_backend);
        Var loss = _objective.Loss(_model.Forward(tape.Constant(NextImages()), Pass.Training)).Loss;
        tape.Backward(loss);
        _adam.Step();
        return loss.Value.Item();
    }

    private double Evaluate()
    {
        using Tape tape = new(_backend, recording: false);
        return Likelihood.Nll(_model.LogProb(tape.Constant(NextImages())).Mean().Value.Item(), _model.Dimensions);
    }

    private Tensor Sample() => _model.Decode(_latents);

    private Tensor NextImages() => _images[_steps++ % Fixture.Batches];

    private static long[] Sizes(Shape shape) => [.. Enumerable.Range(0, shape.Rank).Select(axis => (long)shape[axis])];
}
