using System.Runtime.InteropServices;
using TinyFlow.Cuda;
using TinyFlow.Cuda.Arguments;
using TinyFlow.Pointwise;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    // TF_MOST_TERMS, TF_MOST_TENSORS, TF_MOST_MEANS and TF_MOST_COMBINATIONS of several.cu.
    private const int MostTerms = 16, MostTensors = 64, MostMeans = 8, MostCombinations = 8;

    // What a block sums in one go: few elements need no second launch to add up what blocks have summed.
    private const long FewElements = 16384;

    /// <inheritdoc/>
    public void Combine(ReadOnlySpan<Tensor> xs, ReadOnlySpan<double> weights, double shift, Tensor y)
    {
        if (xs.IsEmpty)
        {
            Fill(y, shift);
        }

        for (int first = 0; first < xs.Length; first += MostTerms)
        {
            int terms = Math.Min(MostTerms, xs.Length - first);
            CombineArguments arguments = new() { Y = Address(y), Count = y.Count, Shift = (float)shift, Terms = terms, Adds = first > 0 ? 1 : 0 };
            for (int i = 0; i < terms; i++)
            {
                arguments.X[i] = Address(xs[first + i]);
                arguments.Weights[i] = (float)weights[first + i];
            }

            Launch("tf_combine", LaunchGrid.Over(y.Count), arguments);
        }
    }

    /// <inheritdoc/>
    public void SumOf<TOp>(ReadOnlySpan<Tensor> xs, double scale, Tensor y) where TOp : struct, IPointwise
    {
        long elements = TotalOf(xs), parts = TensorsArgument.PartsOf(xs, elements);
        SumOfArguments arguments = new() { Result = Address(y), Factor = (float)scale };
        if (elements == 0)
        {
            Fill(y, 0);
        }
        else if (elements <= FewElements && xs.Length <= MostTensors)
        {
            arguments.Tensors = new TensorsArgument(xs, elements);
            Launch(SumOfKernels<TOp>.Forward, LaunchGrid.Blocks(1), arguments);
        }
        else
        {
            using Tensor sums = Scratch([checked((int)parts), 2]);
            arguments.ChunkSums = Address(sums);
            for (int first = 0; first < xs.Length; first += MostTensors)
            {
                arguments.Tensors = new TensorsArgument(xs[first..Math.Min(first + MostTensors, xs.Length)], elements);
                Launch(SumOfKernels<TOp>.Forward, LaunchGrid.Blocks(arguments.Tensors.Parts), arguments);
                arguments.ChunkSums += (ulong)arguments.Tensors.Parts * 2 * sizeof(float);
            }

            SumChunks(Address(sums), parts, scale, y);
        }
    }

    /// <inheritdoc/>
    public void SumOfBackward<TOp>(ReadOnlySpan<Tensor> xs, double scale, Tensor dy, ReadOnlySpan<Sink> dxs) where TOp : struct, IPointwise
    {
        long elements = TotalOf(xs);
        for (int first = 0; first < xs.Length; first += MostTensors)
        {
            ReadOnlySpan<Tensor> some = xs[first..Math.Min(first + MostTensors, xs.Length)];
            SumOfGradientArguments arguments = new() { Tensors = new TensorsArgument(some, elements), Dy = Address(dy), Factor = (float)scale };
            for (int i = 0; i < some.Length; i++)
            {
                (arguments.Dx[i], arguments.Adds[i]) = SinkAddress(dxs[first + i]);
                arguments.Tensors.Vectors &= Quads.AreVectors(arguments.Dx[i]);
            }

            Launch(SumOfKernels<TOp>.Backward, LaunchGrid.Blocks(arguments.Tensors.Parts), arguments);
        }
    }

    /// <inheritdoc/>
    public void CombineMeans(ReadOnlySpan<Tensor> xs, ReadOnlySpan<double> weights, ReadOnlySpan<double> shifts, Tensor y)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(xs.Length, MostMeans, nameof(xs));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shifts.Length, MostCombinations, nameof(shifts));
        CombineMeansArguments arguments = new() { Y = Address(y), Means = xs.Length, Combinations = shifts.Length };
        for (int k = 0; k < xs.Length; k++)
        {
            (arguments.X[k], arguments.Counts[k]) = (Address(xs[k]), xs[k].Count);
        }

        for (int j = 0; j < shifts.Length; j++)
        {
            arguments.Shifts[j] = (float)shifts[j];
            for (int k = 0; k < xs.Length; k++)
            {
                arguments.Factors[j * MostMeans + k] = (float)(weights[j * xs.Length + k] / xs[k].Count);
            }
        }

        Launch("tf_combine_means", LaunchGrid.Blocks(1), arguments);
    }

    /// <inheritdoc/>
    public void CombineMeansBackward(ReadOnlySpan<double> weights, Tensor dy, ReadOnlySpan<Sink> dxs)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dxs.Length, MostMeans, nameof(dxs));
        CombineMeansGradientArguments arguments = new() { Dy = Address(dy), Means = dxs.Length };
        long most = 0;
        for (int k = 0; k < dxs.Length; k++)
        {
            if (dxs[k].Tensor is { } dx)
            {
                (arguments.Dx[k], arguments.Adds[k]) = SinkAddress(dxs[k]);
                (arguments.Counts[k], arguments.Factors[k]) = (dx.Count, (float)(weights[k] / dx.Count));
                most = Math.Max(most, dx.Count);
            }
        }

        Launch("tf_combine_means_backward", LaunchGrid.Over(most), arguments);
    }

    private static long TotalOf(ReadOnlySpan<Tensor> xs)
    {
        long total = 0;
        foreach (Tensor x in xs)
        {
            total += x.Count;
        }

        return total;
    }

    /// <summary>y [] = factor · the sum of the chunks' sums.</summary>
    private void SumChunks(ulong sums, long chunks, double factor, Tensor y) => Launch("tf_sum_chunks", LaunchGrid.OverWarps(1), new SumChunksArguments
    {
        ChunkSums = sums,
        Result = Address(y),
        Results = 1,
        Chunks = chunks,
        Factor = (float)factor,
    });

    /// <summary>The names of an op's kernels, made once.</summary>
    private static class SumOfKernels<TOp> where TOp : struct, IPointwise
    {
        public static readonly string Forward = $"tf_sum_of_{TOp.Name.ToLowerInvariant()}";
        public static readonly string Backward = $"{Forward}_backward";
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct CombineArguments
    {
        public fixed ulong X[MostTerms];
        public fixed float Weights[MostTerms];
        public ulong Y;
        public long Count;
        public float Shift;
        public int Terms, Adds;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct CombineMeansArguments
    {
        public fixed ulong X[MostMeans];
        public fixed long Counts[MostMeans];
        public fixed float Factors[MostCombinations * MostMeans];
        public fixed float Shifts[MostCombinations];
        public ulong Y;
        public int Means, Combinations;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct CombineMeansGradientArguments
    {
        public fixed ulong Dx[MostMeans];
        public fixed long Counts[MostMeans];
        public fixed int Adds[MostMeans];
        public fixed float Factors[MostMeans];
        public ulong Dy;
        public int Means;
    }

    /// <summary>several.cu's tf_tensors: at most <see cref="MostTensors"/>, cut into parts by the number of all elements.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct TensorsArgument
    {
        private const long SmallestPart = 4096, EnoughParts = 2048;

        private fixed ulong _x[MostTensors];
        private fixed long _counts[MostTensors];
        private fixed int _firstParts[MostTensors];
        private readonly int _tensors;
        public readonly int Parts;
        private readonly int _part;
        public int Vectors;

        public TensorsArgument(ReadOnlySpan<Tensor> xs, long elements)
        {
            (_tensors, _part, Vectors) = (xs.Length, PartOf(elements), 1);
            for (int i = 0; i < xs.Length; i++)
            {
                (_x[i], _counts[i], _firstParts[i]) = (Address(xs[i]), xs[i].Count, Parts);
                Parts += checked((int)((xs[i].Count + _part - 1) / _part));
                Vectors &= Quads.AreVectors(_x[i]);
            }
        }

        /// <summary>The parts of all tensors.</summary>
        public static long PartsOf(ReadOnlySpan<Tensor> xs, long elements)
        {
            long part = PartOf(elements), parts = 0;
            foreach (Tensor x in xs)
            {
                parts += (x.Count + part - 1) / part;
            }

            return parts;
        }

        private static int PartOf(long elements) => checked((int)Math.Max(SmallestPart, elements / EnoughParts / SmallestPart * SmallestPart));
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct SumOfArguments
    {
        public TensorsArgument Tensors;
        public ulong ChunkSums, Result;
        public float Factor;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct SumOfGradientArguments
    {
        public TensorsArgument Tensors;
        public fixed ulong Dx[MostTensors];
        public fixed int Adds[MostTensors];
        public ulong Dy;
        public float Factor;
    }
}
