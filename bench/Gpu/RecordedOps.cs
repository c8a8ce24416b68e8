using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using TinyFlow;
using TinyFlow.Cuda;
using TinyFlow.Tests.Ops;

namespace Bench.Gpu;

/// <summary>How a row of the table of ops compares with its record: values, then the gradient of each operand.</summary>
/// <param name="Name">The row.</param>
/// <param name="IsPromised">Whether it must be the same to the bit.</param>
/// <param name="IsSame">Whether it is.</param>
/// <param name="LargestError">The largest difference, in units of the largest magnitude of its tensor, or of 1.</param>
/// <param name="Allowed">What may differ.</param>
/// <param name="Reason">Why it may.</param>
/// <param name="IsGood">Whether it is as promised.</param>
internal sealed record OpComparison(string Name, bool IsPromised, bool IsSame, double LargestError, double Allowed, string Reason, bool IsGood);

/// <summary>All comparisons.</summary>
internal sealed record OpComparisons(int Rows, int Same, int Good, IReadOnlyList<OpComparison> Others);

/// <summary>
/// The table of ops as computed elsewhere: by the emulator of a GPU, whose kernels are the same. Of a large tensor the record
/// has a hash of all numbers and some of them: it has to travel.
/// </summary>
internal static class RecordedOps
{
    private const int MostValues = 1 << 12;

    // What cuBLAS and cuDNN compute, in an order of their own, or what convolutions are a part of. All others are our kernels,
    // fused and ordered by the source alone.
    private static readonly string[] OfLibraries = ["MatMul", "Conv2D", "BatchNorm", "convolutions", " net"];

    /// <summary>Computes all rows and writes them to a file.</summary>
    public static void Record(FileInfo file)
    {
        using CudaBackend backend = new();
        using FileStream stream = file.Create();
        using BinaryWriter writer = new(new GZipStream(stream, CompressionLevel.Optimal));
        writer.Write(All.Count);
        foreach (OpCase row in All)
        {
            writer.Write(row.Name);
            double[][] tensors = Of(row, backend);
            writer.Write(tensors.Length);
            foreach (double[] values in tensors)
            {
                float[] sample = Sample(values);
                writer.Write(Hash(values));
                writer.Write(sample.Length);
                foreach (float value in sample)
                {
                    writer.Write(value);
                }
            }
        }
    }

    /// <summary>Computes all rows that a file has, and compares.</summary>
    public static OpComparisons Compare(FileInfo file)
    {
        using CudaBackend backend = new();
        using BinaryReader reader = new(new GZipStream(file.OpenRead(), CompressionMode.Decompress));
        List<OpComparison> comparisons = [];
        for (int rows = reader.ReadInt32(); rows > 0; rows--)
        {
            string name = reader.ReadString();
            (byte[] Hash, float[] Sample)[] expected = new (byte[], float[])[reader.ReadInt32()];
            foreach (ref (byte[] Hash, float[] Sample) tensor in expected.AsSpan())
            {
                tensor.Hash = reader.ReadBytes(SHA256.HashSizeInBytes);
                tensor.Sample = new float[reader.ReadInt32()];
                foreach (ref float value in tensor.Sample.AsSpan())
                {
                    value = reader.ReadSingle();
                }
            }

            comparisons.Add(Compare(OpCases.Named(name), expected, backend));
        }

        return new OpComparisons(
            comparisons.Count, comparisons.Count(row => row.IsSame), comparisons.Count(row => row.IsGood), [.. comparisons.Where(row => !row.IsSame)]);
    }

    private static IReadOnlyList<OpCase> All { get; } = [.. OpCases.Small, .. OpCases.Large];

    private static double[][] Of(OpCase row, CudaBackend backend)
    {
        OpRun run = OpRun.Of(row, backend);
        return [run.Value, .. run.Gradients];
    }

    // One row that fails must not hide how the others do.
    private static OpComparison Compare(OpCase row, (byte[] Hash, float[] Sample)[] expected, CudaBackend backend)
    {
        try
        {
            return Compare(row, expected, Of(row, backend));
        }
        catch (Exception exception) when (exception is CudaException or InsufficientMemoryException)
        {
            return new OpComparison(row.Name, IsPromised: false, IsSame: false, double.PositiveInfinity, 0, exception.Message, IsGood: false);
        }
    }

    private static OpComparison Compare(OpCase row, (byte[] Hash, float[] Sample)[] expected, double[][] found)
    {
        bool isPromised = !OfLibraries.Any(op => row.Name.Contains(op, StringComparison.Ordinal)), isSame = true;
        double largest = 0;
        foreach (((byte[] hash, float[] a), double[] values) in expected.Zip(found))
        {
            isSame &= hash.SequenceEqual(Hash(values));
            float[] b = Sample(values);
            double unit = Math.Max(1, a.Select(Math.Abs).DefaultIfEmpty().Max());
            for (int i = 0; i < a.Length; i++)
            {
                double error = Math.Abs((double)a[i] - b[i]) / unit;
                largest = a[i].Equals(b[i]) ? largest : Math.Max(largest, error); // Which keeps NaN.
            }
        }

        // Two float32 results, each as far from the truth as the table allows.
        double allowed = isPromised ? 0 : 2 * row.Tolerance.Value;
        return new OpComparison(row.Name, isPromised, isSame, largest, allowed, isPromised ? "the same operations in the same order" : row.Tolerance.Reason, isSame || (!isPromised && largest <= allowed));
    }

    private static byte[] Hash(double[] values) => SHA256.HashData(MemoryMarshal.AsBytes(Array.ConvertAll(values, value => (float)value).AsSpan()));

    private static float[] Sample(double[] values)
    {
        // One of each so many, at a place that changes: even steps would meet the same column of an image, or tap of a filter, again and again.
        const long Multiplier = 2_654_435_761;
        int stride = Math.Max(1, values.Length / MostValues);
        return [.. values.Where((_, i) => i % stride == i / stride * Multiplier % stride).Select(value => (float)value)];
    }
}
