using System.Runtime.InteropServices;
using TinyFlow.Cuda;
using TinyFlow.Cuda.Arguments;
using TinyFlow.Pointwise;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    /// <inheritdoc/>
    public void Pointwise<TOp>(Tensor x, Tensor y) where TOp : struct, IPointwise
    {
        PointwiseArguments arguments = new() { X = Address(x), Y = Address(y), Count = y.Count };
        arguments.Vectors = Quads.AreVectors(arguments.X, arguments.Y);
        Launch(PointwiseKernels<TOp>.Forward, LaunchGrid.Over(Quads.Count(y.Count)), arguments);
    }

    /// <inheritdoc/>
    public void PointwiseBackward<TOp>(Tensor x, Tensor y, Tensor dy, Sink dx) where TOp : struct, IPointwise
    {
        if (!dx.IsWanted)
        {
            return;
        }

        PointwiseBackwardArguments arguments = new() { X = Address(x), Y = Address(y), DY = Address(dy), Count = x.Count };
        (arguments.DX, arguments.Adds) = SinkAddress(dx);
        arguments.Vectors = Quads.AreVectors(arguments.X, arguments.Y, arguments.DY, arguments.DX);
        Launch(PointwiseKernels<TOp>.Backward, LaunchGrid.Over(Quads.Count(x.Count)), arguments);
    }

    /// <inheritdoc/>
    public void ScaleShift(Tensor x, double scale, double shift, Sink y)
    {
        if (!y.IsWanted)
        {
            return;
        }

        ScaleShiftArguments arguments = new() { X = Address(x), Scale = (float)scale, Shift = (float)shift, Count = x.Count };
        (arguments.Y, arguments.Adds) = SinkAddress(y);
        arguments.Vectors = Quads.AreVectors(arguments.X, arguments.Y);
        Launch("tf_scale_shift", LaunchGrid.Over(Quads.Count(x.Count)), arguments);
    }

    /// <summary>The names of an op's kernels, made once.</summary>
    private static class PointwiseKernels<TOp> where TOp : struct, IPointwise
    {
        public static readonly string Forward = $"tf_pointwise_{TOp.Name.ToLowerInvariant()}";
        public static readonly string Backward = $"{Forward}_backward";
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PointwiseArguments
    {
        public ulong X, Y;
        public long Count;
        public int Vectors;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PointwiseBackwardArguments
    {
        public ulong X, Y, DY, DX;
        public long Count;
        public int Vectors, Adds;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct ScaleShiftArguments
    {
        public ulong X, Y;
        public float Scale, Shift;
        public long Count;
        public int Vectors, Adds;
    }
}
