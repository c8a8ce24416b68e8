using TinyFlow.Autograd;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Objectives;

namespace TinyFlow.Tests.Nvp;

/// <summary>The seed notebook's system: values, loss parts, gradients, updates, evaluation, inverse, samples.</summary>
internal sealed class NotebookParity(GoldenFile golden) : GoldenParity(golden, Sized(Presets.Notebook, golden, model => model with
{
    Layers = golden.Number("layers"),
    Hidden = golden.Number("hidden"),
}))
{
    protected override void Compare(FlowModel model, Parity parity)
    {
        CompareSteps(model, parity, Golden.Number("steps"), step => ForwardAndBackward(model, step, parity));
        CompareEvaluation(model, parity);
    }

    private void ForwardAndBackward(FlowModel model, int step, Parity parity)
    {
        int batch = Golden.Number("batch");
        using Tensor x = Golden.Images(model.Backend, step * batch, batch);
        using Tape tape = new(model.Backend);
        FlowTerms terms = model.Forward(tape.Constant(x), Pass.Training);
        LossTerms loss = Objective.Create(ObjectiveKind.Notebook, model, Training.L2).Loss(terms);
        LossTerms exact = Objective.Create(ObjectiveKind.Exact, model, Training.L2).Loss(terms);
        if (Golden.Has($"step{step}.z"))
        {
            parity.Check($"step{step}.z", Golden[$"step{step}.z"], terms.Z.Value.ToDoubles());
        }

        parity.Check($"step{step}.base_log_prob", Golden[$"step{step}.base_log_prob"], terms.LogProbZ.Value.ToDoubles());
        parity.Check($"step{step}.coupling_log_det", Golden[$"step{step}.coupling_log_det"], terms.LogDet.Value.ToDoubles());
        tape.Backward(loss.Loss);

        // Read after the backward pass on purpose: the parts must have outlived it.
        void Scalar(string name, Var found, double unit = 1) =>
            parity.Check($"step{step}.{name}", Golden.Scalar($"step{step}.{name}"), found.Value.Item() / unit);
        Scalar("nll", loss.Loss);
        Scalar("nll", loss.Nll);
        Scalar("bpd", loss.BitsPerDim);
        Scalar("bn_log_det", loss.BatchNorm);
        Scalar("dequant_log_det", loss.Dequantization);
        Scalar("l2", loss.L2, Training.L2);
        Scalar("exact_nll", exact.Nll);
        Scalar("exact_bpd", exact.BitsPerDim);
        parity.Check($"step{step}.base_log_prob, mean", Golden[$"step{step}.base_log_prob"].Average(), loss.LogProbZ.Value.Item());
        parity.Check($"step{step}.coupling_log_det, mean", Golden[$"step{step}.coupling_log_det"].Average(), loss.LogDet.Value.Item());
    }

    private void CompareEvaluation(FlowModel model, Parity parity)
    {
        using Tensor x = EvaluationImages(model.Backend);
        using Tape tape = new(model.Backend, recording: false);
        FlowTerms terms = model.Forward(tape.Constant(x), Pass.Evaluation);
        parity.Check("eval.z", Golden["eval.z"], terms.Z.Value.ToDoubles());
        parity.Check("eval.log_det", Golden["eval.log_det"], terms.LogDet.Value.ToDoubles());
        using Tensor inverse = model.Decode(terms.Z.Value);
        parity.Check("eval.inverse_of_z", Golden["eval.inverse_of_z"], inverse.ToDoubles());
        using Tensor latent = model.Backend.Create(Golden.Shape("sample.latent"), Golden["sample.latent"]);
        using Tensor sample = model.Decode(latent);
        parity.Check("sample.x", Golden["sample.x"], sample.ToDoubles());
    }
}
