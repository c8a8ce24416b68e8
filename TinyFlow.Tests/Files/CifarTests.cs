using TinyFlow.Nvp.Data;
using TinyFlow.Tests.Cli;

namespace TinyFlow.Tests.Files;

[TestClass]
public sealed class CifarTests
{
    private const int Size = 3073;

    [TestMethod]
    [DataRow("")]
    [DataRow("cifar-10-batches-bin")]
    public void A_folder_gives_training_validation_and_test_images_in_the_order_of_the_batches(string below)
    {
        using TemporaryFolder folder = new();
        string batches = Directory.CreateDirectory(folder.File(below)).FullName;
        TinyImages.WriteCifar(batches, imagesInABatch: 3);
        DataSource source = DataSource.Open(folder.Path);

        Assert.AreEqual($"{folder.Path}, training: 13 images of 3x32x32", source.Training.ToString());
        Assert.AreEqual($"{folder.Path}, validation: 2 images of 3x32x32", source.Validation.ToString());
        byte[] third = File.ReadAllBytes(Path.Combine(batches, "data_batch_3.bin")), test = File.ReadAllBytes(Path.Combine(batches, "test_batch.bin"));
        CollectionAssert.AreEqual(third[(Size + 1)..(2 * Size)], source.Published.Image(7).ToArray());
        Assert.AreEqual(third[Size], source.Published.Labels[7]);
        CollectionAssert.AreEqual(test[1..Size], source.Test().Image(0).ToArray());
        Assert.AreEqual(3, source.Test().Count);
    }

    [TestMethod]
    public void Planes_of_red_green_and_blue_are_channels()
    {
        using TemporaryFolder folder = new();
        TinyImages.WriteCifar(folder.Path, imagesInABatch: 1);
        byte[] record = [7, .. Enumerable.Repeat((byte)200, 1024), .. Enumerable.Repeat((byte)100, 1024), .. Enumerable.Repeat((byte)50, 1024)];
        record[1 + 31] = 201; // Red of the first row's last pixel.
        folder.Write("data_batch_1.bin", record);
        ImageSet set = DataSource.Open(folder.Path).Training;
        byte[] image = set.Image(0).ToArray();
        Assert.AreEqual((200, 201, 200, 100, 50), (image[0], image[31], image[32], image[1024], image[2048]));
        Assert.AreEqual(7, set.Labels[0]);
    }

    [TestMethod]
    public void A_file_that_is_cut_off_is_refused_with_what_is_missing()
    {
        using TemporaryFolder folder = new();
        TinyImages.WriteCifar(folder.Path, imagesInABatch: 2);
        byte[] whole = File.ReadAllBytes(folder.File("data_batch_4.bin"));
        foreach (int length in (int[])[1, Size - 1, Size + 1, whole.Length - 1])
        {
            folder.Write("data_batch_4.bin", whole[..length]);
            Refused(folder, "data_batch_4.bin: the file is cut off or of another kind", $"{length / Size} images of 3,073 bytes and {length % Size:N0} bytes more", "Get it again");
        }

        folder.Write("data_batch_4.bin", []);
        Refused(folder, "data_batch_4.bin: the file is empty");
    }

    [TestMethod]
    public void Missing_batches_are_all_named()
    {
        using TemporaryFolder folder = new();
        TinyImages.WriteCifar(folder.Path, imagesInABatch: 1);
        File.Delete(folder.File("test_batch.bin"));
        DataSource source = DataSource.Open(folder.Path);
        Assert.Contains("test_batch.bin is missing", Assert.ThrowsExactly<DataException>(() => source.Test()).Message);
        File.Delete(folder.File("data_batch_2.bin"));
        File.Delete(folder.File("data_batch_5.bin"));
        Refused(folder, "data_batch_2.bin, data_batch_5.bin are missing", "data_batch_1.bin to data_batch_5.bin", "holds data_batch_1.bin, data_batch_3.bin, data_batch_4.bin");
    }

    [TestMethod]
    public void What_was_not_unpacked_is_named_with_what_to_do()
    {
        using TemporaryFolder folder = new();
        string archive = folder.Write("cifar-10-binary.tar.gz", [0x1f, 0x8b]);
        Refused(folder, "cifar-10-binary.tar.gz is still packed", $"tar -xf \"{archive}\"");
        Assert.Contains($"tar -xf \"{archive}\"", Assert.ThrowsExactly<DataException>(() => DataSource.Open(archive)).Message);
        File.Delete(archive);

        Directory.CreateDirectory(folder.File("cifar-10-batches-py"));
        Refused(folder, "version for Python is there; get its binary version");

        TinyImages.WriteCifar(folder.Path, imagesInABatch: 1);
        folder.Write("data_batch_1.bin", [0x1f, 0x8b, 8]);
        Refused(folder, "It looks gzipped: unpack it first");
    }

    [TestMethod]
    public void A_label_that_there_is_not_is_refused_with_its_image()
    {
        using TemporaryFolder folder = new();
        TinyImages.WriteCifar(folder.Path, imagesInABatch: 2);
        byte[] batch = File.ReadAllBytes(folder.File("data_batch_3.bin"));
        batch[Size] = 10;
        folder.Write("data_batch_3.bin", batch);
        Refused(folder, "data_batch_3.bin: image 2 has the label 10; CIFAR-10's are 0 to 9");
    }

    [TestMethod]
    public void A_folder_of_two_data_sets_is_refused()
    {
        using TemporaryFolder folder = new();
        TinyImages.WriteCifar(folder.Path, imagesInABatch: 1);
        TinyImages.Write(folder.Path, side: 8, training: 2, test: 1);
        Refused(folder, "files of MNIST's format and of CIFAR-10's", "one of them");
    }

    /// <summary>An image as the files have it: its label, and random pixels.</summary>
    internal static byte[] Record(byte label, Random random)
    {
        byte[] record = new byte[Size];
        random.NextBytes(record);
        record[0] = label;
        return record;
    }

    private static void Refused(TemporaryFolder folder, params string[] reasons)
    {
        DataException e = Assert.ThrowsExactly<DataException>(() => DataSource.Open(folder.Path));
        Assert.StartsWith(folder.Path, e.Message);
        foreach (string reason in reasons)
        {
            Assert.Contains(reason, e.Message);
        }
    }
}
