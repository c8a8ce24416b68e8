using TinyFlow.Autograd;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Objectives;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Tests.Nvp;

/// <summary>B. Keng's system: values, loss parts, gradients, updates, evaluation, inverse.</summary>
internal sealed class BjlkengParity(GoldenFile golden) : GoldenParity(golden, Sized(Presets.Bjlkeng, golden, model => model with
{
    Layers = golden.Number("num_coupling"),
    FinalLayers = golden.Number("num_final_coupling"),
    Hidden = golden.Number("planes"),
}))
{
    // FlowBatchNorm's.
    private const double Epsilon = 1e-5;

    private int Batch => Golden.Shape("step0.z")[0];

    protected override void Compare(FlowModel model, Parity parity)
    {
        int steps = Enumerable.Range(0, int.MaxValue).First(step => !Golden.Has($"step{step}.l2"));
        CompareSteps(model, parity, steps, step => ForwardAndBackward(model, step, parity));
        using Tensor x = EvaluationImages(model.Backend);
        using Tape tape = new(model.Backend, recording: false);
        FlowTerms terms = model.Forward(tape.Constant(x), Pass.Evaluation);
        parity.Check("eval.z", Golden["eval.z"], terms.Z.Value.ToDoubles());
        CompareLogDets("eval", "", 1, model, terms, parity);
        using Tensor inverse = model.Decode(terms.Z.Value);
        parity.Check("eval.inverse_of_z", Golden["eval.inverse_of_z"], inverse.ToDoubles());
    }

    private void ForwardAndBackward(FlowModel model, int step, Parity parity)
    {
        using Tensor x = Golden.Images(model.Backend, step * Batch, Batch);
        using Tape tape = new(model.Backend);
        FlowTerms terms = model.Forward(tape.Constant(x), Pass.Training);
        LossTerms loss = Objective.Create(ObjectiveKind.Exact, model, Training.L2, Training.Penalty).Loss(terms);
        if (Golden.Has($"step{step}.z"))
        {
            parity.Check($"step{step}.z", Golden[$"step{step}.z"], terms.Z.Value.ToDoubles());
        }

        parity.Check($"step{step}.neg_base_log_prob_sum", Golden.Scalar($"step{step}.neg_base_log_prob_sum"), -terms.LogProbZ.Value.ToDoubles().Sum());
        CompareLogDets($"step{step}", "neg_", -1, model, terms, parity);
        tape.Backward(loss.Loss);

        // The published loss leaves out D·log 256; its L2 term is that of the batch, not yet divided by it.
        parity.Check($"step{step}.loss_as_published", Golden.Scalar($"step{step}.loss_as_published"), loss.Loss.Value.Item() + Likelihood.LogBinVolume(model.Dimensions));
        parity.Check($"step{step}.l2", Golden.Scalar($"step{step}.l2"), loss.L2.Value.Item() * Batch);
    }

    // The batch norms' part follows from the running variances, which are those that they normalized with.
    private void CompareLogDets(string of, string prefix, int sign, FlowModel model, FlowTerms terms, Parity parity)
    {
        double total = terms.LogDet.Value.ToDoubles().Sum(), norms = 0;
        foreach (StateBuffer variance in model.Parameters.Buffers.Where(buffer => buffer.Name.EndsWith("running_var", StringComparison.Ordinal)))
        {
            Shape image = Golden.Shape($"init.s_scale.{variance.Name.Split('.')[1]}");
            norms -= 0.5 * terms.Z.Shape[0] * image[1] * image[2] * variance.Value.ToDoubles().Sum(value => Math.Log(value + Epsilon));
        }

        parity.Check($"{of}.{prefix}norm_log_det_sum", Golden.Scalar($"{of}.{prefix}norm_log_det_sum"), sign * norms);
        parity.Check($"{of}.{prefix}coupling_log_det_sum", Golden.Scalar($"{of}.{prefix}coupling_log_det_sum"), sign * (total - norms));
    }
}
