using System.Runtime.CompilerServices;

namespace TinyFlow.Cpu.Vectors;

/// <summary>
/// A sum per lane, as float32 and what its roundings lost (Knuth's two-sum), so that long sums keep about 48 bits
/// without leaving the width of float32 registers. The total adds the lanes in their order, in float64.
/// </summary>
internal struct Accumulator<T> where T : struct, ILanes<T>
{
    private T _sum, _lost;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(T x)
    {
        T sum = _sum + x, added = sum - _sum;
        _lost += (_sum - (sum - added)) + (x - added);
        _sum = sum;
    }

    public readonly unsafe double Total()
    {
        float* lanes = stackalloc float[2 * T.Count];
        T.Store(_sum, lanes);
        T.Store(_lost, lanes + T.Count);
        double sum = 0, lost = 0;
        for (int lane = 0; lane < T.Count; lane++)
        {
            sum += lanes[lane];
            lost += lanes[T.Count + lane];
        }

        // Beyond an infinity the lost digits are NaN.
        return double.IsFinite(sum) ? sum + lost : sum;
    }

    /// <summary>Each lane's sum by itself.</summary>
    public readonly unsafe void Totals(double* totals)
    {
        float* lanes = stackalloc float[2 * T.Count];
        T.Store(_sum, lanes);
        T.Store(_lost, lanes + T.Count);
        for (int lane = 0; lane < T.Count; lane++)
        {
            double sum = lanes[lane];
            totals[lane] = double.IsFinite(sum) ? sum + lanes[T.Count + lane] : sum;
        }
    }
}
