using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>Transforms filters, by block of output channels: [block][6·6][C][channels of the block].</summary>
internal unsafe struct WinogradFilters<T> : IWork where T : struct, ILanes<T>
{
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
        (nint)WinogradTransforms<T>.Planes * geometry.InputChannels * Parts.RoundUp(geometry.OutputChannels, T.Count);

    /// <summary>One piece an input channel.</summary>
    public readonly int Pieces => _geometry.InputChannels;

    /// <inheritdoc/>
    [SkipLocalsInit]
    public readonly void Run(int piece, int worker)
    {
        float* taps = stackalloc float[9 * T.Count];
        int vectors = Parts.Count(_geometry.OutputChannels, T.Count), blocks = Parts.Count(vectors, BlockProducts<T>.Vectors);
        float* planes = _planes;
        for (int block = 0; block < blocks; block++)
        {
            int first = Parts.Start(vectors, blocks, block), count = Parts.Start(vectors, blocks, block + 1) - first, columns = count * T.Count;
            nint planeStride = (nint)_geometry.InputChannels * columns;
            for (int vector = 0; vector < count; vector++)
            {
                int output = (first + vector) * T.Count, present = Math.Min(T.Count, _geometry.OutputChannels - output);
                for (int tap = 0; tap < 9; tap++)
                {
                    float* from = _filters.At(output, piece, tap / 3, tap % 3), to = taps + tap * T.Count;
                    for (int k = 0; k < T.Count; k++)
                    {
                        to[k] = k < present ? from[k * _filters.OutputStride] : 0;
                    }
                }

                WinogradTransforms<T>.Filter(taps, planes + (nint)piece * columns + vector * T.Count, planeStride);
            }

            planes += WinogradTransforms<T>.Planes * planeStride;
        }
    }
}
