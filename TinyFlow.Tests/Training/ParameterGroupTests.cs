using TinyFlow.Nvp.Parameters;
using TinyFlow.Nvp.Training;
using TinyFlow.Tests.Nvp;
using TinyFlow.Tests.Ops;

namespace TinyFlow.Tests.Training;

/// <summary>Groups of parameters against optimizers that know no groups, one for each set of parameters.</summary>
[TestClass]
public sealed class ParameterGroupTests
{
    private const double Rate = 0.1, Decay = 0.3;

    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void Lengths_apart_are_clipped_and_decayed_by_themselves(string device) => Devices.Run(device, backend =>
    {
        using ParameterSet both = Set(backend, hasOther: true, hasLengths: true), other = Set(backend, true, false), lengths = Set(backend, false, true);
        using AdamOptimizer apart = new(both, Rate, Decay, clipNorm: 1, ParameterGroups.LengthsApart);
        using AdamOptimizer plain = new(other, Rate, 0, clipNorm: 1), decayed = new(lengths, Rate, Decay, clipNorm: 1);
        for (int step = 0; step < 3; step++)
        {
            foreach ((ParameterSet set, AdamOptimizer optimizer) in ((ParameterSet, AdamOptimizer)[])[(both, apart), (other, plain), (lengths, decayed)])
            {
                Gradients(set, step);
                optimizer.SetLearningRate(Rate / (step + 1));
                optimizer.Step();
            }

            double sum = plain.SquaredGradientNorm.Item() + decayed.SquaredGradientNorm.Item();
            Assert.AreEqual(sum, apart.SquaredGradientNorm.Item(), 1e-6 * sum);
        }

        CollectionAssert.AreEqual(Values(other, "b"), Values(both, "b"));
        CollectionAssert.AreEqual(Values(lengths, "a.weight_g"), Values(both, "a.weight_g"));
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void A_gradient_that_is_not_finite_stops_every_group(string device) => Devices.Run(device, backend =>
    {
        foreach (string broken in (string[])["b", "a.weight_g"])
        {
            using ParameterSet set = Set(backend, true, true);
            using AdamOptimizer optimizer = new(set, Rate, Decay, clipNorm: 1, ParameterGroups.LengthsApart);
            Gradients(set, 0);
            backend.Fill(set.Parameters.Single(p => p.Name == broken).Gradient, double.PositiveInfinity);
            double[] before = set.Values.ToDoubles();
            optimizer.Step();
            CollectionAssert.AreEqual(before, set.Values.ToDoubles(), broken);
            Assert.IsFalse(double.IsFinite(optimizer.SquaredGradientNorm.Item()));
        }
    });

    [TestMethod]
    public void The_counters_of_all_groups_are_saved() => Devices.Run(Devices.Reference, backend =>
    {
        using ParameterSet set = Set(backend, true, true);
        using AdamOptimizer optimizer = new(set, Rate, Decay, clipNorm: 1, ParameterGroups.LengthsApart), restored = new(set, 5, Decay, 1, ParameterGroups.LengthsApart);
        Gradients(set, 0);
        optimizer.Step();
        restored.Import(optimizer.Export());
        foreach (string name in (string[])["state", "state.weight_g"])
        {
            Close.Check([Rate, 1, 0], restored.State.Single(entry => entry.Name == name).Value.ToDoubles(), 1e-12, name);
        }
    });

    private static ParameterSet Set(IBackend backend, bool hasOther, bool hasLengths) => ParameterSet.Create(
        backend, 3,
        root => (hasLengths ? (root / "a").Parameter("weight_g", [20, 1], Initializers.One) : null, hasOther ? root.Parameter("b", [7], Initializers.One) : null),
        out (Parameter?, Parameter?) _);

    // Small at first, so that one step is clipped and another is not.
    private static void Gradients(ParameterSet set, int step)
    {
        foreach (Parameter parameter in set.Parameters)
        {
            double[] values = [.. Enumerable.Range(0, (int)parameter.Shape.Count).Select(i => (parameter.IsLength ? 0.03 : -0.2) * (i + 1) * (step + 1))];
            set.Backend.Write(values, parameter.Gradient);
        }
    }

    private static double[] Values(ParameterSet set, string name) => set.Parameters.Single(p => p.Name == name).Value.ToDoubles();
}
