using SkiaSharp;
using TinyFlow.Cli.Data;
using TinyFlow.Cli.Pictures;
using TinyFlow.Nvp.Data;
using TinyFlow.Tests.Files;

namespace TinyFlow.Tests.Cli;

/// <summary>Folders of a user's own pictures.</summary>
[TestClass]
public sealed class PictureFolderTests
{
    [TestMethod]
    public void Gray_pictures_in_the_folder_itself_are_images_of_one_channel()
    {
        using TemporaryFolder folder = new();
        for (int i = 0; i < 12; i++)
        {
            Save(folder.File($"{i}.png"), 3, 2, 1, Level(i));
        }

        // What is no picture, is hidden or lies deeper, is none of the images.
        folder.Write("notes.txt", [1]);
        folder.Write(".hidden.png", [1]);
        Directory.CreateDirectory(folder.File("runs"));
        Save(Path.Combine(folder.Path, "runs", "samples.png"), 9, 9, 1, _ => 1);

        DataSource source = ImageSource.Open(folder.Path);
        Assert.AreEqual((1, 2, 3), (source.Published.Channels, source.Published.Height, source.Published.Width));
        Assert.AreEqual((10, 2), (source.Training.Count, source.Validation.Count));
        Assert.AreEqual($"{folder.Path}, training", source.Training.Name);

        // Each as it was, in another order, which is the same each time.
        int[] found = [.. Enumerable.Range(0, 12).Select(i => source.Published.Image(i)[0] - 100)];
        CollectionAssert.AreEquivalent(Enumerable.Range(0, 12).ToArray(), found);
        CollectionAssert.AreNotEqual(Enumerable.Range(0, 12).ToArray(), found);
        CollectionAssert.AreEqual((byte[])[.. Enumerable.Range(0, 6).Select(place => Level(found[0])(place))], source.Published.Image(0).ToArray());
        Assert.AreEqual(source.Published.Sha256, ImageSource.Open(folder.Path).Published.Sha256);
        Assert.Contains("belong into " + folder.File("test"), Assert.ThrowsExactly<DataException>(() => source.Test()).Message);
    }

    [TestMethod]
    public void One_coloured_picture_makes_all_of_them_coloured_those_to_test_on_too()
    {
        using TemporaryFolder folder = new();
        string train = Directory.CreateDirectory(folder.File(Path.Combine("train", "cats"))).FullName, test = Directory.CreateDirectory(folder.File("test")).FullName;
        Save(Path.Combine(train, "gray.png"), 2, 2, 1, _ => 7);
        Save(Path.Combine(train, "coloured.png"), 2, 2, 3, place => (byte)(10 * place));
        Save(Path.Combine(test, "gray.png"), 2, 2, 1, _ => 9);
        DataSource source = ImageSource.Open(folder.Path);
        Assert.AreEqual((3, 3, 1), (source.Published.Channels, source.Test().Channels, source.Test().Count));
        string[] images = [.. Enumerable.Range(0, 2).Select(i => string.Join(' ', source.Published.Image(i).ToArray())).Order(StringComparer.Ordinal)];
        CollectionAssert.AreEqual((string[])["0 30 60 90 10 40 70 100 20 50 80 110", "7 7 7 7 7 7 7 7 7 7 7 7"], images);
    }

    [TestMethod]
    public void What_cannot_be_taken_is_refused_with_its_file_and_reason()
    {
        using TemporaryFolder folder = new();
        Refused(folder.Path, "no images were found", "Nor are there pictures (.png, .jpg");
        Save(folder.File("a.png"), 4, 4, 1, _ => 1);
        Refused(folder.Path, "only 1 image");
        Save(folder.File("b.png"), 4, 5, 1, _ => 1);
        Refused(folder.Path, "4x4", "4x5", "Give pictures of one size");
        folder.Write("b.png", [1, 2, 3]);
        Refused(folder.Path, "b.png: this is no picture that can be read");
        byte[] whole = File.ReadAllBytes(folder.File("a.png"));
        folder.Write("b.png", whole[..^30]);
        Refused(folder.Path, "b.png: the picture is damaged or cut off");

        using SKBitmap transparent = new(4, 4, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        transparent.Erase(new SKColor(1, 2, 3, alpha: 4));
        folder.Write("b.png", transparent.Encode(SKEncodedImageFormat.Png, 100).ToArray());
        Refused(folder.Path, "b.png: the picture is transparent in places");

        Directory.CreateDirectory(folder.File("train"));
        Save(Path.Combine(folder.Path, "train", "c.png"), 4, 4, 1, _ => 1);
        Refused(folder.Path, "in the folder itself and in " + folder.File("train"));
    }

    [TestMethod]
    public void A_flow_trains_on_pictures_and_is_measured_on_them()
    {
        using TemporaryFolder folder = new();
        string pictures = Directory.CreateDirectory(folder.File("mine")).FullName;
        for (int i = 0; i < 24; i++)
        {
            Save(Path.Combine(pictures, $"{i}.png"), 8, 8, 3, place => (byte)(place * 5 + i));
        }

        CliProcess.Result train = CliProcess.Run(
            folder.Path, "train", "--preset", "spline", "--layers", "1", "--hidden", "4", "--batch-size", "4", "--data", "mine", "--max-steps", "2", "--out", "run");
        Assert.AreEqual(0, train.ExitCode, train.Error);
        Assert.Contains("20 images of 3x8x8", train.Error);
        CliProcess.Result missing = CliProcess.Run(folder.Path, "eval", "run"), eval = CliProcess.Run(folder.Path, "eval", "run", "--split", "validation");
        Assert.AreEqual((1, 0), (missing.ExitCode, eval.ExitCode), eval.Error);
        Assert.Contains("give --split validation", missing.Error);
        Assert.Contains("all 4", eval.Output);

        // Another folder's pictures, each by its name.
        string other = Directory.CreateDirectory(folder.File("other")).FullName;
        string[] names = ["a.png", "b,c.png", "d.png"];
        foreach (string name in names)
        {
            Save(Path.Combine(other, name), 8, 8, 3, place => (byte)(place + name[0]));
        }

        Save(Path.Combine(other, "gray.png"), 8, 8, 1, _ => 7);
        CliProcess.Result scores = CliProcess.Run(folder.Path, "eval", "run", "--data", "other", "--split", "all", "--per-image", "bits.csv");
        Assert.AreEqual((0, false), (scores.ExitCode, scores.Error.Contains("Warning", StringComparison.Ordinal)), scores.Error);
        string[] lines = File.ReadAllLines(folder.File("bits.csv"));
        Assert.DoesNotContain("baseline", scores.Output);
        Assert.AreEqual("image,bits_per_dim,file", lines[0]);
        CollectionAssert.AreEquivalent((string[])["a.png", "\"b,c.png\"", "d.png", "gray.png"], lines[1..].Select(line => line.Split(',', 3)[2]).ToArray());
        Assert.Contains("Warning", CliProcess.Run(folder.Path, "eval", "run", "--split", "all").Error);
    }

    private static Func<int, byte> Level(int picture) => place => (byte)(place == 0 ? 100 + picture : place * 10);

    private static void Save(string path, int width, int height, int channels, Func<int, byte> level) =>
        PngFile.Save(path, new Raster(width, height, channels, [.. Enumerable.Range(0, width * height * channels).Select(level)]));

    private static void Refused(string folder, params string[] reasons)
    {
        string message = Assert.ThrowsExactly<DataException>(() => ImageSource.Open(folder)).Message;
        foreach (string reason in reasons)
        {
            Assert.Contains(reason, message);
        }
    }
}
