using TinyFlow.Autograd.Functions;

namespace TinyFlow.Tests.Ops;

internal static partial class OpCases
{
    private static IEnumerable<OpCase> GateRows()
    {
        foreach (Shape x in (Shape[])[[1, 1], [2, 3], [2, 3, 4, 1], [3, 6, 2, 2]])
        {
            yield return ConcatElu(x);
            yield return Gate(x);
        }

        // Held channels last from the convolution on, to the sum and back.
        yield return new OpCase(
            "GatedSum of convolutions of x", Float32Tolerance.Products, [Operand.Any([2, 2, 3, 5]), Operand.Any([6, 2, 1, 1]), Operand.Any([12, 12, 1, 1])],
            (_, v) =>
            {
                var h = v[0].Conv2D(v[1]);
                return h.GatedSum(h.ConcatElu().Conv2D(v[2]));
            });
    }

    private static OpCase ConcatElu(Shape x) => new($"ConcatElu of {x}", Float32Tolerance.Transcendental, [Operand.AwayFromZero(x)], (_, v) => v[0].ConcatElu());

    private static OpCase Gate(Shape x) => new(
        $"GatedSum of {x}", Float32Tolerance.Transcendental, [Operand.Any(x), Operand.Any(x.With(1, 2 * x[1]))], (_, v) => v[0].GatedSum(v[1]));
}
