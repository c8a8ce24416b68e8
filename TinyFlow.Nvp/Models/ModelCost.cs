using TinyFlow.Nvp.Flows;

namespace TinyFlow.Nvp.Models;

/// <summary>What a model of some settings takes.</summary>
/// <param name="Parameters">Numbers that are trained.</param>
/// <param name="MultiplyAdds">
/// Multiply-adds of convolutions and products for the likelihood of one image. A training step takes about three times as
/// many an image: forward, the gradients of inputs, the gradients of weights.
/// </param>
public sealed record ModelCost(long Parameters, long MultiplyAdds)
{
    /// <summary>Counts them in a forward pass of one image that computes no product.</summary>
    /// <exception cref="ArgumentException">The settings do not fit.</exception>
    public static ModelCost Of(ModelConfig config)
    {
        using CountingBackend backend = new();
        using FlowModel model = FlowModel.Create(config, backend, seed: 0);
        using Tensor x = backend.Allocate([1, config.Channels, config.Height, config.Width]);
        backend.Fill(x, 0.5);
        using Autograd.Tape tape = new(backend, recording: false);
        backend.MultiplyAdds = 0;
        model.Forward(tape.Constant(x), Pass.Evaluation);
        return new ModelCost(model.Parameters.Count, backend.MultiplyAdds);
    }

    private sealed class CountingBackend : ReferenceBackend
    {
        public long MultiplyAdds { get; set; }

        public override void Conv2D(Tensor x, Tensor weight, Tensor? bias, Tensor y, ConvolutionWindow window)
        {
            MultiplyAdds += y.Count * (weight.Count / weight.Shape[0]);
            Fill(y, 0);
        }

        public override void MatMul(Tensor left, bool transposeLeft, Tensor right, bool transposeRight, Sink y)
        {
            MultiplyAdds += y.Tensor!.Count * left.Shape[transposeLeft ? -2 : -1];
            Fill(y.Tensor!, 0);
        }
    }
}
