using TinyFlow.Pointwise;

namespace TinyFlow.Cpu.Vectors;

/// <summary>
/// Several float32 in one vector register. Kernels are generic over the implementing struct, so that each is written
/// once and compiled for every width; the formulas of <see cref="IReal{T}"/> work on it unchanged.
/// </summary>
/// <typeparam name="T">The implementing type.</typeparam>
internal unsafe interface ILanes<T> : IReal<T> where T : struct, ILanes<T>
{
    /// <summary>How many numbers it holds: a constant once compiled.</summary>
    static abstract int Count { get; }

    static abstract T Zero { get; }

    static abstract T Create(float value);

    /// <summary>
    /// The <see cref="Count"/> numbers from an address on, which need not be aligned. At the end of a row a kernel
    /// loads a whole register and uses its first lanes only: pooled memory may be read a register beyond every tensor.
    /// </summary>
    static abstract T Load(float* source);

    /// <summary>The first <paramref name="count"/> lanes, and 0 in the others, whatever was there.</summary>
    static abstract T First(T value, int count);

    static abstract void Store(T value, float* destination);

    /// <summary>Stores the first <paramref name="count"/> lanes and touches nothing behind them.</summary>
    static abstract void StorePartial(T value, float* destination, int count);

    /// <summary>sum += a·b, rounded once. As a reference, because only then does the JIT add in place; a result that is assigned goes through another register.</summary>
    static abstract void Accumulate(T a, T b, ref T sum);

    /// <summary>c − a·b, rounded once.</summary>
    static abstract T NegatedMultiplyAdd(T a, T b, T c);

    /// <summary>Lane by lane, <paramref name="yes"/> where a is less than b, else <paramref name="no"/>.</summary>
    static abstract T IfLess(T a, T b, T yes, T no);

    /// <summary>Whether any lane is greater than 0.</summary>
    static abstract bool AnyPositive(T a);

    /// <summary>The larger, in one instruction; b where either is NaN on x64.</summary>
    static abstract T MaxNative(T a, T b);

    /// <summary>The smaller, in one instruction; b where either is NaN on x64.</summary>
    static abstract T MinNative(T a, T b);

    /// <summary>The nearest integer, ties to even.</summary>
    static abstract T Round(T a);

    static abstract T CopySign(T magnitude, T sign);

    /// <summary>a · 2^n for an integer n from −280 to 280, with the right denormals and infinities.</summary>
    static abstract T ScaleByPowerOfTwo(T a, T n);

    /// <summary>2^n for an integer n from −126 to 127.</summary>
    static abstract T PowerOfTwo(T n);

    /// <summary>The integer e for which a positive, normal a is m·2^e with m in [√½, √2), and that m.</summary>
    static abstract T SplitExponent(T a, out T mantissa);

    /// <summary>The even and the odd elements of the numbers in two registers that follow each other.</summary>
    static abstract T Deinterleave(T lower, T upper, out T odd);
}
