using SkiaSharp;
using TinyFlow.Cli.Pictures;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Data;

namespace TinyFlow.Tests.Files;

[TestClass]
public sealed class PictureTests
{
    [TestMethod]
    [DataRow(1, 1, 1)]
    [DataRow(7, 5, 1)]
    [DataRow(300, 200, 1)]
    [DataRow(7, 5, 3)]
    [DataRow(64, 33, 3)]
    public void Another_program_reads_the_PNG_pixel_for_pixel(int width, int height, int channels)
    {
        byte[] pixels = new byte[width * height * channels];
        new Random(1).NextBytes(pixels);
        using TemporaryFolder folder = new();
        PngFile.Save(folder.File("a.png"), new Raster(width, height, channels, pixels));

        using SKBitmap read = SKBitmap.Decode(folder.File("a.png"));
        Assert.AreEqual((width, height), (read.Width, read.Height));
        for (int pixel = 0; pixel < width * height; pixel++)
        {
            ReadOnlySpan<byte> expected = pixels.AsSpan(pixel * channels, channels);
            SKColor color = read.GetPixel(pixel % width, pixel / width);
            Assert.AreEqual((expected[0], expected[channels / 2], expected[channels - 1], byte.MaxValue), (color.Red, color.Green, color.Blue, color.Alpha));
        }
    }

    [TestMethod]
    public void A_sheet_has_crisp_pixels_gutters_all_around_and_empty_places()
    {
        // Two images of 2 x 1 pixels on three places of a 2 x 2 sheet, enlarged twice.
        Raster sheet = ImageGrid.Compose(new ImageSet("x", 1, 1, 2, new byte[] { 10, 20, 30, 40, 50, 60 }), 2, 2, 2);
        string[] rows = [.. Enumerable.Range(0, sheet.Height).Select(y => string.Join(' ', sheet.Row(y).ToArray()))];
        string gutter = string.Join(' ', Enumerable.Repeat(56, 14));
        string first = "56 56 10 10 20 20 56 56 30 30 40 40 56 56", second = "56 56 50 50 60 60 56 56 56 56 56 56 56 56";
        CollectionAssert.AreEqual(new[] { gutter, gutter, first, first, gutter, gutter, second, second, gutter, gutter }, rows);
    }

    [TestMethod]
    public void Channels_become_the_colors_of_a_pixel()
    {
        Raster sheet = ImageGrid.Compose(new ImageSet("x", 3, 1, 2, new byte[] { 1, 2, 3, 4, 5, 6 }), 1, 1, 1);
        CollectionAssert.AreEqual(new byte[] { 1, 3, 5, 2, 4, 6 }, sheet.Row(2)[6..12].ToArray());
    }

