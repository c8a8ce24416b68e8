using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TinyFlow.Loops;

namespace TinyFlow.Cuda.Arguments;

/// <summary>A <see cref="Nest"/> as kernels take it (<c>tf_loops</c> in loops.h): the innermost loop first, and at least one.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LoopsArgument
{
    private int _rank;
    private readonly int _narrow;
    private Divisors _sizes;
    private Distances _strides;

    public LoopsArgument(in Nest nest)
    {
        AddAll(nest);
        if (_rank == 0)
        {
            Add(1, 0, 0, 0);
        }

        _narrow = IsNarrow() ? 1 : 0;
    }

    /// <summary>The same loops around one that is inside them all.</summary>
    public LoopsArgument(in Nest nest, long innerSize, long stride0, long stride1, long stride2)
    {
        Add(innerSize, stride0, stride1, stride2);
        AddAll(nest);
        _narrow = IsNarrow() ? 1 : 0;
    }

    private void AddAll(in Nest nest)
    {
        for (int loop = nest.Rank - 1; loop >= 0; loop--)
        {
            Add(nest.Size(loop), nest.Stride(loop, 0), nest.Stride(loop, 1), nest.Stride(loop, 2));
        }
    }

    private void Add(long size, long stride0, long stride1, long stride2)
    {
        int loop = _rank++;
        _sizes[loop] = new Divisor(size);
        _strides[loop * Nest.Operands] = stride0;
        _strides[loop * Nest.Operands + 1] = stride1;
        _strides[loop * Nest.Operands + 2] = stride2;
    }

    /// <summary>Whether 32 bits hold every round and every place of every operand.</summary>
    private readonly bool IsNarrow()
    {
        const double Most = int.MaxValue;
        double rounds = 1;
        Span<double> furthest = stackalloc double[Nest.Operands];
        furthest.Clear();
        for (int loop = 0; loop < _rank; loop++)
        {
            rounds *= _sizes[loop].Value;
            for (int operand = 0; operand < Nest.Operands; operand++)
            {
                furthest[operand] += Math.Abs((double)_strides[loop * Nest.Operands + operand]) * (_sizes[loop].Value - 1);
            }
        }

        return rounds <= Most && furthest is [<= Most, <= Most, <= Most];
    }

    [InlineArray(Shape.MaxRank)]
    private struct Divisors
    {
        private Divisor _first;
    }

    [InlineArray(Nest.Operands * Shape.MaxRank)]
    private struct Distances
    {
        private long _first;
    }
}
