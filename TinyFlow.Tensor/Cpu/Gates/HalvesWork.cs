using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Couplings;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Gates;

/// <summary>What is computed between a row of <c>half</c> and the two halves of a row of <c>whole</c>.</summary>
internal enum HalvesStep
{
    /// <summary>whole = elu(half), elu(−half).</summary>
    ConcatElu,

    /// <summary>result (of half's shape) from whole and its gradient.</summary>
    ConcatEluGradient,

    /// <summary>result = half + p·σ(q).</summary>
    GatedSum,

    /// <summary>result (of whole's shape) from whole and half, the gradient of the sum.</summary>
    GatedSumGradient,
}

/// <summary>
/// Ops between [N, C, …] and [N, 2C, …]. Plain, a row is an image, and channels last it is a pixel: in both orders the
/// halves of the long row stand one after the other, each as long as the short row.
/// </summary>
internal readonly unsafe struct HalvesWork(
    HalvesStep step, float* half, float* whole, float* wholeGradient, float* result, bool adds, Pieces pieces, long length) : IVectorWork
{
    private readonly HalvesStep _step = step;
    private readonly float* _half = half, _whole = whole, _wholeGradient = wholeGradient, _result = result;
    private readonly bool _adds = adds;
    private readonly Pieces _pieces = pieces;
    private readonly long _length = length;

    public void Run<T>(int piece, int worker) where T : struct, ILanes<T>
    {
        _pieces.Get(piece, out long firstRow, out long endRow, out long start, out long end);
        long inHalf = firstRow * _length + start, inWhole = 2 * firstRow * _length + start;
        Rows rows = new(endRow - firstRow, _length, end - start, _adds);
        switch (_step)
        {
            case HalvesStep.ConcatElu:
                ConcatElu<T>(_half + inHalf, _result + inWhole, rows);
                break;
            case HalvesStep.ConcatEluGradient:
                ConcatEluGradient<T>(_whole + inWhole, _wholeGradient + inWhole, _result + inHalf, rows);
                break;
            case HalvesStep.GatedSum:
                GatedSum<T>(_half + inHalf, _whole + inWhole, _result + inHalf, rows);
                break;
            default:
                GatedSumGradient<T>(_half + inHalf, _whole + inWhole, _result + inWhole, rows);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void ConcatElu<T>(float* x, float* y, in Rows rows) where T : struct, ILanes<T>
    {
        long toSecond = rows.Distance, length = rows.Length;
        for (long row = 0; row < rows.Count; row++, x += toSecond, y += 2 * toSecond)
        {
            for (long i = 0; i < length; i += T.Count)
            {
                int count = (int)Math.Min(T.Count, length - i);
                T value = T.Load(x + i), below = T.Exp(-T.Abs(value)) - T.Create(1f);
                CouplingLanes.Put(T.IfPositive(value, value, below), y + i, count, adds: false);
                CouplingLanes.Put(T.IfPositive(value, below, -value), y + toSecond + i, count, adds: false);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void ConcatEluGradient<T>(float* y, float* dy, float* dx, in Rows rows) where T : struct, ILanes<T>
    {
        long toSecond = rows.Distance, length = rows.Length;
        bool adds = rows.Adds;
        for (long row = 0; row < rows.Count; row++, dx += toSecond, y += 2 * toSecond, dy += 2 * toSecond)
        {
            for (long i = 0; i < length; i += T.Count)
            {
                int count = (int)Math.Min(T.Count, length - i);
                T first = T.Load(y + i), second = T.Load(y + toSecond + i), dfirst = T.Load(dy + i), dsecond = T.Load(dy + toSecond + i);

                // elu' is 1 above 0 and elu + 1 below.
                dfirst = T.MultiplyAdd(T.MinNative(T.Zero, first), dfirst, dfirst);
                dsecond = T.MultiplyAdd(T.MinNative(T.Zero, second), dsecond, dsecond);
                CouplingLanes.Put(dfirst - dsecond, dx + i, count, adds);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void GatedSum<T>(float* x, float* gate, float* y, in Rows rows) where T : struct, ILanes<T>
    {
        long toSecond = rows.Distance, length = rows.Length;
        for (long row = 0; row < rows.Count; row++, x += toSecond, y += toSecond, gate += 2 * toSecond)
        {
            for (long i = 0; i < length; i += T.Count)
            {
                int count = (int)Math.Min(T.Count, length - i);
                CouplingLanes.Put(T.MultiplyAdd(T.Load(gate + i), Pointwise.Sigmoid.Forward(T.Load(gate + toSecond + i)), T.Load(x + i)), y + i, count, adds: false);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void GatedSumGradient<T>(float* dy, float* gate, float* dgate, in Rows rows) where T : struct, ILanes<T>
    {
        long toSecond = rows.Distance, length = rows.Length;
        bool adds = rows.Adds;
        for (long row = 0; row < rows.Count; row++, dy += toSecond, gate += 2 * toSecond, dgate += 2 * toSecond)
        {
            for (long i = 0; i < length; i += T.Count)
            {
                int count = (int)Math.Min(T.Count, length - i);
                T open = Pointwise.Sigmoid.Forward(T.Load(gate + toSecond + i)), opened = T.Load(dy + i) * open;
                T closing = T.NegatedMultiplyAdd(opened, open, opened) * T.Load(gate + i);
                CouplingLanes.Put(opened, dgate + i, count, adds);
                CouplingLanes.Put(closing, dgate + toSecond + i, count, adds);
            }
        }
    }

    /// <summary>So many rows of short rows a distance apart, and how much of each to do.</summary>
    private readonly record struct Rows(long Count, long Distance, long Length, bool Adds);
}
