using System.Buffers.Binary;
using System.Text;
using TinyFlow.Tests.Backends;

namespace TinyFlow.Tests.Tensors;

[TestClass]
public sealed class NpyTests
{
    [TestMethod]
    public void An_array_is_written_byte_for_byte_as_numpy_does() => OnReference.Run(backend =>
    {
        using Tensor x = backend.Create([2, 1], [1.0, -2.0]);
        using MemoryStream stream = new();
        Npy.Write(x, stream);

        byte[] expected = [.. File(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1), }"), 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0];
        Assert.AreEqual(128 + 16, expected.Length);
        CollectionAssert.AreEqual(expected, stream.ToArray());
    });

    [TestMethod]
    [DataRow(new int[0], "()")]
    [DataRow(new[] { 3 }, "(3,)")]
    [DataRow(new[] { 0, 2 }, "(0, 2)")]
    [DataRow(new[] { 1, 2, 1, 2, 1, 2 }, "(1, 2, 1, 2, 1, 2)")]
    public void A_shape_is_written_as_a_python_tuple_and_read_back(int[] sizes, string tuple) => OnReference.Run(backend =>
    {
        using Tensor x = backend.Normal(Shape.Create(sizes), new NoiseKey(1, 0));
        using MemoryStream stream = new();
        Npy.Write(x, stream);
        Assert.Contains($"'shape': {tuple}, }}", Encoding.Latin1.GetString(stream.ToArray()));

        stream.Position = 0;
        using Tensor back = Npy.Read(backend, stream);
        Assert.AreEqual(x.Shape, back.Shape);
        CollectionAssert.AreEqual(x.ToDoubles(), back.ToDoubles());
    });

    [TestMethod]
    [DataRow("<f8", "000000000000f83f 00000000000000c0")]
    [DataRow(">f8", "3ff8000000000000 c000000000000000")]
    [DataRow("<f4", "0000c03f 000000c0")]
    [DataRow(">f4", "3fc00000 c0000000")]
    [DataRow("<f2", "003e 00c0")]
    public void Floats_are_read(string type, string data) => Reads(type, "(2,)", data, [1.5, -2]);

    [TestMethod]
    [DataRow("|i1", "07 fe")]
    [DataRow("<i2", "0700 feff")]
    [DataRow("<i4", "07000000 feffffff")]
    [DataRow(">i4", "00000007 fffffffe")]
    [DataRow("<i8", "0700000000000000 feffffffffffffff")]
    public void Signed_integers_are_read(string type, string data) => Reads(type, "(2,)", data, [7, -2]);

    [TestMethod]
    [DataRow("|u1", "07 fe", 254)]
    [DataRow("<u2", "0700 fe00", 254)]
    [DataRow("<u4", "07000000 feffffff", 4294967294)]
    [DataRow("<u8", "0700000000000000 0000000001000000", 4294967296)]
    public void Unsigned_integers_are_read(string type, string data, double second) => Reads(type, "(2,)", data, [7, second]);

    [TestMethod]
    public void Booleans_are_read_as_zero_and_one() => Reads("|b1", "(3,)", "00 01 01", [0, 1, 1]);

