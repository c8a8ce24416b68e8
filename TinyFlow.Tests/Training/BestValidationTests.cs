using TinyFlow.Nvp.Training;

namespace TinyFlow.Tests.Training;

[TestClass]
public sealed class BestValidationTests
{
    private static readonly BestValidation Known = new(3, 30, 1.5);

    [TestMethod]
    public void Only_what_is_better_takes_the_place_of_the_best()
    {
        Assert.AreEqual(Known, BestValidation.Better(null, 3, 30, 1.5));
        Assert.AreEqual(new BestValidation(4, 40, 1.499), BestValidation.Better(Known, 4, 40, 1.499));
        foreach (double figure in (double[])[1.5, 1.5 - 1e-12, 1.6, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e300])
        {
            Assert.AreSame(Known, BestValidation.Better(Known, 4, 40, figure), $"{figure}");
            Assert.IsTrue(double.IsFinite(figure) && figure < 1e9 || BestValidation.Better(null, 4, 40, figure) is null, $"{figure}");
        }
    }

    [TestMethod]
    public void It_comes_back_from_a_checkpoints_counters_as_it_was()
    {
        BestValidation best = BestValidation.Better(null, 7, 70, 1.0 / 3)!;
        Assert.AreEqual(best, BestValidation.From(new Dictionary<string, long>(best.Counters)));
        Assert.IsNull(BestValidation.From(new Dictionary<string, long>()));
    }
}
