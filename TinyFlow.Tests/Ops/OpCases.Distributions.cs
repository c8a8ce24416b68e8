using TinyFlow.Autograd.Functions;

namespace TinyFlow.Tests.Ops;

internal static partial class OpCases
{
    private static IEnumerable<OpCase> DistributionRows() => ((Shape[])[[1], [5], [3, 4], [2, 1, 3, 3], [2, 1, 2, 1, 2, 3]]).Select(shape =>
        new OpCase($"GaussianLogProb of {shape}", Float32Tolerance.Rounding, [Operand.Any(shape)], (_, v) => v[0].GaussianLogProb()));
}
