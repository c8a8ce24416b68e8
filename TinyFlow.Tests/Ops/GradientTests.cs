using System.Reflection;
using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Pointwise;

namespace TinyFlow.Tests.Ops;

[TestClass]
public sealed class GradientTests
{
    // Sums of the same float64 numbers in another order.
    private const double Reordering = 1e-12;

    public static IEnumerable<object[]> Rows => OpCases.SmallNames();

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void Gradients_agree_with_finite_differences(string name)
    {
        OpCase row = OpCases.Named(name);
        using ReferenceBackend backend = new(poison: true);
        Tensor[] inputs = [.. row.Values().Select((values, i) => backend.Create(row.Operands[i].Shape, values))];
        GradCheck.Run(backend, row.Name, row.Function, inputs).ThrowIfWrong();
        foreach (Tensor input in inputs)
        {
            input.Dispose();
        }

        backend.AssertNoLeaks();
    }

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void Gradients_add_up_when_operands_are_used_again(string name)
    {
        OpCase row = OpCases.Named(name);
        using ReferenceBackend backend = new(poison: true);
        OpRun once = OpRun.Of(row, backend), more = OpRun.OneAndAHalfTimes(row, backend);
        for (int i = 0; i < row.Operands.Length; i++)
        {
            Close.Check([.. once.Gradients[i].Select(g => 1.5 * g)], more.Gradients[i], Reordering, $"gradient {i}");
        }

        backend.AssertNoLeaks();
    }

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void A_gradient_does_not_depend_on_which_others_are_wanted(string name)
    {
        OpCase row = OpCases.Named(name);
        using ReferenceBackend backend = new(poison: true);
        OpRun all = OpRun.Of(row, backend);
        for (int i = 0; i < row.Operands.Length; i++)
        {
            Close.Check(all.Gradients[i], OpRun.WantingOnly(i, row, backend).Gradients[i], Reordering, $"gradient {i} alone");
        }

        backend.AssertNoLeaks();
    }

    [TestMethod]
    public void Every_function_has_rows_in_the_table()
    {
        HashSet<string> covered = [.. OpCases.Small.Select(row => row.Op)];
        IEnumerable<string> functions = typeof(Arithmetic).Assembly.GetExportedTypes()
            .Where(type => type.Namespace == typeof(Arithmetic).Namespace)
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(method => method.ReturnType == typeof(Var) || method.ReturnType == typeof((Var, Var)))
            .Where(method => !method.IsSpecialName && !method.IsGenericMethod && !method.Name.StartsWith("op_", StringComparison.Ordinal))
            .Select(method => method.Name);
        IEnumerable<string> ops = typeof(IPointwise).Assembly.GetExportedTypes()
            .Where(type => type.IsValueType && (typeof(IPointwise).IsAssignableFrom(type) || typeof(IBinary).IsAssignableFrom(type)))
            .Select(type => type.Name);

        // The inverses have no gradient by design.
        string[] inverses = [nameof(Coupling.AffineCouplingInverse), nameof(LogisticMixtures.LogisticMixtureCouplingInverse), nameof(RationalQuadraticSplines.RationalQuadraticCouplingInverse)];
        string[] missing = [.. functions.Concat(ops).Distinct().Except(covered).Except(inverses)];

        Assert.IsEmpty(missing, $"no row in OpCases for: {string.Join(", ", missing)}");
    }
}
