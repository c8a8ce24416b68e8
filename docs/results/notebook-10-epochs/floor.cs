// What `notebook` might have if it knew strokes as well as a model of so many bits/dim (docs/results.md):
//     dotnet run docs/results/notebook-10-epochs/floor.cs -- DIR          (a folder with t10k-images-idx3-ubyte.gz)
// A pixel of at most Dark is the background: it costs `notebook` at least its bound. A model that takes such pixels for black
// no longer knows their values; knowing them costs at most their entropy, given how many neighbours are no background.
using System.Globalization;
using System.IO.Compression;

const int Side = 28, Size = Side * Side, Header = 16, Images = 10_000;

// A pixel cannot be denser than one that is uniform over 2^3.555 = 11.75 of the 256 steps.
const int Dark = 12;
const double Bound = 3.555, Found = 3.9012;
using GZipStream file = new(File.OpenRead(Path.Combine(args[0], "t10k-images-idx3-ubyte.gz")), CompressionMode.Decompress);
byte[] bytes = new byte[Header + Images * Size];
file.ReadExactly(bytes);

long[,] counts = new long[9, Dark + 1];
for (int image = 0; image < Images; image++)
{
    ReadOnlySpan<byte> pixels = bytes.AsSpan(Header + image * Size, Size);
    for (int i = 0; i < Size; i++)
    {
        if (pixels[i] <= Dark)
        {
            counts[StrokesAround(pixels, i / Side, i % Side), pixels[i]]++;
        }
    }
}

double background = 0, entropy = 0;
for (int around = 0; around < counts.GetLength(0); around++)
{
    long[] values = [.. Enumerable.Range(0, Dark + 1).Select(value => counts[around, value])];
    background += values.Sum();
    entropy -= values.Where(count => count > 0).Sum(count => count * Math.Log2((double)count / values.Sum()));
}

(background, entropy) = (background / Images / Size, entropy / Images / Size);
string Text(double value) => value.ToString("F3", CultureInfo.InvariantCulture);
Console.WriteLine($"background {Text(background)} of all pixels; values within it at most {Text(entropy)} bits/dim");
foreach (double model in (double[])[0.9939, 0.970])
{
    Console.WriteLine($"strokes as a model of {Text(model)} knows them: notebook {Text(Bound * background + model - entropy)}");
}

foreach (double notebook in (double[])[Found, Bound + 0.1])
{
    Console.WriteLine($"notebook at {Text(notebook)}: strokes as a model of {Text(notebook - Bound * background + entropy)} knows them");
}

static int StrokesAround(ReadOnlySpan<byte> pixels, int row, int column)
{
    int strokes = 0;
    for (int y = Math.Max(0, row - 1); y <= Math.Min(Side - 1, row + 1); y++)
    {
        for (int x = Math.Max(0, column - 1); x <= Math.Min(Side - 1, column + 1); x++)
        {
            strokes += pixels[y * Side + x] > Dark ? 1 : 0;
        }
    }

    return strokes;
}
