using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;

namespace TinyFlow.Tests.Ops;

internal static partial class OpCases
{
    private static IEnumerable<OpCase> MovementRows()
    {
        yield return Move("Reshape [2, 6] to [3, 4]", [2, 6], x => x.Reshape([3, 4]));
        yield return Move("Reshape [] to [1, 1]", [], x => x.Reshape([1, 1]));
        yield return Move("Reshape [2, 3, 1, 2, 1, 2] to [24]", [2, 3, 1, 2, 1, 2], x => x.Reshape([24]));

        foreach ((Shape shape, int[] order) in ((Shape, int[])[])
            [([3, 4], [1, 0]), ([3, 4], [0, 1]), ([2, 3, 4], [2, 0, 1]), ([2, 3, 4, 5], [0, 2, 3, 1]), ([2, 3, 4, 5], [0, 3, 1, 2]), ([2, 1, 3, 2, 1, 3], [5, 3, 1, 0, 2, 4]), ([2, 3], [-1, 0])])
        {
            yield return Move($"Permute {shape} to [{string.Join(", ", order)}]", shape, x => x.Permute(order));
        }

        foreach ((Shape shape, int axis, int start, int length) in ((Shape, int, int, int)[])
            [([7], 0, 2, 3), ([3, 5], 1, 0, 2), ([3, 5], 0, 2, 1), ([3, 5], -1, 0, 5), ([2, 4, 3, 3], 1, 2, 2), ([2, 3, 2, 2, 2, 2], 3, 1, 1)])
        {
            yield return Move($"Slice {shape} from {start}, {length} along {axis}", shape, x => x.Slice(axis, start, length));
        }

        foreach ((Shape shape, int axis, int before, int after) in ((Shape, int, int, int)[])
            [([7], 0, 2, 3), ([3, 5], 1, 0, 1), ([3, 5], 0, 1, 0), ([2, 3, 4, 3], -2, 2, 2), ([2, 3], 1, 0, 0), ([2, 1, 2, 1, 2, 1], 5, 1, 2)])
        {
            yield return Move($"Pad {shape} by {before} and {after} along {axis}", shape, x => x.Pad(axis, before, after));
        }

        foreach ((int axis, Shape[] shapes) in ((int, Shape[])[])
            [(0, [[3]]), (0, [[3], [1], [2]]), (1, [[2, 3], [2, 1]]), (-1, [[2, 1, 3], [2, 1, 2], [2, 1, 1]]), (1, [[2, 1, 3, 3], [2, 4, 3, 3]]), (2, [[2, 1, 3, 1, 2, 1], [2, 1, 2, 1, 2, 1]])])
        {
            yield return new OpCase($"Concat {string.Join(" and ", shapes)} along {axis}", Float32Tolerance.Exact, [.. shapes.Select(Operand.Any)], (_, v) => Movement.Concat(axis, v));
        }

        foreach ((Shape shape, Shape result) in ((Shape, Shape)[])
            [([], [3]), ([1], [4]), ([3, 1], [3, 4]), ([4], [3, 4]), ([3, 1, 1], [2, 3, 4, 5]), ([2, 1, 2], [2, 3, 2]), ([3, 4], [3, 4]), ([1, 2, 1], [2, 1, 2, 3, 2, 2])])
        {
            yield return Move($"BroadcastTo {result} of {shape}", shape, x => x.BroadcastTo(result)) with { Tolerance = Float32Tolerance.Rounding };
        }

        foreach (SqueezeOrder order in (SqueezeOrder[])[SqueezeOrder.ChannelMajor, SqueezeOrder.Alternative])
        {
            foreach (Shape shape in (Shape[])[[1, 1, 2, 2], [2, 1, 4, 6], [2, 3, 6, 2], [1, 5, 2, 4]])
            {
                yield return Move($"Squeeze {shape}, {order}", shape, x => x.Squeeze(order));
            }

            foreach (Shape shape in (Shape[])[[1, 4, 1, 1], [2, 4, 3, 2], [2, 12, 1, 3], [1, 8, 2, 2]])
            {
                yield return Move($"Unsqueeze {shape}, {order}", shape, x => x.Unsqueeze(order));
            }
        }
    }

    private static OpCase Move(string name, Shape shape, Func<Var, Var> function) =>
        new(name, Float32Tolerance.Exact, [Operand.Any(shape)], (_, v) => function(v[0]));
}
