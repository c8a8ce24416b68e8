// Makes mnist-mini.deflate, the digits embedded in TinyFlow, from the four MNIST files:
//     dotnet run TinyFlow.Nvp/Data/mini/make-mini.cs -- DIR [OUT]
// The choice is deterministic: of each class, images at even distances over the whole file, so that early and late
// writers are both there; then one of each class in turn, so that image i shows the digit i % 10 and any run of ten
// images holds every digit once. The file is the pixels alone, training images first, compressed by Deflate:
// Brotli would save 0.3 MB of the file, and take three times as long to unpack whenever they are read.
using System.IO.Compression;
using System.Security.Cryptography;

const int ImageSize = 28 * 28, Classes = 10;
(string Prefix, int PerClass, string Sha256)[] sets =
[
    ("train", 1000, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
    ("t10k", 200, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
];

string folder = args[0], output = args.Length > 1 ? args[1] : "TinyFlow.Nvp/Data/mini/mnist-mini.deflate";
using MemoryStream chosen = new();
foreach ((string prefix, int perClass, string sha256) in sets)
{
    byte[] images = Unpack($"{prefix}-images-idx3-ubyte.gz"), labels = Unpack($"{prefix}-labels-idx1-ubyte.gz");
    if (Convert.ToHexStringLower(SHA256.HashData(images)) != sha256)
    {
        throw new InvalidDataException($"{prefix}-images-idx3-ubyte.gz is not the original MNIST file.");
    }

    const int ImagesHeader = 16, LabelsHeader = 8;
    int[][] members = [.. Enumerable.Range(0, Classes).Select(digit =>
        Enumerable.Range(0, labels.Length - LabelsHeader).Where(i => labels[LabelsHeader + i] == digit).ToArray())];
    for (int rank = 0; rank < perClass; rank++)
    {
        foreach (int[] candidates in members)
        {
            int image = candidates[(int)((long)rank * candidates.Length / perClass)];
            chosen.Write(images, ImagesHeader + image * ImageSize, ImageSize);
        }
    }
}

byte[] pixels = chosen.ToArray();
using (DeflateStream packed = new(File.Create(output), CompressionLevel.SmallestSize))
{
    packed.Write(pixels);
}

Console.WriteLine($"{output}: {new FileInfo(output).Length} bytes for {pixels.Length} pixels, SHA-256 of the pixels {Convert.ToHexStringLower(SHA256.HashData(pixels))}");

byte[] Unpack(string name)
{
    using GZipStream gzip = new(File.OpenRead(Path.Combine(folder, name)), CompressionMode.Decompress);
    using MemoryStream bytes = new();
    gzip.CopyTo(bytes);
    return bytes.ToArray();
}
