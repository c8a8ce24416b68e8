using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Couplings;

/// <summary>
/// The sums over a mixture's components at a register of places, each in two parts: log F = LargestCumulative +
/// log Cumulative − (LargestWeight + log Weight), and so on for 1 − F and F'.
/// </summary>
internal struct MixtureSums<T> where T : struct, ILanes<T>
{
    public T LargestWeight, Weight, LargestCumulative, Cumulative, LargestSurvival, Survival, LargestDensity, Density;

    /// <summary>logit F.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly T Logit() => LargestCumulative - LargestSurvival + T.Log(Cumulative / Survival);

    /// <summary>log of logit F's derivative, F' / (F·(1 − F)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly T LogSlope() =>
        (LargestDensity - LargestCumulative) + (LargestWeight - LargestSurvival) + T.Log(Density * Weight / (Cumulative * Survival));
}
