using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Pixels;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>Whether a convolution normalizes the values that it reads: a constant to the compiler.</summary>
internal interface IEntry
{
    static abstract bool Normalizes { get; }
}

/// <summary>Values are taken as they are.</summary>
internal readonly struct AsTheyAre : IEntry
{
    public static bool Normalizes => false;
}

/// <summary>Values are normalized, and an activation may follow.</summary>
internal readonly struct Normalized : IEntry
{
    public static bool Normalizes => true;
}

/// <summary>Loads vectors of one run of channels for a convolution, with the very operations of <see cref="PixelLoops{T, TVectors}.Normalize"/>.</summary>
internal readonly unsafe struct Entry<T, TEntry>
    where T : struct, ILanes<T>
    where TEntry : struct, IEntry
{
    private readonly T _mean, _scale, _shift, _floor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Entry(PixelCoefficients* coefficients, int channel)
    {
        if (TEntry.Normalizes)
        {
            _mean = T.Load(coefficients->Mean + channel);
            _scale = T.Load(coefficients->Scale + channel);
            _shift = T.Load(coefficients->Shift + channel);
            _floor = coefficients->Relu ? T.Zero : T.Create(float.NegativeInfinity);
        }
    }

    /// <summary>A vector of channels of a pixel, or the zeros of a row of padding: null if values are normalized.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Load(float* row, nint offset)
    {
        if (!TEntry.Normalizes)
        {
            return T.Load(row + offset);
        }

        return row is null ? T.Zero : T.MaxNative(_floor, T.MultiplyAdd(T.Load(row + offset) - _mean, _scale, _shift));
    }
}
