using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Normalizations;

/// <summary>The rows of a weight-normed weight [K, …], several together in a piece of work.</summary>
internal readonly struct WeightNormRows(long rows, long elements)
{
    private readonly long _rows = rows, _perPiece = Math.Max(1, Threads.Pieces.Grain / Math.Max(1, elements / Math.Max(1, rows)));

    /// <summary>The elements of a row.</summary>
    public long Length { get; } = elements / Math.Max(1, rows);

    /// <summary>The number of pieces.</summary>
    public int Pieces => (int)((_rows + _perPiece - 1) / _perPiece);

    /// <summary>A piece's rows.</summary>
    public (long First, long End) Of(int piece) => (piece * _perPiece, Math.Min(_rows, (piece + 1) * _perPiece));

    /// <summary>Σ a·b over a row.</summary>
    public unsafe double Dot<T>(float* a, float* b) where T : struct, ILanes<T>
    {
        Accumulator<T> sum = default;
        long i = 0;
        for (; i <= Length - T.Count; i += T.Count)
        {
            sum.Add(T.Load(a + i) * T.Load(b + i));
        }

        if (i < Length)
        {
            sum.Add(T.First(T.Load(a + i) * T.Load(b + i), (int)(Length - i)));
        }

        return sum.Total();
    }
}
