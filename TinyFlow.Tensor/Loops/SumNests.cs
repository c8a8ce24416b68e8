namespace TinyFlow.Loops;

/// <summary>The loops of a sum over some axes of a full shape, whose summands may need two more operands that broadcast to it.</summary>
/// <param name="Kept">The loops over results; operand 0 is the full shape.</param>
/// <param name="Summed">The loops over what is summed.</param>
/// <param name="RunIsSummed">Which of the two has the innermost loop, the contiguous one.</param>
internal readonly record struct SumNests(Nest Kept, Nest Summed, bool RunIsSummed)
{
    /// <summary>Those of a sum over the axes in which a shape that broadcasts to the full one has size 1 or is missing.</summary>
    public static SumNests Onto(Shape result, Shape full, Shape a, Shape b)
    {
        Span<long> fullStrides = stackalloc long[Shape.MaxRank], aStrides = stackalloc long[Shape.MaxRank], bStrides = stackalloc long[Shape.MaxRank];
        full.BroadcastStrides(fullStrides);
        a.PaddedTo(full.Rank).BroadcastStrides(aStrides);
        b.PaddedTo(full.Rank).BroadcastStrides(bStrides);
        Shape target = result.PaddedTo(full.Rank);
        Nest kept = new(), summed = new();
        bool runIsSummed = false;
        for (int axis = 0; axis < full.Rank; axis++)
        {
            if (full[axis] == 1)
            {
                continue;
            }

            runIsSummed = target[axis] == 1;
            if (runIsSummed)
            {
                summed.Add(full[axis], fullStrides[axis], aStrides[axis], bStrides[axis]);
            }
            else
            {
                kept.Add(full[axis], fullStrides[axis], aStrides[axis], bStrides[axis]);
            }
        }

        return new SumNests(kept, summed, runIsSummed);
    }
}
