using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>Transforms filters, by block of output channels: [block][6·6][C][channels of the block].</summary>
internal unsafe struct WinogradFilters<T> : IWork where T : struct, ILanes<T>
{
    private const int PlanePadding = 16, RunLength = 16;

    private readonly ConvolutionGeometry _geometry;
    private readonly FilterView _filters;
    private readonly float* _planes;

    public WinogradFilters(in ConvolutionGeometry geometry, FilterView filters, float* planes)
    {
        _geometry = geometry;
        _filters = filters;
        _planes = planes;
    }

    /// <summary>The length of transformed filters, in floats.</summary>
    public static nint Length(in ConvolutionGeometry geometry) =>
        Offset(geometry, Parts.Count(geometry.OutputChannels, T.Count), Blocks(geometry));

    /// <summary>The distance between planes of a block of so many output channels: a cache line more than they take, so that planes do not fall into the same sets of a cache.</summary>
    public static nint Plane(in ConvolutionGeometry geometry, int columns) => (nint)geometry.InputChannels * columns + PlanePadding;

    /// <summary>One piece a vector of output channels and a run of input channels.</summary>
    public readonly int Pieces => Parts.Count(_geometry.OutputChannels, T.Count) * Runs;

    private readonly int Runs => Parts.Count(_geometry.InputChannels, RunLength);

    /// <inheritdoc/>
    [SkipLocalsInit]
    public readonly void Run(int piece, int worker)
    {
        (int vector, int run) = Math.DivRem(piece, Runs);
        int first = Parts.Start(_geometry.InputChannels, Runs, run), end = Parts.Start(_geometry.InputChannels, Runs, run + 1);
        int vectors = Parts.Count(_geometry.OutputChannels, T.Count), blocks = Blocks(_geometry), block = Parts.Holding(vectors, blocks, vector);
        int firstVector = Parts.Start(vectors, blocks, block), columns = (Parts.Start(vectors, blocks, block + 1) - firstVector) * T.Count;
        int output = vector * T.Count, present = Math.Min(T.Count, _geometry.OutputChannels - output);
        nint planeStride = Plane(_geometry, columns);
        float* planes = _planes + Offset(_geometry, firstVector, block) + (vector - firstVector) * T.Count;
        float* taps = stackalloc float[FilterView.Taps * T.Count];
        new Span<float>(taps, FilterView.Taps * T.Count).Clear();
        for (int input = first; input < end; input++)
        {
            _filters.Gather(output, present, input, taps, T.Count);
            WinogradTransforms<T>.Filter(taps, planes + (nint)input * columns, planeStride);
        }
    }

    private static int Blocks(in ConvolutionGeometry geometry) => Parts.Count(Parts.Count(geometry.OutputChannels, T.Count), BlockProducts<T>.Vectors);

    // What lies before a block: so many blocks, which have so many vectors.
    private static nint Offset(in ConvolutionGeometry geometry, int vectors, int blocks) =>
        WinogradTransforms<T>.Planes * ((nint)geometry.InputChannels * vectors * T.Count + (nint)blocks * PlanePadding);
}
