using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Vectors;
using TinyFlow.Pointwise;

namespace TinyFlow.Cpu.Loops;

/// <summary>An operand that may be broadcast along the run: then its inner distance is 0.</summary>
internal readonly unsafe struct Operand(float* data, long inner)
{
    private readonly float* _data = data;
    private readonly long _inner = inner;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T At<T>(long start, long i) where T : struct, ILanes<T> =>
        _inner == 0 ? T.Create(_data[start]) : T.Load(_data + start + i);
}

/// <summary>The same number everywhere.</summary>
internal readonly struct ConstantFormula(float value) : IFormula
{
    private readonly float _value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T At<T>(long p, long a, long b, long i) where T : struct, ILanes<T> => T.Create(_value);
}

/// <summary>x.</summary>
internal readonly unsafe struct ElementFormula(float* x) : IFormula
{
    private readonly float* _x = x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T At<T>(long p, long a, long b, long i) where T : struct, ILanes<T> => T.Load(_x + p + i);
}

/// <summary>x².</summary>
internal readonly unsafe struct SquareFormula(float* x) : IFormula
{
    private readonly float* _x = x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T At<T>(long p, long a, long b, long i) where T : struct, ILanes<T>
    {
        T x = T.Load(_x + p + i);
        return x * x;
    }
}

/// <summary>scale·x + shift.</summary>
internal readonly unsafe struct ScaleShiftFormula(float* x, float scale, float shift) : IFormula
{
    private readonly float* _x = x;
    private readonly float _scale = scale, _shift = shift;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T At<T>(long p, long a, long b, long i) where T : struct, ILanes<T> =>
        T.MultiplyAdd(T.Load(_x + p + i), T.Create(_scale), T.Create(_shift));
}

/// <summary>scale·a.</summary>
internal readonly unsafe struct BroadcastFormula(Operand a, float scale) : IFormula
{
    private readonly Operand _a = a;
    private readonly float _scale = scale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T At<T>(long p, long a, long b, long i) where T : struct, ILanes<T> => _a.At<T>(a, i) * T.Create(_scale);
}

/// <summary>−x·a.</summary>
internal readonly unsafe struct NegatedProductFormula(float* x, Operand a) : IFormula
{
    private readonly float* _x = x;
    private readonly Operand _a = a;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T At<T>(long p, long a, long b, long i) where T : struct, ILanes<T> => -(T.Load(_x + p + i) * _a.At<T>(a, i));
}

/// <summary>f(x).</summary>
internal readonly unsafe struct PointwiseFormula<TOp>(float* x) : IFormula where TOp : struct, IPointwise
{
    private readonly float* _x = x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T At<T>(long p, long a, long b, long i) where T : struct, ILanes<T> => TOp.Forward(T.Load(_x + p + i));
}

/// <summary>dy·f'(x).</summary>
internal readonly unsafe struct PointwiseGradient<TOp>(float* x, float* y, float* dy) : IFormula where TOp : struct, IPointwise
{
    private readonly float* _x = x, _y = y, _dy = dy;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T At<T>(long p, long a, long b, long i) where T : struct, ILanes<T> =>
        T.Load(_dy + p + i) * TOp.Derivative(T.Load(_x + p + i), T.Load(_y + p + i));
}

/// <summary>factor·f'(x).</summary>
internal readonly unsafe struct ScaledDerivative<TOp>(float* x, float factor) : IFormula where TOp : struct, IPointwise
{
    private readonly float* _x = x;
    private readonly float _factor = factor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T At<T>(long p, long a, long b, long i) where T : struct, ILanes<T>
    {
        T x = T.Load(_x + p + i);
        return T.Create(_factor) * TOp.Derivative(x, TOp.Forward(x));
    }
}

/// <summary>f(a, b).</summary>
internal readonly unsafe struct BinaryFormula<TOp>(Operand a, Operand b) : IFormula where TOp : struct, IBinary
{
    private readonly Operand _a = a, _b = b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T At<T>(long p, long a, long b, long i) where T : struct, ILanes<T> => TOp.Forward(_a.At<T>(a, i), _b.At<T>(b, i));
}

/// <summary>dy·∂f/∂a.</summary>
internal readonly unsafe struct LeftGradient<TOp>(Operand a, Operand b, float* y, float* dy) : IFormula where TOp : struct, IBinary
{
    private readonly Operand _a = a, _b = b;
    private readonly float* _y = y, _dy = dy;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T At<T>(long p, long a, long b, long i) where T : struct, ILanes<T> =>
        T.Load(_dy + p + i) * TOp.LeftDerivative(_a.At<T>(a, i), _b.At<T>(b, i), T.Load(_y + p + i));
}

/// <summary>dy·∂f/∂b.</summary>
internal readonly unsafe struct RightGradient<TOp>(Operand a, Operand b, float* y, float* dy) : IFormula where TOp : struct, IBinary
{
    private readonly Operand _a = a, _b = b;
    private readonly float* _y = y, _dy = dy;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T At<T>(long p, long a, long b, long i) where T : struct, ILanes<T> =>
        T.Load(_dy + p + i) * TOp.RightDerivative(_a.At<T>(a, i), _b.At<T>(b, i), T.Load(_y + p + i));
}
