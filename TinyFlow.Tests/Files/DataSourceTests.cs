using System.Security.Cryptography;
using TinyFlow.Nvp.Data;

namespace TinyFlow.Tests.Files;

[TestClass]
public sealed class DataSourceTests
{
    [TestMethod]
    public void The_embedded_digits_are_the_documented_ones()
    {
        DataSource mini = DataSource.Open("mini");
        byte[] all = [.. mini.Published.Pixels, .. mini.Test().Pixels];
        Assert.AreEqual("7875c2e819ed4cff4834dbcbcbbe0494ed6e07fec82fdb5c858457baf278ec73", Convert.ToHexStringLower(SHA256.HashData(all)));
    }

    [TestMethod]
    public void The_embedded_digits_are_split_with_every_class_in_every_part()
    {
        DataSource mini = DataSource.Open("mini");
        Assert.AreEqual("mini, training: 8334 images of 1x28x28", mini.Training.ToString());
        Assert.AreEqual("mini, validation: 1666 images of 1x28x28", mini.Validation.ToString());
        Assert.AreEqual("mini, test: 2000 images of 1x28x28", mini.Test().ToString());
        foreach (ImageSet set in (ImageSet[])[mini.Training, mini.Validation, mini.Test()])
        {
            foreach (IGrouping<byte, byte> digit in set.Labels.ToArray().GroupBy(label => label))
            {
                Assert.AreEqual(set.Count / 10.0, digit.Count(), 1);
            }
        }
    }

    [TestMethod]
    public void The_embedded_labels_fit_their_images()
    {
        // The mean image of a class is nearer to a test digit of that class than any other mean for most digits (82% on MNIST);
        // with shuffled labels it would be one in ten.
        DataSource mini = DataSource.Open("mini");
        double[][] means = [.. Enumerable.Range(0, 10).Select(digit => Mean(mini.Published, digit))];
        ImageSet test = mini.Test();
        int hits = Enumerable.Range(0, test.Count).Count(i => Nearest(means, test.Image(i).ToArray()) == test.Labels[i]);
        Assert.IsGreaterThan(1500, hits);
    }

    [TestMethod]
    public void The_hash_is_that_of_the_pixels()
    {
        ImageSet set = new("abc", 1, 1, 1, "abc"u8.ToArray());
        Assert.AreEqual("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", set.Sha256);
    }

    [TestMethod]
    [DataRow("-", "", false)]
    [DataRow(".", "", false)]
    [DataRow("-", ".gz", true)]
    [DataRow(".", ".gz", true)]
    public void A_folder_gives_training_validation_and_test_images_under_any_published_name(string separator, string ending, bool gzipped)
    {
        using TemporaryFolder folder = new();
        WriteSet(folder.Path, "train", 14, separator, ending, gzipped);
        WriteSet(folder.Path, "t10k", 5, separator, ending, gzipped);
        DataSource source = DataSource.Open(folder.Path);

        CollectionAssert.AreEqual(Counting(0, 12 * 6), source.Training.Pixels.ToArray());
        CollectionAssert.AreEqual(Counting(12 * 6, 2 * 6), source.Validation.Pixels.ToArray());
        CollectionAssert.AreEqual(new byte[] { 12, 13 }, source.Validation.Labels.ToArray());
        CollectionAssert.AreEqual(Counting(0, 5 * 6), source.Test().Pixels.ToArray());
    }

    [TestMethod]
    public void The_folder_that_torchvision_makes_is_understood()
    {
        using TemporaryFolder folder = new();
        string raw = Directory.CreateDirectory(Path.Combine(folder.Path, "MNIST", "raw")).FullName;
        WriteSet(raw, "train", 2, "-", "", false);
        Assert.AreEqual(1, DataSource.Open(folder.Path).Training.Count);
    }

    [TestMethod]
    public void Test_files_are_asked_for_only_when_the_test_images_are()
    {
        using TemporaryFolder folder = new();
        WriteSet(folder.Path, "train", 6, "-", "", false);
        DataSource source = DataSource.Open(folder.Path);
        DataException e = Assert.ThrowsExactly<DataException>(() => source.Test());
        StringAssert.Contains(e.Message, "the file of test images is missing. Looked for t10k-images-idx3-ubyte, t10k-images.idx3-ubyte, t10k-images-idx3-ubyte.gz, t10k-images.idx3-ubyte.gz");
        StringAssert.Contains(e.Message, "the folder holds train-images-idx3-ubyte, train-labels-idx1-ubyte");
    }

