using TinyFlow.Autograd;

namespace TinyFlow.Nvp.Flows;

internal static class TapeRelease
{
    /// <summary>On a tape that does not record, releases values that are not needed any more.</summary>
    public static void ReleaseAll(this Tape tape, params ReadOnlySpan<Var> values)
    {
        foreach (Var value in values)
        {
            tape.Release(value);
        }
    }
}
