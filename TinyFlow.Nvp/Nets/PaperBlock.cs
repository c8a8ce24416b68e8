using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Nets;

/// <summary>
/// A residual block of preset <c>paper</c>: batch norm, ReLU, weight-normed conv3x3 without bias, batch norm, ReLU,
/// weight-normed conv3x3, plus the input.
/// </summary>
internal sealed class PaperBlock : INet
{
    private readonly Sequential _layers;

    /// <summary>[N, channels, H, W] → the same; declares <c>in_norm</c>, <c>in_conv.conv</c>, <c>out_norm</c> and <c>out_conv.conv</c>.</summary>
    public PaperBlock(ParameterScope scope, int channels) => _layers = new Sequential(
        new BatchNormLayer(scope / "in_norm", channels, PaperNet.NormAndRelu),
        ConvolutionLayer.CreateNormedWithoutBias(scope / "in_conv" / "conv", channels, channels, kernel: 3),
        new BatchNormLayer(scope / "out_norm", channels, PaperNet.NormAndRelu),
        ConvolutionLayer.CreateNormed(scope / "out_conv" / "conv", channels, channels, kernel: 3));

    /// <inheritdoc/>
    public Var Forward(Var x, Pass pass)
    {
        Var change = _layers.Forward(x, pass), y = change + x;
        x.Tape.Release(change);
        return y;
    }
}
