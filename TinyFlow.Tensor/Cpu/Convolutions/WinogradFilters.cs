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
        WinogradTransforms<T>.Planes * ((nint)geometry.InputChannels * Parts.RoundUp(geometry.OutputChannels, T.Count) + PlanePadding * Parts.Count(geometry.OutputChannels, T.Count));

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
        int vectors = Parts.Count(_geometry.OutputChannels, T.Count), blocks = Parts.Count(vectors, BlockProducts<T>.Vectors), block = 0;
        float* planes = _planes;
        while (Parts.Start(vectors, blocks, block + 1) <= vector)
        {
            planes += WinogradTransforms<T>.Planes * Plane(_geometry, Columns(vectors, blocks, block++));
        }

        int columns = Columns(vectors, blocks, block), output = vector * T.Count, present = Math.Min(T.Count, _geometry.OutputChannels - output);
        nint planeStride = Plane(_geometry, columns);
        planes += (vector - Parts.Start(vectors, blocks, block)) * T.Count;
        float* taps = stackalloc float[FilterView.Taps * T.Count];
        new Span<float>(taps, FilterView.Taps * T.Count).Clear();
        for (int input = first; input < end; input++)
        {
            _filters.Gather(output, present, input, taps, T.Count);
            WinogradTransforms<T>.Filter(taps, planes + (nint)input * columns, planeStride);
        }
    }

    private static int Columns(int vectors, int blocks, int block) => (Parts.Start(vectors, blocks, block + 1) - Parts.Start(vectors, blocks, block)) * T.Count;
}
