namespace TinyFlow.Tests.Ops;

/// <summary>
/// The table of all differentiable functions: rows of it are checked against finite differences, against the reference on
/// every backend, for gradients that add up, and for each gradient by itself. A new function gets rows here and nothing
/// else. <see cref="Large"/> rows go through every vector width and block of a fast kernel but have too many elements
/// for finite differences.
/// </summary>
internal static partial class OpCases
{
    // Static fields of partial files are set in no given order: the rows use none.
    public static IReadOnlyList<OpCase> Small { get; } =
        [.. PointwiseRows(), .. ArithmeticRows(), .. ReductionRows(), .. MovementRows(), .. ProductRows(), .. ConvolutionRows(),
        .. NormalizationRows(), .. CouplingRows(), .. MixtureCouplingRows(), .. SplineCouplingRows(), .. GateRows(), .. DistributionRows(), .. SharingRows()];

    public static IReadOnlyList<OpCase> Large { get; } = [.. LargeRows()];

    private static readonly Dictionary<string, OpCase> ByName = Small.Concat(Large).ToDictionary(row => row.Name);

    public static OpCase Named(string name) => ByName[name];

    public static IEnumerable<object[]> SmallNames() => Small.Select(row => new object[] { row.Name });

    public static IEnumerable<object[]> AllNames() => Small.Concat(Large).Select(row => new object[] { row.Name });
}
