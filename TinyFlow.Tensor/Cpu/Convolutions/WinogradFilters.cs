using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>Transforms filters, by block of output channels: [block][6·6][C][channels of the block].</summary>
internal unsafe struct WinogradFilters<T> : IWork where T : struct, ILanes<T>
{
    private const int PlanePadding = 16, RunLength = 16, InputsAtOnce = 8;

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
    public static nint Length(in ConvolutionGeometry geometry) => Offset(geometry, Blocks(geometry));

    /// <summary>How many blocks there are.</summary>
    public static int Blocks(in ConvolutionGeometry geometry) => Parts.Count(Parts.Count(geometry.OutputChannels, T.Count), BlockProducts<T>.Vectors);

    /// <summary>The vectors of output channels of a block.</summary>
    public static (int First, int Count) VectorsOf(in ConvolutionGeometry geometry, int block)
    {
        int first = FirstVector(geometry, block);
        return (first, FirstVector(geometry, block + 1) - first);
    }

    /// <summary>Where a block begins: behind those before it.</summary>
    public static nint Offset(in ConvolutionGeometry geometry, int block) => WinogradTransforms<T>.Planes *
        ((nint)geometry.InputChannels * FirstVector(geometry, block) * T.Count + (nint)block * PlanePadding);

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
        int block = Parts.Holding(Parts.Count(_geometry.OutputChannels, T.Count), Blocks(_geometry), vector);
        (int firstVector, int vectors) = VectorsOf(_geometry, block);
        Transform(vector, firstVector, vectors, first, end, _planes + Offset(_geometry, block));
    }

    /// <summary>The filters of one block, of any vectors of output channels, to where they are wanted.</summary>
    public readonly void TransformBlock(int firstVector, int vectors, float* to)
    {
        for (int vector = firstVector; vector < firstVector + vectors; vector++)
        {
            Transform(vector, firstVector, vectors, 0, _geometry.InputChannels, to);
        }
    }

    private static int FirstVector(in ConvolutionGeometry geometry, int block) =>
        Parts.Start(Parts.Count(geometry.OutputChannels, T.Count), Blocks(geometry), block);

    [SkipLocalsInit]
    private readonly void Transform(int vector, int firstVector, int vectors, int firstInput, int endInput, float* blockPlanes)
    {
        int output = vector * T.Count, present = Math.Min(T.Count, _geometry.OutputChannels - output), columns = vectors * T.Count;
        nint planeStride = Plane(_geometry, columns);
        float* planes = blockPlanes + (vector - firstVector) * T.Count;
        float* taps = stackalloc float[InputsAtOnce * FilterView.Taps * T.Count];
        if (present < T.Count)
        {
            new Span<float>(taps, InputsAtOnce * FilterView.Taps * T.Count).Clear();
        }

        foreach ((int start, int inputs) in Parts.Of(endInput - firstInput, InputsAtOnce))
        {
            int input = firstInput + start;
            _filters.Gather(output, present, input, inputs, taps, T.Count);
            for (int i = 0; i < inputs; i++)
            {
                WinogradTransforms<T>.Filter(taps + i * FilterView.Taps * T.Count, planes + (nint)(input + i) * columns, planeStride);
            }
        }
    }
}
