using System.Runtime.CompilerServices;

namespace TinyFlow.Loops;

/// <summary>
/// Nested loops over up to three operands, given from the outermost inwards as a size and each operand's distance
/// between neighbours (0 where it is broadcast). Loops that can be one are made one, so that most ops end up with at
/// most one loop around a contiguous run.
/// </summary>
internal unsafe struct Nest
{
    /// <summary>The most operands.</summary>
    public const int Operands = 3;

    private fixed long _sizes[Shape.MaxRank];
    private fixed long _strides[Operands * Shape.MaxRank];
    private int _rank;

    public Nest() => Count = 1;

    /// <summary>The loops over a full shape, with two operands that may be broadcast to it.</summary>
    public static Nest Over(Shape full, Shape a, Shape b)
    {
        Span<long> fullStrides = stackalloc long[Shape.MaxRank], aStrides = stackalloc long[Shape.MaxRank], bStrides = stackalloc long[Shape.MaxRank];
        full.BroadcastStrides(fullStrides);
        a.PaddedTo(full.Rank).BroadcastStrides(aStrides);
        b.PaddedTo(full.Rank).BroadcastStrides(bStrides);
        Nest loops = new();
        for (int axis = 0; axis < full.Rank; axis++)
        {
            loops.Add(full[axis], fullStrides[axis], aStrides[axis], bStrides[axis]);
        }

        return loops;
    }

    /// <summary>How often the innermost body runs.</summary>
    public long Count { get; private set; }

    /// <summary>The number of loops.</summary>
    public readonly int Rank => _rank;

    /// <summary>How often a loop runs, by its number from the outermost inwards.</summary>
    public readonly long Size(int loop) => _sizes[loop];

    /// <summary>An operand's distance between neighbours along a loop.</summary>
    public readonly long Stride(int loop, int operand) => _strides[loop * Operands + operand];

    /// <summary>Adds a loop inside those that are there.</summary>
    public void Add(long size, long stride0, long stride1 = 0, long stride2 = 0)
    {
        if (size == 1)
        {
            return;
        }

        Count *= size;
        long* strides = stackalloc long[Operands] { stride0, stride1, stride2 };
        if (_rank > 0 && Continues(strides, size))
        {
            _sizes[_rank - 1] *= size;
        }
        else
        {
            _sizes[_rank++] = size;
        }

        for (int operand = 0; operand < Operands; operand++)
        {
            _strides[(_rank - 1) * Operands + operand] = strides[operand];
        }
    }

    /// <summary>Takes the innermost loop off: its size (1 if there is none) and distances.</summary>
    public long TakeInner(out long stride0, out long stride1, out long stride2)
    {
        if (_rank == 0)
        {
            (stride0, stride1, stride2) = (1, 1, 1);
            return 1;
        }

        _rank--;
        long size = _sizes[_rank];
        (stride0, stride1, stride2) = (_strides[_rank * Operands], _strides[_rank * Operands + 1], _strides[_rank * Operands + 2]);
        Count = 1;
        for (int axis = 0; axis < _rank; axis++)
        {
            Count *= _sizes[axis];
        }

        return size;
    }

    /// <summary>Where each operand stands in a round of the loops.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Locate(long round, out long offset0, out long offset1, out long offset2)
    {
        (offset0, offset1, offset2) = (0, 0, 0);
        for (int axis = _rank - 1; axis >= 0; axis--)
        {
            long place = round;
            if (axis > 0)
            {
                (round, place) = Math.DivRem(round, _sizes[axis]);
            }

            offset0 += place * _strides[axis * Operands];
            offset1 += place * _strides[axis * Operands + 1];
            offset2 += place * _strides[axis * Operands + 2];
        }
    }

    /// <summary>Whether a step of the last loop is as far as <paramref name="size"/> steps of a new one, for every operand.</summary>
    private readonly bool Continues(long* strides, long size)
    {
        for (int operand = 0; operand < Operands; operand++)
        {
            if (_strides[(_rank - 1) * Operands + operand] != strides[operand] * size)
            {
                return false;
            }
        }

        return true;
    }
}
