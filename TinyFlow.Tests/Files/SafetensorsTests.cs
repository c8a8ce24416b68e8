using System.Buffers.Binary;
using System.Text;
using TinyFlow.Nvp.Checkpoints;

namespace TinyFlow.Tests.Files;

[TestClass]
public sealed class SafetensorsTests
{
    private static readonly StoredTensor[] Sample =
    [
        StoredTensor.Create("conv.weight", [2, 1, 3], [1.5f, -2, float.NaN, float.PositiveInfinity, 0, -0f]),
        StoredTensor.Create("double", [2], [Math.PI, double.Epsilon]),
        StoredTensor.Create("num_batches_tracked", [], [long.MaxValue]),
        StoredTensor.Create("empty \"ü\" name", [0, 4], ReadOnlySpan<float>.Empty),
        StoredTensor.Create("pixels", [5], new byte[] { 0, 1, 2, 254, 255 }),
    ];

    private static readonly Dictionary<string, string> Notes = new() { ["format"] = "pt", ["note"] = """{"layers": 8, "name": "größe"}""" };

    [TestMethod]
    public void What_is_written_is_read_back_bit_for_bit()
    {
        using TemporaryFolder folder = new();
        using SafetensorsFile file = SafetensorsFile.Open(folder.Write("a.safetensors", Bytes(Sample, Notes)));

        CollectionAssert.AreEqual(Sample.Select(t => t.ToString()).ToArray(), file.Entries.Select(e => $"{e.Name}: {e.Type} {e.Shape}").ToArray());
        foreach (StoredTensor tensor in Sample)
        {
            CollectionAssert.AreEqual(tensor.Bytes.ToArray(), file.Read(tensor.Name).Bytes.ToArray(), tensor.Name);
        }

        CollectionAssert.AreEquivalent(Notes, file.Metadata.ToDictionary());
    }

