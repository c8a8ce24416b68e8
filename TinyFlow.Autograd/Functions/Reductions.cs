using TinyFlow.Pointwise;

namespace TinyFlow.Autograd.Functions;

/// <summary>Sums and moments over any axes, in an order that depends on the shapes alone.</summary>
public static class Reductions
{
    /// <summary>The sum of all elements, of shape [].</summary>
    public static Var Sum(this Var x) => x.Sum(1);

    /// <summary>scale · the sum of all elements, of shape [].</summary>
    public static Var Sum(this Var x, double scale) => x.ScaledSum("Sum", scale, x.Shape.Reduced()).Reshape([]);

    /// <summary>scale · Σ f over all elements of several values, each given once; of shape [].</summary>
    /// <exception cref="ArgumentException">No values, or one twice.</exception>
    public static Var SumOf<TOp>(double scale, params Var[] values) where TOp : struct, IPointwise
    {
        if (values.Length == 0 || values.Distinct().Count() != values.Length)
        {
            throw new ArgumentException($"SumOf: need at least one value, and each once; found {values.Length}, {values.Distinct().Count()} of them different.");
        }

        Tape tape = values[0].Tape;
        Tensor y = tape.Own("SumOf", [], values);
        Tensor[] xs = [.. values.Select(value => value.Value)];
        tape.Backend.SumOf<TOp>(xs, scale, y);
        return tape.Record(y, values, dy => tape.Backend.SumOfBackward<TOp>(xs, scale, dy, [.. values.Select(value => value.Grad)]));
    }

    /// <summary>
    /// Combinations of the means of values, shift + Σ weight·mean, each of shape [], in one pass. The first has a gradient; the
    /// others are constants, to be read.
    /// </summary>
    /// <exception cref="ArgumentException">No values or combinations, a value without elements, or not a weight for each value.</exception>
    public static Var[] CombineMeans(IReadOnlyList<Var> values, params IReadOnlyList<(double Shift, double[] Weights)> combinations)
    {
        if (values.Count == 0 || combinations.Count == 0 || values.Any(value => value.Shape.Count == 0) || combinations.Any(one => one.Weights.Length != values.Count))
        {
            throw new ArgumentException(
                $"CombineMeans: need values with elements, and combinations of a weight for each; found {string.Join(", ", values.Select(value => value.Shape))} and {string.Join(", ", combinations.Select(one => one.Weights.Length))} weights.");
        }

        Tape tape = values[0].Tape;
        Var[] operands = [.. values];
        foreach (Var operand in operands)
        {
            tape.Check("CombineMeans", operand);
        }

        double[] shifts = [.. combinations.Select(one => one.Shift)], weights = [.. combinations.SelectMany(one => one.Weights)];
        using Tensor y = tape.Backend.Allocate([shifts.Length], "results of CombineMeans");
        tape.Backend.CombineMeans([.. operands.Select(operand => operand.Value)], weights, shifts, y);

        // Parts of one tensor, which as scalars stay readable after the backward pass.
        Tensor[] results = [.. Enumerable.Range(0, shifts.Length).Select(i => tape.Own(y.Section(i, [])))];
        Var first = tape.Record(
            results[0], operands, dy => tape.Backend.CombineMeansBackward(combinations[0].Weights, dy, [.. operands.Select(operand => operand.Grad)]));
        return [first, .. results[1..].Select(tape.Constant)];
    }

    /// <summary>The mean of all elements, of shape [].</summary>
    public static Var Mean(this Var x) => x.MeanOver().Reshape([]);

    /// <summary>The sum over the given axes (all if none), which stay with size 1.</summary>
    public static Var SumOver(this Var x, params ReadOnlySpan<int> axes) => x.ScaledSum("SumOver", 1, x.Shape.Reduced(axes));

    /// <summary>The mean over the given axes (all if none), which stay with size 1.</summary>
    public static Var MeanOver(this Var x, params ReadOnlySpan<int> axes)
    {
        Shape reduced = x.Shape.Reduced(axes);
        return x.ScaledSum("MeanOver", (double)reduced.Count / x.Shape.Count, reduced);
    }

    /// <summary>
    /// The variance over the given axes (all if none), which stay with size 1: biased (divided by n) as batch norm
    /// wants it, in two passes.
    /// </summary>
    public static Var VarianceOver(this Var x, params ReadOnlySpan<int> axes) => (x - x.MeanOver(axes)).Square().MeanOver(axes);

    /// <summary>The sum over all axes but the first: [N, …] → [N].</summary>
    public static Var SumPerImage(this Var x)
    {
        Span<int> axes = stackalloc int[x.Shape.Rank - 1];
        for (int i = 0; i < axes.Length; i++)
        {
            axes[i] = i + 1;
        }

        return (axes.IsEmpty ? x : x.SumOver(axes)).Reshape([x.Shape[0]]);
    }

    private static Var ScaledSum(this Var x, string op, double scale, Shape reduced)
    {
        Tensor y = x.Tape.Own(op, reduced, x);
        x.Backend.Sum(x.Value, scale, y);
        return x.Tape.Record(y, [x], dy => x.Backend.Broadcast(dy, scale, x.Grad));
    }
}