    [TestMethod]
    public void A_folder_that_does_not_hold_the_files_is_refused_with_its_reason()
    {
        using TemporaryFolder folder = new();
        Refused(folder.File("nowhere"), "there is no such folder");
        Refused(folder.Write("file", [1]), "this is a file");
        File.Delete(folder.File("file"));
        Refused(folder.Path, "no images were found", "train-images-idx3-ubyte", "data_batch_1.bin to data_batch_5.bin", "the folder is empty");
        WriteSet(folder.Path, "train", 6, "-", "", false);
        File.Delete(folder.File("train-labels-idx1-ubyte"));
        Refused(folder.Path, "the file of training labels is missing");
        WriteSet(folder.Path, "train", 1, "-", "", false);
        Refused(folder.Path, "only 1 image");
    }

    [TestMethod]
    public void Test_images_of_another_size_are_refused()
    {
        using TemporaryFolder folder = new();
        WriteSet(folder.Path, "train", 6, "-", "", false);
        File.WriteAllBytes(folder.File("t10k-images-idx3-ubyte"), IdxTests.Idx([1, 3, 3], new byte[9]));
        File.WriteAllBytes(folder.File("t10k-labels-idx1-ubyte"), IdxTests.Idx([1], [1]));
        DataSource source = DataSource.Open(folder.Path);
        StringAssert.Contains(Assert.ThrowsExactly<DataException>(() => source.Test()).Message, "1x3x3, but the training images 1x2x3");
    }

    [TestMethod]
    public void A_batch_is_gathered_in_the_order_of_its_indices()
    {
        ImageSet set = new("x", 1, 2, 3, Counting(0, 24));
        byte[] batch = new byte[12];
        set.Gather([3, 1], batch);
        CollectionAssert.AreEqual(new byte[] { 18, 19, 20, 21, 22, 23, 6, 7, 8, 9, 10, 11 }, batch);
        Assert.ThrowsExactly<ArgumentException>(() => set.Gather([1], batch));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Gather([0, 4], batch));
    }

    [TestMethod]
    public void Numbers_become_the_pixels_that_dequantization_made_them_from()
    {
        double[] x = [.. Enumerable.Range(0, 256).SelectMany(pixel => new[] { pixel / 256.0, (pixel + 1 - 1e-9) / 256 })];
        byte[] expected = [.. Enumerable.Range(0, 256).SelectMany(pixel => new[] { (byte)pixel, (byte)pixel })];
        CollectionAssert.AreEqual(expected, ImageSet.FromUnitInterval("x", 1, 16, 32, x).Pixels.ToArray());

        double[] wild = [double.NaN, double.NegativeInfinity, -1e-9, 1, 1e300, double.PositiveInfinity];
        CollectionAssert.AreEqual(new byte[] { 0, 0, 0, 255, 255, 255 }, ImageSet.FromUnitInterval("x", 1, 2, 3, wild).Pixels.ToArray());
    }

    private static void WriteSet(string folder, string prefix, int count, string separator, string ending, bool gzipped)
    {
        byte[] images = IdxTests.Idx([count, 2, 3], Counting(0, count * 6)), labels = IdxTests.Idx([count], Counting(0, count));
        File.WriteAllBytes(Path.Combine(folder, $"{prefix}-images{separator}idx3-ubyte{ending}"), IdxTests.Packed(images, gzipped));
        File.WriteAllBytes(Path.Combine(folder, $"{prefix}-labels{separator}idx1-ubyte{ending}"), IdxTests.Packed(labels, gzipped));
    }

    private static byte[] Counting(int start, int count) => [.. Enumerable.Range(start, count).Select(i => (byte)i)];

    private static void Refused(string path, params string[] reasons)
    {
        DataException e = Assert.ThrowsExactly<DataException>(() => DataSource.Open(path));
        Assert.StartsWith(path, e.Message);
        foreach (string reason in reasons)
        {
            StringAssert.Contains(e.Message, reason);
        }
    }

    private static double[] Mean(ImageSet set, int digit)
    {
        double[] mean = new double[set.Dimensions];
        for (int i = digit; i < set.Count; i += 10)
        {
            ReadOnlySpan<byte> image = set.Image(i);
            for (int d = 0; d < mean.Length; d++)
            {
                mean[d] += image[d] * 10.0 / set.Count;
            }
        }

        return mean;
    }

    private static int Nearest(double[][] means, byte[] image) =>
        Enumerable.Range(0, means.Length).MinBy(digit => image.Zip(means[digit], (x, m) => (x - m) * (x - m)).Sum());
}
