using TinyFlow.Autograd;
using TinyFlow.Nvp.Parameters;
using TinyFlow.Tests.Ops;

namespace TinyFlow.Tests.Nvp;

[TestClass]
public sealed class NormedWeightTests
{
    [TestMethod]
    public void It_starts_as_the_weight_that_the_initializer_gives() => Devices.Run(Devices.Reference, backend =>
    {
        using ParameterSet parameters = ParameterSet.Create(
            backend, 7, root => (Normed: new NormedWeight(root / "a", [3, 2, 2, 2], Initializers.FanIn(8)), 0), out (NormedWeight Normed, int) declared);
        using Tape tape = new(backend, recording: false);

        // The lengths have been rounded to float32.
        Close.Check(Values(parameters, "a.weight_v"), declared.Normed.On(tape).Value.ToDoubles(), 1e-7, "w");
        CollectionAssert.AreEqual((string[])["a.weight_v [3, 2, 2, 2]", "a.weight_g [3, 1, 1, 1]"], parameters.Parameters.Select(p => $"{p.Name} {p.Shape}").ToArray());
    });

    [TestMethod]
    public void Each_output_has_the_length_that_is_kept_for_it_and_the_direction_of_v() => Devices.Run(Devices.Reference, backend =>
    {
        using ParameterSet parameters = ParameterSet.Create(backend, 7, root => new NormedWeight(root / "a", [2, 2], Initializers.One), out NormedWeight normed);
        parameters.Import([new NamedArray("a.weight_g", [2, 1], [10, -2]), new NamedArray("a.weight_v", [2, 2], [3, 4, 0, 5])]);
        using Tape tape = new(backend, recording: false);
        Close.Check([6, 8, 0, -2], normed.On(tape).Value.ToDoubles(), 1e-12, "w");
    });

    [TestMethod]
    public void Lengths_lie_behind_all_other_parameters() => Devices.Run(Devices.Reference, backend =>
    {
        using ParameterSet parameters = ParameterSet.Create(
            backend, 7,
            root => (new NormedWeight(root / "a", [3, 2], Initializers.One), root.Parameter("b", [5], Initializers.One), new NormedWeight(root / "c", [1, 2], Initializers.One)),
            out (NormedWeight, Parameter, NormedWeight) _);
        CollectionAssert.AreEqual((string[])["a.weight_v", "b", "c.weight_v", "a.weight_g", "c.weight_g"], parameters.Parameters.Select(p => p.Name).ToArray());
        Assert.AreEqual(parameters.Parameters[3].Start, parameters.LengthsStart);
        CollectionAssert.AreEqual(
            (string[])["a.weight_g", "a.weight_v", "b", "c.weight_g", "c.weight_v"], parameters.State.Select(entry => entry.Name).ToArray(), "a checkpoint keeps the order of declaration");
    });

    private static double[] Values(ParameterSet parameters, string name) => parameters.Parameters.Single(p => p.Name == name).Value.ToDoubles();
}
