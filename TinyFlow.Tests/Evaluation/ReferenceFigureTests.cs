using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Evaluation;

namespace TinyFlow.Tests.Evaluation;

[TestClass]
public sealed class ReferenceFigureTests
{
    [TestMethod]
    public void The_embedded_digits_stand_beside_published_figures_of_MNIST()
    {
        ReferenceFigures references = ReferenceFigures.For(DataSource.Open(DataSource.Mini));
        Assert.AreSequenceEqual(new[] { 1.92, 1.67, 1.06 }, references.Figures.Select(figure => figure.BitsPerDim));
        Assert.Contains("MNIST", references.Images);
    }

    [TestMethod]
    public void Fifty_thousand_images_in_colour_stand_beside_those_of_CIFAR()
    {
        ReferenceFigures references = ReferenceFigures.For(Source(3, 32, 50_000));
        Assert.AreEqual(3.49, references.Figures[0].BitsPerDim);
        Assert.Contains("CIFAR-10", references.Images);
    }

    [TestMethod]
    public void Other_images_of_MNISTs_size_and_number_stand_beside_what_histograms_reach_on_them()
    {
        DataSource data = Source(1, 28, 60_000);
        ReferenceFigures references = ReferenceFigures.For(data);
        Baselines expected = Baselines.Measure(data.Training, data.Validation);
        Assert.AreSequenceEqual(new[] { expected.GlobalHistogram, expected.PixelHistogram }, references.Figures.Select(figure => figure.BitsPerDim));
        Assert.AreEqual("validation images", references.Images);
    }

    private static DataSource Source(int channels, int side, int count)
    {
        ImageSet images = new("others", channels, side, side, new byte[count * channels * side * side]);
        return new DataSource("others", images, () => images);
    }
}
