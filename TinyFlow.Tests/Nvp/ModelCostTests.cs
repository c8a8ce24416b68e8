using TinyFlow.Nvp.Models;

namespace TinyFlow.Tests.Nvp;

[TestClass]
public sealed class ModelCostTests
{
    public static IEnumerable<object[]> Names => Presets.All.Select(preset => new object[] { preset.Name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void A_preset_says_what_is_counted(string name) => Assert.AreEqual(ModelCost.Of(Presets.Find(name).Model), Presets.Find(name).Cost);

    [TestMethod]
    public void The_notebooks_multiply_adds_are_those_of_its_convolutions()
    {
        const int Pixels = 28 * 28, Couplings = 8, Hidden = 64, Kernel = 9;
        ModelCost cost = ModelCost.Of(Presets.Notebook.Model);

        Assert.AreEqual((long)Couplings * Pixels * Kernel * (Hidden + Hidden * Hidden + 2 * Hidden), cost.MultiplyAdds);
        Assert.AreEqual(311_824, cost.Parameters);
    }
}