    [TestMethod]
    public void The_bytes_are_those_of_the_published_format()
    {
        byte[] bytes = Bytes([StoredTensor.Create("x", [2], [1f, 2f])], null);
        string header = """{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";
        byte[] expected = [.. Length(56), .. Encoding.UTF8.GetBytes(header.PadRight(56)), 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40];
        CollectionAssert.AreEqual(expected, bytes);
    }

    [TestMethod]
    public void The_data_starts_at_a_multiple_of_eight_bytes_whatever_the_names()
    {
        for (int length = 1; length <= 16; length++)
        {
            byte[] bytes = Bytes([StoredTensor.Create(new string('n', length), [1], [1.0])], null);
            Assert.AreEqual(0, bytes.Length % 8);
            Assert.AreEqual(bytes.Length - 16, (int)BinaryPrimitives.ReadInt64LittleEndian(bytes));
        }
    }

    [TestMethod]
    public void Every_supported_type_converts_to_float32_and_float64()
    {
        (string Type, byte[] Bytes, double Value)[] cases =
        [
            ("F64", BitConverter.GetBytes(-1.25), -1.25),
            ("F32", BitConverter.GetBytes(-1.25f), -1.25),
            ("F16", BitConverter.GetBytes((Half)(-1.25)), -1.25),
            ("BF16", [0xa0, 0xbf], -1.25),
            ("I64", BitConverter.GetBytes(-3L), -3),
            ("I32", BitConverter.GetBytes(-3), -3),
            ("I16", BitConverter.GetBytes((short)-3), -3),
            ("I8", [0xfd], -3),
            ("U64", BitConverter.GetBytes(1UL << 63), Math.Pow(2, 63)),
            ("U32", BitConverter.GetBytes(uint.MaxValue), uint.MaxValue),
            ("U16", BitConverter.GetBytes(ushort.MaxValue), ushort.MaxValue),
            ("U8", [200], 200),
            ("BOOL", [1], 1),
        ];
        using TemporaryFolder folder = new();
        foreach ((string type, byte[] value, double expected) in cases)
        {
            using SafetensorsFile file = Open(folder, $$$"""{"x":{"dtype":"{{{type}}}","shape":[1],"data_offsets":[0,{{{value.Length}}}]}}""", value);
            Assert.AreEqual(expected, file.ReadDoubles("x")[0], type);
            Assert.AreEqual((float)expected, file.ReadFloats("x")[0], type);
            double[] wide = new double[1];
            float[] narrow = new float[1];
            file.Read("x", wide.AsSpan());
            file.Read("x", narrow.AsSpan());
            Assert.AreEqual(expected, wide[0], type);
            Assert.AreEqual((float)expected, narrow[0], type);
        }
    }

    [TestMethod]
    public void A_long_tensor_is_converted_whole_when_it_is_read_in_pieces()
    {
        double[] values = [.. Enumerable.Range(0, 5000).Select(i => i / 8.0)];
        using TemporaryFolder folder = new();
        using SafetensorsFile file = SafetensorsFile.Open(folder.Write("a", Bytes([StoredTensor.Create("x", [50, 100], values)], null)));
        float[] read = new float[5000];
        file.Read("x", read.AsSpan());
        CollectionAssert.AreEqual(values.Select(x => (float)x).ToArray(), read);
    }

    [TestMethod]
    public void Trailing_spaces_in_any_order_of_entries_and_unknown_properties_are_accepted()
    {
        using TemporaryFolder folder = new();
        using SafetensorsFile file = Open(folder, """{"b":{"data_offsets":[1,2],"new":[{"x":[1]}],"shape":[1],"dtype":"U8"},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"__metadata__":{}}   """, [7, 8]);
        Assert.AreEqual(8, file.ReadDoubles("b")[0]);
        Assert.AreEqual("a", file.Entries[0].Name);
    }

    [TestMethod]
    public void A_file_cut_off_at_any_byte_is_refused_with_a_sentence()
    {
        byte[] whole = Bytes(Sample, Notes);
        using TemporaryFolder folder = new();
        for (int length = 0; length < whole.Length; length++)
        {
            Refused(folder.Write("cut.safetensors", whole[..length]), "");
        }
    }

    [TestMethod]
    public void A_file_with_a_byte_too_many_is_refused()
    {
        using TemporaryFolder folder = new();
        Refused(folder.Write("a", [.. Bytes(Sample, Notes), 0]), "1 bytes follow its last tensor");
    }

    [TestMethod]
    public void A_damaged_header_is_refused_or_still_consistent_but_never_crashes()
    {
        byte[] whole = Bytes(Sample, Notes);
        int headerEnd = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(whole);
        Random random = new(1);
        using TemporaryFolder folder = new();
        int refused = 0;
        for (int trial = 0; trial < 3000; trial++)
        {
            byte[] damaged = [.. whole];
            for (int flips = random.Next(1, 4); flips > 0; flips--)
            {
                damaged[random.Next(headerEnd)] = (byte)random.Next(256);
            }

            string path = folder.Write("flip.safetensors", damaged);
            try
            {
                using SafetensorsFile file = SafetensorsFile.Open(path);
                foreach (SafetensorsEntry entry in file.Entries)
                {
                    Assert.AreEqual(entry.Shape.Count, file.ReadDoubles(entry.Name).Length);
                }
            }
            catch (CheckpointException e)
            {
                AssertSentence(e, path);
                refused++;
            }
        }

        Assert.IsGreaterThan(1500, refused);
    }

    [TestMethod]
    [DataRow("""[1]""", "begin with '{'")]
    [DataRow(""" {}""", "begin with '{'")]
    [DataRow("""{"x":1}""", "must be an object")]
    [DataRow("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}""", "not valid JSON")]
    [DataRow("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}}""", "not valid JSON")]
    [DataRow("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},}""", "not valid JSON")]
    [DataRow("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "'x' twice")]
    [DataRow("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}}""", "overlap")]
    [DataRow("""{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"y":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}}""", "belong to nothing")]
    [DataRow("""{"x":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}}""", "3 bytes between 'the header' and 'x'")]
    [DataRow("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "announces 8 bytes of data, but 4")]
    [DataRow("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", "no range")]
    [DataRow("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "needs 8 bytes, but its header gives it 4")]
    [DataRow("""{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", "0 or more")]
    [DataRow("""{"x":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", "whole numbers")]
    [DataRow("""{"x":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}}""", "whole numbers")]
    [DataRow("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615]}}""", "whole numbers")]
    [DataRow("""{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}""", "axis of 4294967296")]
    [DataRow("""{"x":{"dtype":"F32","shape":[2147483647,2147483647,2147483647],"data_offsets":[0,4]}}""", "more elements than any file")]
    [DataRow("""{"x":{"dtype":"F32","shape":[1,1,1,1,1,1,1],"data_offsets":[0,4]}}""", "7 axes")]
    [DataRow("""{"x":{"dtype":"F4","shape":[1],"data_offsets":[0,4]}}""", "'F4', which is not supported")]
    [DataRow("""{"x":{"dtype":7,"shape":[1],"data_offsets":[0,4]}}""", "one dtype")]
    [DataRow("""{"x":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "one dtype")]
    [DataRow("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,2,4]}}""", "two data_offsets")]
    [DataRow("""{"x":{"dtype":"F32","shape":[1]}}""", "two data_offsets")]
    [DataRow("""{"__metadata__":{"a":1}}""", "'a' must be a string")]
    [DataRow("""{"__metadata__":{"a":"1","a":"2"}}""", "'a' is there twice")]
    [DataRow("""{"__metadata__":"x"}""", "one object")]
    [DataRow("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "Unicode")]
    public void A_wrong_header_is_refused_with_its_reason(string header, string reason)
    {
        using TemporaryFolder folder = new();
        byte[] json = Encoding.UTF8.GetBytes(header);
        Refused(folder.Write("wrong.safetensors", [.. Length(json.Length), .. json, 1, 2, 3, 4]), reason);
    }

    [TestMethod]
    [DataRow(100_000_001ul)]
    [DataRow(ulong.MaxValue)]
    [DataRow(0x04034b50ul << 32)]
    public void A_huge_header_is_refused_before_it_is_allocated(ulong size)
    {
        using TemporaryFolder folder = new();
        Refused(folder.Write("huge", [.. Length((long)size), .. new byte[16]]), "announce a header of");
    }

    [TestMethod]
    public void A_missing_file_a_folder_and_an_empty_file_are_told_apart()
    {
        using TemporaryFolder folder = new();
        Refused(folder.File("nothing"), "no such file");
        Refused(Path.Combine(folder.File("nowhere"), "x"), "folder does not exist");
        Refused(folder.Path, "a folder");
        Refused(folder.Write("empty", []), "empty");
    }

    [TestMethod]
    public void A_tensor_that_is_not_there_is_named()
    {
        using TemporaryFolder folder = new();
        using SafetensorsFile file = SafetensorsFile.Open(folder.Write("a", Bytes(Sample, null)));
        CheckpointException e = Assert.ThrowsExactly<CheckpointException>(() => file.ReadFloats("conv2.weight"));
        StringAssert.Contains(e.Message, "no tensor 'conv2.weight'");
    }

    [TestMethod]
    public void A_name_cannot_be_written_twice_nor_be_the_formats_own()
    {
        StoredTensor x = StoredTensor.Create("x", [1], [1f]);
        Assert.ThrowsExactly<ArgumentException>(() => Bytes([x, x], null));
        Assert.ThrowsExactly<ArgumentException>(() => Bytes([x.Renamed("__metadata__")], null));
    }

    private static byte[] Bytes(StoredTensor[] tensors, Dictionary<string, string>? metadata)
    {
        using MemoryStream stream = new();
        SafetensorsWriter.Write(stream, tensors, metadata);
        return stream.ToArray();
    }

    private static byte[] Length(long size)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, size);
        return bytes;
    }

    private static SafetensorsFile Open(TemporaryFolder folder, string header, byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        return SafetensorsFile.Open(folder.Write("made.safetensors", [.. Length(json.Length), .. json, .. data]));
    }

    private static void Refused(string path, string reason)
    {
        CheckpointException e = Assert.ThrowsExactly<CheckpointException>(() => SafetensorsFile.Open(path).Dispose());
        AssertSentence(e, path);
        StringAssert.Contains(e.Message, reason);
    }

    private static void AssertSentence(CheckpointException e, string path)
    {
        Assert.StartsWith(path + ": ", e.Message);
        Assert.EndsWith(".", e.Message);
    }
}
