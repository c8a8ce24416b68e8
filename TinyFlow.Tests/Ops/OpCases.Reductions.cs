using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Pointwise;

namespace TinyFlow.Tests.Ops;

internal static partial class OpCases
{
    private static IEnumerable<OpCase> ReductionRows()
    {
        foreach (Shape shape in (Shape[])[[], [1], [7], [3, 5], [2, 3, 4], [2, 3, 2, 5], [2, 1, 3, 2, 1, 3]])
        {
            yield return Reduction($"Sum of {shape}", shape, x => x.Sum());
            yield return Reduction($"Sum times a factor of {shape}", shape, x => x.Sum(-2.5));
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

        yield return CombineMeans(Shape.Create([]));
        yield return CombineMeans([5], [5], []);
        yield return CombineMeans([1], [2, 3], [300], [], [7], [1], [2], [33]);

        // One tensor, several of odd sizes, and more than one launch takes.
        Shape[] many = [.. Enumerable.Range(1, 70).Select(i => Shape.Create([1 + i % 3]))];
        Shape[][] lists = [[[]], [[7]], [[3, 5], [1], [2, 3, 2]], many];
        foreach (Shape[] shapes in lists)
        {
            string of = $"of {shapes.Length} values from {shapes[0]} on";
            yield return SumOf<Square>($"SumOf squares {of}", [.. shapes.Select(Operand.Any)]);
            yield return SumOf<LogAbs>($"SumOf logarithms {of}", [.. shapes.Select(Operand.AwayFromZero)]);
            yield return SumOf<LogDeviation>($"SumOf logarithms of deviations {of}", [.. shapes.Select(shape => Operand.Between(shape, 0.2, 4))]);
        }
    }

    // The first combination has a gradient; a later one, which is a constant, takes part as a factor that is no operand's.
    private static OpCase CombineMeans(params Shape[] shapes) => new(
        $"CombineMeans of {string.Join(", ", shapes)}", Float32Tolerance.Products, [.. shapes.Select(Operand.Any)],
        (_, v) =>
        {
            Var[] combinations = Reductions.CombineMeans(v, (0.5, [.. v.Select((_, k) => k - 1.5)]), (2, [.. v.Select(_ => 0.0)]));
            return combinations[0] * combinations[1];
        });

    private static OpCase SumOf<TOp>(string name, Operand[] operands) where TOp : struct, IPointwise =>
        new(name, Float32Tolerance.Transcendental, operands, (_, v) => Reductions.SumOf<TOp>(-1.5, v));

    private static OpCase Reduction(string name, Shape shape, Func<Var, Var> function) =>
        new(name, Float32Tolerance.Rounding, [Operand.Any(shape)], (_, v) => function(v[0]));
}
