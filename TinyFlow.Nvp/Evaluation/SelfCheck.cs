using TinyFlow.Autograd;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Models;

namespace TinyFlow.Nvp.Evaluation;

/// <summary>
/// What the seed notebook checks of a new model before it trains: shapes, the base log_prob, that the inverse inverts,
/// and the range of log-determinants.
/// </summary>
/// <param name="Input">The shape of a batch x.</param>
/// <param name="Latent">The shape of its z.</param>
/// <param name="BaseLogProb">Mean log density of z under the prior, in nats an image.</param>
/// <param name="ReconstructionError">The largest |x − f⁻¹(f(x))|.</param>
/// <param name="LogDetMinimum">The smallest log_det of an image.</param>
/// <param name="LogDetMaximum">The largest.</param>
/// <param name="Parameters">How many numbers are trained.</param>
public sealed record SelfCheck(
    Shape Input, Shape Latent, double BaseLogProb, double ReconstructionError, double LogDetMinimum, double LogDetMaximum, long Parameters)
{
    private const int Images = 16;

    /// <summary>Runs the checks on the first images of a set.</summary>
    public static SelfCheck Run(FlowModel model, ImageSet images, ulong seed)
    {
        Evaluator.RequireSize(model, images);
        int count = Math.Min(Images, images.Count);
        int[] indices = [.. Enumerable.Range(0, count)];
        using Tensor x = Dequantization.Of(
            model.Backend, images, indices, images.Pixels[..(count * images.Dimensions)], new NoiseKey(seed, NoiseStreams.Evaluation(0)), "images to check");
        using Tape tape = new(model.Backend, recording: false);
        FlowTerms terms = model.Forward(tape.Constant(x), Pass.Evaluation);
        using Tensor back = model.Decode(terms.Z.Value);
        double[] logDets = terms.LogDet.Value.ToDoubles();
        return new SelfCheck(
            x.Shape, terms.Z.Shape, terms.LogProbZ.Value.ToDoubles().Average(), Evaluator.LargestDifference(x, back), logDets.Min(), logDets.Max(), model.Parameters.Count);
    }
}
