using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;

namespace TinyFlow.Tests.Ops;

internal static partial class OpCases
{
    private static IEnumerable<OpCase> ReductionRows()
    {
        foreach (Shape shape in (Shape[])[[], [1], [7], [3, 5], [2, 3, 4], [2, 3, 2, 5], [2, 1, 3, 2, 1, 3]])
        {
            yield return Reduction($"Sum of {shape}", shape, x => x.Sum());
            yield return Reduction($"Mean of {shape}", shape, x => x.Mean());
            if (shape.Rank > 0)
            {
                yield return Reduction($"SumPerImage of {shape}", shape, x => x.SumPerImage());
            }
        }

        (Shape Shape, int[] Axes)[] reductions =
        [
            ([7], [0]), ([3, 5], [0]), ([3, 5], [1]), ([3, 5], [-2]), ([3, 5], []), ([2, 3, 4], [1]), ([2, 3, 4], [0, 2]), ([2, 3, 4], [2, 1]),
            ([2, 3, 2, 5], [0, 2, 3]), ([2, 3, 2, 5], [1]), ([2, 3, 2, 5], [-1, -2]), ([2, 1, 3, 1], [1, 3]), ([2, 3, 1, 2, 2, 3], [0, 2, 4]), ([2, 3, 1, 2, 2, 3], [1, 3, 5]),
        ];
        foreach ((Shape shape, int[] axes) in reductions)
        {
            string over = $"of {shape} over [{string.Join(", ", axes)}]";
            yield return Reduction($"SumOver {over}", shape, x => x.SumOver(axes));
            yield return Reduction($"MeanOver {over}", shape, x => x.MeanOver(axes));
            yield return Reduction($"VarianceOver {over}", shape, x => x.VarianceOver(axes));
        }
    }

    private static OpCase Reduction(string name, Shape shape, Func<Var, Var> function) =>
        new(name, Float32Tolerance.Rounding, [Operand.Any(shape)], (_, v) => function(v[0]));
}