    [TestMethod]
    public void An_array_in_fortran_order_is_transposed() => OnReference.Run(backend =>
    {
        // numpy.asfortranarray([[1, 2, 3], [4, 5, 6]]).
        using Tensor x = Npy.Read(backend, Stream(1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", "01 04 02 05 03 06"));
        Assert.AreEqual(Shape.Create([2, 3]), x.Shape);
        CollectionAssert.AreEqual((double[])[1, 2, 3, 4, 5, 6], x.ToDoubles());
    });

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void All_versions_are_read(int version) => OnReference.Run(backend =>
    {
        using Tensor x = Npy.Read(backend, Stream(version, "{'shape': (2L,), 'fortran_order': False, \"descr\": '|u1'}", "05 06"));
        CollectionAssert.AreEqual((double[])[5, 6], x.ToDoubles());
    });

    [TestMethod]
    public void Reading_stops_after_the_array() => OnReference.Run(backend =>
    {
        using Stream stream = Stream(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }", "05 06");
        Npy.Read(backend, stream).Dispose();
        Assert.AreEqual(6, stream.ReadByte());
    });

    [TestMethod]
    public void A_file_cut_off_anywhere_is_refused_with_a_sentence() => OnReference.Run(backend =>
    {
        byte[] whole = [.. File(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"), 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40];
        for (int length = 0; length < whole.Length; length++)
        {
            using MemoryStream stream = new(whole, 0, length);
            InvalidDataException problem = Assert.ThrowsExactly<InvalidDataException>(() => Npy.Read(backend, stream));
            Assert.Contains(length == 0 ? "it is empty" : "cut off", problem.Message, $"{length} bytes");
        }
    });

    [TestMethod]
    public void A_file_of_another_kind_is_refused() => OnReference.Run(backend =>
    {
        using MemoryStream png = new([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]);
        OnReference.Throws<InvalidDataException>(() => Npy.Read(backend, png), "not a .npy file", "89504E470D0A1A0A", "934E554D5059");
    });

    [TestMethod]
    [DataRow(9, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "version 9.0")]
    [DataRow(1, "{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "'<c8' cannot be read")]
    [DataRow(1, "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "'|O' cannot be read")]
    [DataRow(1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "structured")]
    [DataRow(1, "{'descr': '<f4', 'fortran_order': False}", "lacks 'shape'")]
    [DataRow(1, "{'descr': '<f4', 'shape': (1,), }", "lacks 'fortran_order'")]
    [DataRow(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "'-1' is not a size")]
    [DataRow(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,), }", "'99999999999' is not a size")]
    [DataRow(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1), }", "at most 6 axes")]
    [DataRow(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2000000000,2000000000), }", "too large")]
    public void What_cannot_be_read_is_named(int version, string header, string part) =>
        OnReference.Run(backend => OnReference.Throws<InvalidDataException>(() => Npy.Read(backend, Stream(version, header, "00000000")), part));

    [TestMethod]
    public void A_header_that_claims_more_data_than_there_is_takes_no_memory_for_it() => OnReference.Run(backend =>
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        OnReference.Throws<InvalidDataException>(
            () => Npy.Read(backend, Stream(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (100000000,), }", "00000000")), "400000000 bytes", "4 are there");
        Assert.IsLessThan(1_000_000, GC.GetAllocatedBytesForCurrentThread() - before);
    });

    [TestMethod]
    public void A_file_goes_round_and_its_path_is_in_the_message() => OnReference.Run(backend =>
    {
        string path = Path.Combine(Path.GetTempPath(), $"tinyflow-{Guid.NewGuid():N}.npy");
        try
        {
            using Tensor x = backend.Normal([3, 5], new NoiseKey(1, 0));
            Npy.Write(x, path);
            using Tensor back = Npy.Read(backend, path);
            CollectionAssert.AreEqual(x.ToDoubles(), back.ToDoubles());

            System.IO.File.WriteAllText(path, "no array");
            OnReference.Throws<InvalidDataException>(() => Npy.Read(backend, path), "not a .npy file", path);
        }
        finally
        {
            System.IO.File.Delete(path);
        }
    });

    private static void Reads(string type, string shape, string data, double[] expected) => OnReference.Run(backend =>
    {
        using Tensor x = Npy.Read(backend, Stream(1, $"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}", data));
        CollectionAssert.AreEqual(expected, x.ToDoubles());
    });

    private static MemoryStream Stream(int version, string header, string data) => new([.. File(version, header), .. Convert.FromHexString(data.Replace(" ", "", StringComparison.Ordinal))]);

    /// <summary>The head of a file, put together by the format's description.</summary>
    private static byte[] File(int version, string header)
    {
        byte[] length = new byte[version == 1 ? 2 : 4];
        int before = 8 + length.Length, total = (before + header.Length + 1 + 63) / 64 * 64;
        if (version == 1)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)(total - before));
        }
        else
        {
            BinaryPrimitives.WriteInt32LittleEndian(length, total - before);
        }

        return [0x93, .. "NUMPY"u8, (byte)version, 0, .. length, .. Encoding.ASCII.GetBytes(header.PadRight(total - before - 1) + "\n")];
    }
}
