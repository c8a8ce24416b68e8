using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;

namespace TinyFlow.Tests.Ops;

internal static partial class OpCases
{
    private static (Shape A, Shape B)[] BroadcastPairs =>
    [
        ([], []), ([5], [5]), ([3, 4], [3, 4]), ([3, 4], [4]), ([4], [3, 4]), ([3, 4], []), ([], [7]), ([3, 1], [1, 4]), ([1, 4], [3, 1]),
        ([2, 3, 4], [3, 1]), ([2, 1, 4], [3, 1]), ([1, 1, 1], [1]), ([2, 3, 2, 5], [1, 3, 1, 1]), ([3, 1, 1], [2, 3, 2, 5]), ([2, 1, 2, 5], [3, 1, 1]),
        ([2, 3, 2, 2, 1, 3], [2, 3, 2, 2, 1, 3]), ([2, 1, 3, 1, 2, 1], [1, 2, 1, 2, 1, 3]), ([2, 3, 1, 2, 1, 2], [3, 1, 2, 3, 1]), ([1, 1, 1, 1, 1, 1], [2, 2]),
    ];

    private static IEnumerable<OpCase> ArithmeticRows()
    {
        foreach ((Shape a, Shape b) in BroadcastPairs.Concat(RandomBroadcastPairs(8)).Distinct())
        {
            OpCase Row(string name, Operand left, Operand right, Func<Var, Var, Var> function) =>
                new($"{name} of {a} and {b}", Float32Tolerance.Rounding, [left, right], (_, v) => function(v[0], v[1]));

            yield return Row("Add", Operand.Any(a), Operand.Any(b), (x, y) => x + y);
            yield return Row("Subtract", Operand.Any(a), Operand.Any(b), (x, y) => x - y);
            yield return Row("Multiply", Operand.Any(a), Operand.Any(b), (x, y) => x * y);
            yield return Row("Divide", Operand.Any(a), Operand.AwayFromZero(b), (x, y) => x / y);
            yield return Row("Maximum", Operand.OnGrid(a, 0), Operand.OnGrid(b, 0.125), (x, y) => x.Binary<Pointwise.Maximum>(y));
            yield return Row("Minimum", Operand.OnGrid(a, 0), Operand.OnGrid(b, 0.125), (x, y) => x.Binary<Pointwise.Minimum>(y));
        }

        (string Name, Func<Var, Var> Function)[] withNumbers =
        [
            ("-x", x => -x), ("x + 2.5", x => x + 2.5), ("2.5 + x", x => 2.5 + x), ("x - 2.5", x => x - 2.5), ("2.5 - x", x => 2.5 - x),
            ("x * 2.5", x => x * 2.5), ("2.5 * x", x => 2.5 * x), ("x / 2.5", x => x / 2.5),
        ];
        foreach ((string name, Func<Var, Var> function) in withNumbers)
        {
            yield return new OpCase($"ScaleShift as {name} of [2, 3]", Float32Tolerance.Rounding, [Operand.Any([2, 3])], (_, v) => function(v[0]));
        }

        // More terms than one launch takes, weights alike and different, and a term twice.
        foreach (int terms in (int[])[1, 2, 5, 35])
        {
            yield return new OpCase(
                $"Combine {terms} values of [3, 5]", Float32Tolerance.Products, [.. Enumerable.Repeat(Operand.Any([3, 5]), terms)],
                (_, v) => Arithmetic.Combine(0.75, [.. v.Select((x, i) => (i % 3 == 0 ? 1 : i % 3 - 2.5, x)), (-0.5, v[0])]));
        }

        yield return new OpCase(
            "Total of x, y and x·y", Float32Tolerance.Rounding, [Operand.Any([7]), Operand.Any([7])], (_, v) => Arithmetic.Total([v[0], v[1], v[0] * v[1]]));
    }

    /// <summary>Shapes of any rank that broadcast: each axis of size 1 on either side by chance, the second cut short by chance.</summary>
    private static IEnumerable<(Shape A, Shape B)> RandomBroadcastPairs(int count)
    {
        for (int i = 0; i < count; i++)
        {
            NoiseKey key = new(Seed: 0x62726f6164, Stream: (ulong)i);
            double Chance(int draw) => Philox.Uniform(key, (ulong)draw);
            int rank = 1 + (int)(6 * Chance(0)), shorter = (int)((rank + 1) * Chance(1));
            int[] a = new int[rank], b = new int[rank];
            for (int axis = 0; axis < rank; axis++)
            {
                int size = 1 + (int)(3 * Chance(3 * axis + 2));
                (a[axis], b[axis]) = (Chance(3 * axis + 3) < 0.3 ? 1 : size, Chance(3 * axis + 4) < 0.3 ? 1 : size);
            }

            Shape whole = Shape.Create(a), cut = Shape.Create(b.AsSpan(rank - shorter));
            yield return i % 2 == 0 ? (whole, cut) : (cut, whole);
        }
    }
}
