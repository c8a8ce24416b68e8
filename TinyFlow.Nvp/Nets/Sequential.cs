using TinyFlow.Autograd;
using TinyFlow.Nvp.Flows;

namespace TinyFlow.Nvp.Nets;

/// <summary>Layers one after the other.</summary>
public sealed class Sequential : INet
{
    private readonly INet[] _layers;

    /// <summary>The composition, first layer first.</summary>
    public Sequential(params ReadOnlySpan<INet> layers) => _layers = layers.ToArray();

    /// <inheritdoc/>
    public Var Forward(Var x, Pass pass)
    {
        Var y = x;
        foreach (INet layer in _layers)
        {
            Var next = layer.Forward(y, pass);
            if (!ReferenceEquals(y, x))
            {
                x.Tape.Release(y);
            }

            y = next;
        }

        return y;
    }
}