    [TestMethod]
    public void Images_that_are_neither_gray_nor_colored_are_refused() =>
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => ImageGrid.Compose(new ImageSet("x", 2, 1, 1, new byte[2]), 1, 1, 1)).Message,
            "2 channels");

    [TestMethod]
    public void The_font_that_comes_along_has_every_character_of_the_pictures()
    {
        using SKFont font = new(PictureFont.Typeface);
        Assert.IsTrue(font.ContainsGlyphs("Real Generated 0123456789.,-−×±→… B. Keng, as later papers report it: bits/dim (nats)"));
    }

    [TestMethod]
    public void A_comparison_has_its_names_beside_the_images()
    {
        ImageSet test = MiniMnist.ReadTest();
        using TemporaryFolder folder = new();
        string path = folder.File("a.png");
        ComparisonPicture.Save(path, test.Slice(0, 10, "real"), test.Slice(10, 10, "generated"));

        using SKBitmap picture = SKBitmap.Decode(path);
        Assert.IsGreaterThan(40, DarkPixels(picture, new SKRectI(0, 0, 110, picture.Height / 2)));
        Assert.IsGreaterThan(40, DarkPixels(picture, new SKRectI(0, picture.Height / 2, 110, picture.Height)));
    }

    [TestMethod]
    public void A_training_is_drawn_with_text_from_no_row_to_many_and_with_figures_that_are_missing()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("training.png");
        foreach (int count in (int[])[0, 1, 2, 500])
        {
            MetricsRow[] rows = [.. Enumerable.Range(1, count).Select(i => new MetricsRow
            {
                Step = i,
                Epoch = 1 + i / 10,
                Split = i % 10 == 9 ? "validation" : "train",
                Nll = i % 7 == 3 ? double.NaN : 1000 + 3000.0 / i,
                BitsPerDim = i % 7 == 3 ? double.NaN : 1.5 + 8.0 / i,
            })];
            TrainingPicture.Save(path, rows, [new(1.92, "B. Keng"), new(1.06, "Real NVP, as later papers report it")]);
            using SKBitmap picture = SKBitmap.Decode(path);
            Assert.AreEqual((1560, 420), (picture.Width, picture.Height));
            for (int panel = 0; panel < 3; panel++)
            {
                // The band of the titles.
                Assert.IsGreaterThan(50, DarkPixels(picture, new SKRectI(panel * 520, 5, (panel + 1) * 520, 30)));
            }
        }
    }

    [TestMethod]
    [DataRow(0.0, 1.0)]
    [DataRow(1063.1, 1063.2)]
    [DataRow(1063.2341, 1063.2343)]
    [DataRow(1.06, 1.06000001)]
    [DataRow(-1.5, 20.25)]
    [DataRow(-3e-7, 5e-7)]
    [DataRow(900.0, 123456.0)]
    [DataRow(12345678.0, 12345679.5)]
    [DataRow(-1e30, 3e30)]
    public void The_marks_of_an_axis_have_labels_of_their_own_that_say_where_they_are(double low, double high)
    {
        IReadOnlyList<(double Position, string Label)> marks = AxisTicks.Between(low, high);
        Assert.IsInRange(3, 8, marks.Count);
        Assert.HasCount(marks.Count, marks.Select(mark => mark.Label).Distinct());
        foreach ((double position, string label) in marks)
        {
            Assert.IsInRange(low, high, position);
            Assert.AreEqual(position, double.Parse(label, System.Globalization.CultureInfo.InvariantCulture), 1e-6 * (high - low));
        }
    }

    [TestMethod]
    public void A_curve_has_one_kind_of_row_and_one_validation_an_epoch()
    {
        static MetricsRow Row(long step, string split, double bits, double norm = double.NaN) =>
            new() { Step = step, Epoch = step <= 9 ? 1 : 2, Split = split, BitsPerDim = bits, GradNorm = norm };

        // Cut short after step 4, resumed, and ended after the epoch's 9 steps and another epoch's.
        MetricsRow[] epochs = [Row(4, "train", 5), Row(4, "validation", 6), Row(9, "train", 3), Row(9, "validation", 4), Row(18, "train", 2), Row(18, "validation", 3)];
        MetricsRow[] steps = [Row(1, "train", 9, 1), Row(10, "train", 3, 1)];
        Assert.AreSequenceEqual(new double[] { 9, 3 }, TrainingCurves.Training([.. steps, .. epochs]).Select(row => row.BitsPerDim));
        Assert.AreSequenceEqual(new double[] { 3, 2 }, TrainingCurves.Training(epochs).Select(row => row.BitsPerDim));
        Assert.AreSequenceEqual(new double[] { 4, 3 }, TrainingCurves.Validation([.. steps, .. epochs]).Select(row => row.BitsPerDim));
    }

    [TestMethod]
    public void A_picture_that_cannot_be_drawn_is_left_out_with_one_warning_for_each_cause()
    {
        List<string> warnings = [];
        Gallery gallery = new(warnings.Add);
        using TemporaryFolder folder = new();
        ImageSet image = new("x", 1, 1, 1, new byte[1]);
        string nowhere = Path.Combine(folder.File("nowhere"), "a.png");
        Action missing = () => throw new TypeInitializationException("SkiaSharp.SKObject", new DllNotFoundException("libSkiaSharp was not found.\nTried everywhere."));

        Assert.IsTrue(gallery.SaveGrid(folder.File("a.png"), image, 1, 1));
        Assert.IsFalse(gallery.SaveGrid(nowhere, image, 1, 1));
        Assert.IsFalse(gallery.SaveGrid(nowhere, image, 1, 1));
        Assert.IsFalse(gallery.Try("training.png", missing));
        Assert.IsFalse(gallery.Try("real-vs-generated.png", missing));
        Assert.IsFalse(gallery.Try("samples.png", () => throw new InvalidOperationException("no canvas")));

        CollectionAssert.AreEqual(
            new[]
            {
                $"A picture is left out. {nowhere}: the file cannot be written: its folder does not exist.",
                "The graphics library (SkiaSharp) does not load on this machine: plots and labelled pictures are left out, sheets of samples are drawn all the same.",
                "A picture is left out. samples.png: drawing it failed: no canvas",
            },
            warnings);
    }

    private static int DarkPixels(SKBitmap picture, SKRectI area)
    {
        int dark = 0;
        for (int y = area.Top; y < area.Bottom; y++)
        {
            for (int x = area.Left; x < area.Right; x++)
            {
                dark += picture.GetPixel(x, y).Red < 128 ? 1 : 0;
            }
        }

        return dark;
    }
}
