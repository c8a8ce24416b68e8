using System.Runtime.InteropServices;
using TinyFlow.Loops;

namespace TinyFlow.Cuda.Arguments;

/// <summary>
/// A map over a full shape, operand 0, and up to two operands that are broadcast to it, run by run (<c>tf_runs</c> in runs.h):
/// four neighbours are a round.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct RunsArgument
{
    private readonly LoopsArgument _loops;
    private readonly long _rounds, _length, _distanceA, _distanceB;

    /// <param name="nest">The loops; the innermost is contiguous in the full shape, and contiguous or repeated in the operands.</param>
    /// <param name="allFour">Whether every four neighbours begin at a multiple of 16 bytes, if the operands do.</param>
    public RunsArgument(Nest nest, out bool allFour)
    {
        _length = nest.TakeInner(out _, out _distanceA, out _distanceB);
        long quads = Quads.Count(_length);
        _rounds = nest.Count * quads;
        _loops = new LoopsArgument(nest, quads, Quads.Size, Quads.Size * _distanceA, Quads.Size * _distanceB);
        allFour = true;
        for (int loop = 0; loop < nest.Rank; loop++)
        {
            // Where an operand is repeated along the run, one element is loaded, wherever it is.
            allFour &= nest.Stride(loop, 0) % Quads.Size == 0 && nest.Stride(loop, 1) * _distanceA % Quads.Size == 0 && nest.Stride(loop, 2) * _distanceB % Quads.Size == 0;
        }
    }

    /// <summary>Whether the first operand is repeated along a run, so that its address need not be aligned.</summary>
    public bool RepeatsA => _distanceA == 0;

    /// <summary>The same of the second.</summary>
    public bool RepeatsB => _distanceB == 0;

    /// <summary>A thread for each round.</summary>
    public LaunchGrid Grid => LaunchGrid.Over(_rounds);
}
