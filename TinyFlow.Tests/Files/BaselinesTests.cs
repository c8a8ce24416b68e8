using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Evaluation;

namespace TinyFlow.Tests.Files;

[TestClass]
public sealed class BaselinesTests
{
    [TestMethod]
    public void The_embedded_digits_have_the_bits_that_an_independent_program_computes()
    {
        // By thirty lines of Python over the unpacked bytes.
        DataSource mini = DataSource.Open("mini");
        Baselines baselines = Baselines.Measure(mini.Training, mini.Test());
        Assert.AreEqual(1.9767750409591467, baselines.GlobalHistogram, 1e-12);
        Assert.AreEqual(1.7218171720715798, baselines.PixelHistogram, 1e-12);
    }

    [TestMethod]
    public void A_handful_of_pixels_has_the_bits_that_a_pencil_computes()
    {
        ImageSet training = new("training", 1, 1, 2, new byte[] { 0, 1, 0, 2 });
        ImageSet images = new("images", 1, 1, 2, new byte[] { 0, 3 });
        Baselines baselines = Baselines.Measure(training, images);
        Assert.AreEqual((Math.Log2(260 / 3.0) + Math.Log2(260 / 1.0)) / 2, baselines.GlobalHistogram, 1e-12);
        Assert.AreEqual((Math.Log2(258 / 3.0) + Math.Log2(258 / 1.0)) / 2, baselines.PixelHistogram, 1e-12);
    }

    [TestMethod]
    public void Images_of_another_size_are_refused()
    {
        ImageSet one = new("one", 1, 1, 2, new byte[4]), two = new("two", 1, 1, 4, new byte[4]);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Baselines.Measure(one, two)).Message, "both need images, of one size");
    }
}
