using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Flows;

namespace TinyFlow.Nvp.Nets;

/// <summary>
/// Layers one after the other. A batch norm joins its neighbours: a convolution behind it normalizes what it reads, and in
/// training one before it takes the statistics of what it writes, and leaves its bias out, which they would take away again: neither
/// it nor its gradient costs a pass.
/// </summary>
public sealed class Sequential : INet
{
    private readonly INet[] _layers;

    /// <summary>The composition, first layer first.</summary>
    public Sequential(params ReadOnlySpan<INet> layers) => _layers = layers.ToArray();

    /// <inheritdoc/>
    public Var Forward(Var x, Pass pass)
    {
        Tape tape = x.Tape;
        Var y = x;
        BatchNormOperands? behind = null; // Those of the batch norm behind y, if they are known.
        BatchNormOperands? norm = null; // What y has not gone through yet.
        for (int i = 0; i < _layers.Length; i++)
        {
            INet layer = _layers[i];
            INet? following = i + 1 < _layers.Length ? _layers[i + 1] : null;
            Var next;
            if (layer is BatchNormLayer normalization)
            {
                BatchNormOperands operands = behind ?? normalization.Operands(tape, bias: null, pass);
                behind = null;
                if (following is ConvolutionLayer)
                {
                    norm = operands;
                    continue;
                }

                next = y.BatchNorm2D(operands);
            }
            else if (layer is ConvolutionLayer convolution)
            {
                if (following is BatchNormLayer normalizing && pass != Pass.Evaluation)
                {
                    (next, behind) = convolution.ForwardInto(normalizing, y, norm, pass);
                }
                else
                {
                    next = convolution.Forward(y, norm);
                }

                norm = null;
            }
            else
            {
                next = layer.Forward(y, pass);
            }

            if (!ReferenceEquals(y, x))
            {
                tape.Release(y);
            }

            y = next;
        }

        return y;
    }
}
