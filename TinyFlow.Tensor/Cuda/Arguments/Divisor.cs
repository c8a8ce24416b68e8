using System.Numerics;
using System.Runtime.InteropServices;

namespace TinyFlow.Cuda.Arguments;

/// <summary>
/// What a kernel divides by (<c>tf_divisor</c> in loops.h): ⌊n/d⌋ = (⌊n·m/2^32⌋ + n)/2^s for n below 2^31, with the smallest
/// 2^s ≥ d and m = ⌊2^32·(2^s − d)/d⌋ + 1 (Granlund and Montgomery 1994).
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct Divisor
{
    public readonly ulong Value;
    public readonly uint Multiplier, Shift;

    /// <param name="value">What to divide by; where it is 0 there is nothing to divide, and 1 will do.</param>
    public Divisor(long value)
    {
        Value = checked((ulong)Math.Max(1, value));
        // All smaller numbers give 0 then.
        (Multiplier, Shift) = (0, 31);
        if (Value < 1UL << 31)
        {
            Shift = (uint)BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)Value));
            Multiplier = (uint)(((1UL << 32) * ((1UL << (int)Shift) - Value) / Value) + 1);
        }
    }
}
