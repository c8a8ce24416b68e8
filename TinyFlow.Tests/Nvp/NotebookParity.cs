using TinyFlow.Autograd;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Objectives;
using TinyFlow.Nvp.Parameters;
using TinyFlow.Nvp.Training;

namespace TinyFlow.Tests.Nvp;

/// <summary>Repeats what a golden file of the seed notebook's system records, and compares each number.</summary>
internal sealed class NotebookParity
{
    // A bias right before a batch norm has a true gradient of 0, of which Adam makes a move of the size of the
    // learning rate in the direction of the rounding error: below this fraction of the gradient's norm there is
    // nothing to compare in float32.
    private const double VanishingGradient = 1e-7;

    private readonly GoldenFile _golden;
    private readonly Preset _preset;

    public NotebookParity(GoldenFile golden)
    {
        _golden = golden;
        Shape pixels = golden.Shape("input.pixels");
        _preset = Presets.Notebook with
        {
            Model = Presets.Notebook.Model with
            {
                Layers = golden.Number("layers"),
                Hidden = golden.Number("hidden"),
                Channels = pixels[1],
                Height = pixels[2],
                Width = pixels[3],
            },
        };
    }

    /// <summary>Compares on a backend. In float32, updates are compared one at a time, from the golden state before each.</summary>
    public Parity Compare(IBackend backend, double tolerance)
    {
        Parity parity = new(tolerance);
        bool isFloat32 = backend.ElementSize < sizeof(double);
        using FlowModel model = FlowModel.Create(_preset.Model, backend, seed: 0);
        model.Parameters.Import(_golden.Under("init."));
        TrainingConfig training = _preset.Training;
        using AdamOptimizer optimizer = new(model.Parameters, training);
        for (int step = 0; step < _golden.Number("steps"); step++)
        {
            Dictionary<string, double[]> gradients = Step(model, optimizer, step, parity);
            CompareState(model, step, parity, isFloat32 ? gradients : null);
            if (isFloat32)
            {
                model.Parameters.Import(_golden.Under($"step{step}.after."));
            }
        }

        CompareEvaluation(model, parity);
        return parity;
    }

    private Dictionary<string, double[]> Step(FlowModel model, AdamOptimizer optimizer, int step, Parity parity)
    {
        int batch = _golden.Number("batch");
        using Tensor x = _golden.Images(model.Backend, step * batch, batch);
        using Tape tape = new(model.Backend);
        FlowTerms terms = model.Forward(tape.Constant(x), Pass.Training);
        LossTerms loss = Objective.Create(ObjectiveKind.Notebook, model, _preset.Training.L2).Loss(terms);
        LossTerms exact = Objective.Create(ObjectiveKind.Exact, model, _preset.Training.L2).Loss(terms);
        if (_golden.Has($"step{step}.z"))
        {
            parity.Check($"step{step}.z", _golden[$"step{step}.z"], terms.Z.Value.ToDoubles());
        }

        parity.Check($"step{step}.base_log_prob", _golden[$"step{step}.base_log_prob"], terms.LogProbZ.Value.ToDoubles());
        parity.Check($"step{step}.coupling_log_det", _golden[$"step{step}.coupling_log_det"], terms.LogDet.Value.ToDoubles());
        tape.Backward(loss.Loss);

        // Read after the backward pass on purpose: the parts must have outlived it.
        void Scalar(string name, Var found, double unit = 1) =>
            parity.Check($"step{step}.{name}", _golden.Scalar($"step{step}.{name}"), found.Value.Item() / unit);
        Scalar("nll", loss.Loss);
        Scalar("nll", loss.Nll);
        Scalar("bpd", loss.BitsPerDim);
        Scalar("bn_log_det", loss.BatchNorm);
        Scalar("dequant_log_det", loss.Dequantization);
        Scalar("l2", loss.L2, _preset.Training.L2);
        Scalar("exact_nll", exact.Nll);
        Scalar("exact_bpd", exact.BitsPerDim);
        parity.Check($"step{step}.base_log_prob, mean", _golden[$"step{step}.base_log_prob"].Average(), loss.LogProbZ.Value.Item());
        parity.Check($"step{step}.coupling_log_det, mean", _golden[$"step{step}.coupling_log_det"].Average(), loss.LogDet.Value.Item());

        Dictionary<string, double[]> gradients = model.Parameters.Parameters.ToDictionary(p => p.Name, p => p.Gradient.ToDoubles());
        CompareGradients(gradients, step, parity);
        optimizer.Step();
        parity.Check($"step{step}.grad_norm", _golden.Scalar($"step{step}.grad_norm"), Math.Sqrt(optimizer.SquaredGradientNorm.Item()));
        return gradients;
    }

    private void CompareGradients(Dictionary<string, double[]> gradients, int step, Parity parity)
    {
        IReadOnlyList<NamedArray> expected = _golden.Under($"step{step}.grad.");
        double largest = expected.SelectMany(gradient => gradient.Values).Select(Math.Abs).DefaultIfEmpty().Max();
        foreach (NamedArray gradient in expected)
        {
            parity.Check($"step{step}.grad.{gradient.Name}", gradient.Values, gradients[gradient.Name], largest);
        }
    }

    private void CompareState(FlowModel model, int step, Parity parity, Dictionary<string, double[]>? gradients)
    {
        Dictionary<string, double[]> found = model.Parameters.Export().ToDictionary(array => array.Name, array => array.Values);
        double threshold = VanishingGradient * _golden.Scalar($"step{step}.grad_norm");
        foreach (NamedArray expected in _golden.Under($"step{step}.after."))
        {
            double[]? gradient = gradients?.GetValueOrDefault(expected.Name);
            parity.Check(
                $"step{step}.after.{expected.Name}", expected.Values, found[expected.Name],
                isSkipped: i => gradient is not null && Math.Abs(gradient[i]) < threshold);
        }
    }

    private void CompareEvaluation(FlowModel model, Parity parity)
    {
        int images = _golden.Shape("input.pixels")[0], count = _golden.Shape("eval.z")[0];
        using Tensor x = _golden.Images(model.Backend, images - count, count);
        using Tape tape = new(model.Backend, recording: false);
        FlowTerms terms = model.Forward(tape.Constant(x), Pass.Evaluation);
        parity.Check("eval.z", _golden["eval.z"], terms.Z.Value.ToDoubles());
        parity.Check("eval.log_det", _golden["eval.log_det"], terms.LogDet.Value.ToDoubles());
        using Tensor inverse = model.Decode(terms.Z.Value);
        parity.Check("eval.inverse_of_z", _golden["eval.inverse_of_z"], inverse.ToDoubles());
        using Tensor latent = model.Backend.Create(_golden.Shape("sample.latent"), _golden["sample.latent"]);
        using Tensor sample = model.Decode(latent);
        parity.Check("sample.x", _golden["sample.x"], sample.ToDoubles());
    }
}
