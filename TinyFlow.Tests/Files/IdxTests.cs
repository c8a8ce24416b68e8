using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using TinyFlow.Nvp.Data;

namespace TinyFlow.Tests.Files;

[TestClass]
public sealed class IdxTests
{
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Images_of_any_size_are_read_gzipped_or_not_whatever_the_name(bool gzipped)
    {
        byte[] pixels = [.. Enumerable.Range(0, 4 * 5 * 7).Select(i => (byte)(i * 31))];
        using TemporaryFolder folder = new();
        string images = folder.Write("digits", Packed(Idx([4, 5, 7], pixels), gzipped));
        string labels = folder.Write("classes.gz", Packed(Idx([4], [9, 8, 7, 6]), !gzipped));

        ImageSet set = IdxReader.ReadImages("mine", images, labels);

        Assert.AreEqual("mine: 4 images of 1x5x7", set.ToString());
        CollectionAssert.AreEqual(pixels, set.Pixels.ToArray());
        CollectionAssert.AreEqual(new byte[] { 9, 8, 7, 6 }, set.Labels.ToArray());
        CollectionAssert.AreEqual(pixels[70..105], set.Image(2).ToArray());
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_file_cut_off_at_any_byte_is_refused_with_a_sentence(bool gzipped)
    {
        Random random = new(3);
        byte[] pixels = new byte[6 * 8 * 8];
        random.NextBytes(pixels);
        byte[] whole = Packed(Idx([6, 8, 8], pixels), gzipped);
        using TemporaryFolder folder = new();
        for (int length = 0; length < whole.Length; length++)
        {
            string path = folder.Write("cut", whole[..length]);
            DataException e = Assert.ThrowsExactly<DataException>(() => IdxReader.ReadImages("x", path), $"cut at {length} of {whole.Length}");
            Assert.StartsWith(path + ": ", e.Message);
        }
    }

    [TestMethod]
    public void A_damaged_gzip_file_is_refused_wherever_a_byte_of_its_content_is_changed()
    {
        byte[] pixels = [.. Enumerable.Range(0, 6 * 8 * 8).Select(i => (byte)(i * i))];
        byte[] whole = Packed(Idx([6, 8, 8], pixels), true);
        using TemporaryFolder folder = new();

        // The gzip header's bytes 3 to 9 are flags, time and system: they do not touch the content.
        for (int position = 10; position < whole.Length; position++)
        {
            byte[] damaged = [.. whole];
            damaged[position] ^= 0x10;
            string path = folder.Write("damaged.gz", damaged);
            DataException e = Assert.ThrowsExactly<DataException>(() => IdxReader.ReadImages("x", path), $"byte {position}");
            Assert.StartsWith(path + ": ", e.Message);
        }
    }

    [TestMethod]
    public void What_is_no_IDX_file_of_images_is_refused_with_its_reason()
    {
        using TemporaryFolder folder = new();
        Refused(folder.File("nothing"), "no such file");
        Refused(folder.Path, "this is a folder");
        Refused(folder.Write("a", []), "empty");
        Refused(folder.Write("a", Encoding.ASCII.GetBytes("<html><body>404</body></html>")), "web page");
        Refused(folder.Write("a", Encoding.ASCII.GetBytes("PK\u0003\u0004")), "unpack it");
        Refused(folder.Write("a", [0, 0, 8, 3, 0, 0]), "within its header");
        Refused(folder.Write("a", [0, 0, 0x0d, 3, .. new byte[100]]), "type 0D");
        Refused(folder.Write("a", Idx([3], [1, 2, 3])), "1 axes, but a file of images has 3");
        Refused(folder.Write("a", Idx([0, 28, 28], [])), "count of 0");
        Refused(folder.Write("a", Idx([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9])), "more bytes follow");
        Refused(folder.Write("a", Idx([2, 2, 2], [1, 2, 3, 4, 5, 6, 7])), "only 7 are there");
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_header_that_announces_more_than_the_file_can_hold_takes_no_memory(bool gzipped)
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("a", Packed(Idx([60_000, 2000, 2000], [1, 2, 3]), gzipped));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Refused(path, "cannot be in a file of this length");
        Assert.IsLessThan(1_000_000, GC.GetAllocatedBytesForCurrentThread() - before);
        Refused(folder.Write("a", Packed(Idx([int.MaxValue, int.MaxValue, int.MaxValue], []), gzipped)), "cannot be in a file");
    }

    [TestMethod]
    public void Labels_that_are_not_as_many_as_images_are_refused()
    {
        using TemporaryFolder folder = new();
        string images = folder.Write("images", Idx([2, 1, 1], [1, 2])), labels = folder.Write("labels", Idx([3], [1, 2, 3]));
        DataException e = Assert.ThrowsExactly<DataException>(() => IdxReader.ReadImages("x", images, labels));
        Assert.AreEqual($"{labels}: the file has 3 labels, but {images} has 2 images; the two do not belong together.", e.Message);
    }

    internal static byte[] Idx(int[] sizes, byte[] bytes)
    {
        byte[] header = new byte[4 + 4 * sizes.Length];
        (header[2], header[3]) = (8, (byte)sizes.Length);
        for (int axis = 0; axis < sizes.Length; axis++)
        {
            BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4 + 4 * axis), sizes[axis]);
        }

        return [.. header, .. bytes];
    }

    internal static byte[] Packed(byte[] bytes, bool gzipped)
    {
        if (!gzipped)
        {
            return bytes;
        }

        using MemoryStream stream = new();
        using (GZipStream gzip = new(stream, CompressionLevel.Optimal))
        {
            gzip.Write(bytes);
        }

        return stream.ToArray();
    }

    private static void Refused(string path, string reason)
    {
        DataException e = Assert.ThrowsExactly<DataException>(() => IdxReader.ReadImages("x", path));
        Assert.StartsWith(path + ": ", e.Message);
        StringAssert.Contains(e.Message, reason);
    }
}
