using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>What block sizes depend on, and sums across a register in a fixed order.</summary>
internal static class LaneTraits
{
    /// <summary>How many vector registers there are: 32 with AVX-512 and on ARM64, else 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Registers<T>() where T : struct, ILanes<T> => T.Count == 16 || AdvSimd.Arm64.IsSupported ? 32 : 16;

    /// <summary>The sum of the lanes, halves upon halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum<T>(T lanes) where T : struct, ILanes<T>
    {
        Vector128<float> quarter;
        if (T.Count == 16)
        {
            Vector512<float> all = Unsafe.BitCast<T, Vector512<float>>(lanes);
            Vector256<float> half = all.GetLower() + all.GetUpper();
            quarter = half.GetLower() + half.GetUpper();
        }
        else if (T.Count == 8)
        {
            Vector256<float> all = Unsafe.BitCast<T, Vector256<float>>(lanes);
            quarter = all.GetLower() + all.GetUpper();
        }
        else
        {
            quarter = Unsafe.BitCast<T, Vector128<float>>(lanes);
        }

        Vector128<float> pair = quarter + Vector128.Shuffle(quarter, Vector128.Create(2, 3, 0, 1));
        return pair.ToScalar() + pair.GetElement(1);
    }
}
