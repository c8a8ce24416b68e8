using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Nets;

namespace TinyFlow.Nvp.Flows;

/// <summary>
/// What couplings that map each element by itself have in common: one half of the channels changes, and a net of the
/// other half, and of a context if there is one, gives the parameters h of the map.
/// </summary>
internal sealed class ConditionedHalf
{
    private readonly ChannelRange _changed, _kept;
    private readonly INet _net;
    private readonly Map _map;
    private readonly InverseMap _inverse;

    /// <summary>For images [C, H, W] of so many channels, of which the first or the last ⌊C/2⌋ change.</summary>
    public ConditionedHalf(int channels, bool changesFirst, INet net, Map map, InverseMap inverse)
    {
        int changed = Changed(channels), kept = Kept(channels);
        _changed = new ChannelRange(changesFirst ? 0 : kept, changed);
        _kept = new ChannelRange(changesFirst ? changed : 0, kept);
        (_net, _map, _inverse) = (net, map, inverse);
    }

    /// <summary>y and log_det of x, given h.</summary>
    public delegate (Var Y, Var LogDet) Map(Var x, Var h, ChannelRange changed);

    /// <summary>x of y, given the same h.</summary>
    public delegate Var InverseMap(Var y, Var h, ChannelRange changed);

    /// <summary>How many of C channels change.</summary>
    public static int Changed(int channels) => channels / 2;

    /// <summary>How many of C channels stay.</summary>
    public static int Kept(int channels) => channels - Changed(channels);

    public (Var Y, Var LogDet) Forward(Var x, Pass pass, Var? context = null)
    {
        Var known = Known(x, context), h = _net.Forward(known, pass);
        (Var y, Var logDet) = _map(x, h, _changed);
        x.Tape.ReleaseAll(h, known);
        return (y, logDet);
    }

    public Var Inverse(Var y, Var? context = null)
    {
        Var known = Known(y, context), h = _net.Forward(known, Pass.Evaluation), x = _inverse(y, h, _changed);
        y.Tape.ReleaseAll(h, known);
        return x;
    }

    public Rebuilt Reverse(Tape outer, Tensor y, Tensor dy, Tensor dlogDet) => Reversal.OfCoupling(
        outer, y, dy, dlogDet,
        input => _net.Forward(Known(input, null), Pass.Replay),
        (result, h) => _inverse(result, h, _changed),
        (x, h) => _map(x, h, _changed));

    private Var Known(Var x, Var? context)
    {
        Var kept = x.Slice(1, _kept.First, _kept.Count);
        if (context is null)
        {
            return kept;
        }

        Var known = Movement.Concat(1, kept, context);
        x.Tape.Release(kept);
        return known;
    }
}
