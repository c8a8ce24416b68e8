using TinyFlow.Autograd.Functions;

namespace TinyFlow.Tests.Ops;

internal static partial class OpCases
{
    private static int[][] NoBatches => [[], []];

    private static IEnumerable<OpCase> ProductRows()
    {
        foreach ((int m, int k, int n) in ((int, int, int)[])[(1, 1, 1), (2, 3, 4), (5, 1, 2), (1, 7, 3), (4, 5, 1)])
        {
            foreach ((bool left, bool right) in ((bool, bool)[])[(false, false), (true, false), (false, true), (true, true)])
            {
                yield return Product(NoBatches, m, k, n, left, right);
            }
        }

        foreach (int[][] batches in (int[][][])[[[3], [3]], [[3], []], [[], [3]], [[2, 3], [2, 3]], [[2, 3], []], [[], [2, 1, 2]], [[2, 1, 3, 2], [2, 1, 3, 2]], [[1], [1]]])
        {
            foreach ((bool left, bool right) in ((bool, bool)[])[(false, false), (true, false), (false, true), (true, true)])
            {
                yield return Product(batches, 2, 3, 4, left, right);
            }
        }
    }

    private static OpCase Product(int[][] batches, int m, int k, int n, bool transposeLeft, bool transposeRight)
    {
        Shape left = Shape.Create([.. batches[0], .. transposeLeft ? [k, m] : (int[])[m, k]]);
        Shape right = Shape.Create([.. batches[1], .. transposeRight ? [n, k] : (int[])[k, n]]);
        return new OpCase(
            $"MatMul {left}{(transposeLeft ? "ᵀ" : "")} · {right}{(transposeRight ? "ᵀ" : "")}", Float32Tolerance.Products,
            [Operand.Any(left), Operand.Any(right)], (_, v) => v[0].MatMul(v[1], transposeLeft, transposeRight));
    }
}
