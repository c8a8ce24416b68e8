using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>
/// The gradients with respect to a 3x3 weight and the bias, stride 1, as F(3x3, 4x4): both x and dy are transformed, 36
/// products [C × tiles]·[tiles × K] add up over a chunk of tiles, and their sum is transformed back once a chunk.
/// </summary>
internal unsafe struct WinogradWeightGradient<T> : IWork where T : struct, ILanes<T>
{
    /// <summary>
    /// The fewest tiles that are worth two chunks, each of which costs a transformation back and a sum more, about a fifth of
    /// what a chunk of 32 tiles costs. One alone would leave all threads but one without work.
    /// </summary>
    public const int FewestTiles = 64;

    private const int BandBytes = 448 << 10;
    private const int PlanePadding = 16;
    private const int TilesPerChunk = 128;
    private const int ChunksTogether = 2;
    private const int MostChunks = 64;

    private readonly ConvolutionGeometry _geometry;
    private readonly WinogradTiles _tiles;
    private readonly ActivationView _x;
    private readonly ActivationView _dy;
    private readonly WeightGradientParts _parts;
    private readonly float* _scratch;
    private readonly nint _scratchStride;

    /// <summary>The work; the geometry is the forward one, x and dy are channels last.</summary>
    public WinogradWeightGradient(in ConvolutionGeometry geometry, ActivationView x, ActivationView dy, WeightGradientParts parts, float* scratch)
    {
        _geometry = geometry;
        _tiles = new WinogradTiles(geometry);
        _x = x;
        _dy = dy;
        _parts = parts;
        _scratch = scratch;
        _scratchStride = ScratchLength(geometry);
    }

    /// <summary>Into how many chunks the tiles of all images are cut, by the shape alone.</summary>
    public static int Chunks(in ConvolutionGeometry geometry) =>
        Math.Clamp(Parts.RoundUp(new WinogradTiles(geometry).Count / TilesPerChunk, ChunksTogether), ChunksTogether, MostChunks);

    /// <summary>Scratch memory of one worker, in floats.</summary>
    public static nint ScratchLength(in ConvolutionGeometry geometry)
    {
        int tiles = BandTiles(geometry);
        return WinogradTiles.ZerosLength<T>(geometry) +
            WinogradTransforms<T>.Planes * (Plane(tiles, PaddedInputs(geometry)) + Plane(tiles, PaddedOutputs(geometry)) + SumPlane(geometry));
    }

    /// <inheritdoc/>
    [SkipLocalsInit]
    public readonly void Run(int piece, int worker)
    {
        int first = Parts.Start(_tiles.Count, _parts.Chunks, piece), end = Parts.Start(_tiles.Count, _parts.Chunks, piece + 1);
        int bands = Parts.Count(end - first, BandTiles(_geometry)), inputs = PaddedInputs(_geometry), outputs = PaddedOutputs(_geometry);
        nint inputPlane = Plane(BandTiles(_geometry), inputs), outputPlane = Plane(BandTiles(_geometry), outputs), sumPlane = SumPlane(_geometry);
        float* zeros = _scratch + worker * _scratchStride, x = zeros + WinogradTiles.ZerosLength<T>(_geometry);
        float* dy = x + WinogradTransforms<T>.Planes * inputPlane, sums = dy + WinogradTransforms<T>.Planes * outputPlane;
        new Span<float>(zeros, WinogradTiles.ZerosLength<T>(_geometry)).Clear();
        new Span<float>(_parts.Bias(piece), _parts.BiasLength).Clear();
        for (int band = 0; band < bands; band++)
        {
            int bandFirst = first + Parts.Start(end - first, bands, band), bandEnd = first + Parts.Start(end - first, bands, band + 1);
            _tiles.TransformInput<T>(_x, bandFirst, bandEnd, zeros, inputs, x, inputs, inputPlane);
            TransformOutputGradient(bandFirst, bandEnd, dy, outputPlane, _parts.Bias(piece));
            Multiply(x, inputPlane, dy, outputPlane, sums, sumPlane, bandFirst, bandEnd, band > 0);
        }

        TransformBack(sums, sumPlane, _parts.Weight(piece));
    }

    private static int PaddedInputs(in ConvolutionGeometry geometry) => Parts.RoundUp(geometry.InputChannels, T.Count);

    private static int PaddedOutputs(in ConvolutionGeometry geometry) => Parts.RoundUp(geometry.OutputChannels, T.Count);

    private static int BandTiles(in ConvolutionGeometry geometry) => Math.Clamp(
        BandBytes / (WinogradTransforms<T>.Planes * sizeof(float) * (PaddedInputs(geometry) + PaddedOutputs(geometry))), 16, 98);

    private static nint Plane(int tiles, int channels) => (nint)tiles * channels + PlanePadding;

    private static nint SumPlane(in ConvolutionGeometry geometry) => (nint)geometry.InputChannels * PaddedOutputs(geometry) + PlanePadding;

    private readonly void TransformOutputGradient(int first, int end, float* planes, nint planeStride, float* biasSums)
    {
        int outputs = PaddedOutputs(_geometry);
        for (int tile = first; tile < end; tile++)
        {
            _tiles.TransformOutputGradient<T>(_dy, tile, 0, outputs / T.Count, planes + (nint)(tile - first) * outputs, planeStride, biasSums);
        }
    }

    private readonly void Multiply(
        float* x, nint inputPlane, float* dy, nint outputPlane, float* sums, nint sumPlane, int first, int end, bool adds)
    {
        int inputs = PaddedInputs(_geometry), outputs = PaddedOutputs(_geometry), vectors = outputs / T.Count;
        float* left;
        BlockOperands operands = new()
        {
            Left = &left,
            Segments = 1,
            RowStride = 1,
            StepStride = inputs,
            ColumnStride = outputs,
            ResultStride = outputs,
            Adds = adds,
        };
        for (int plane = 0; plane < WinogradTransforms<T>.Planes; plane++)
        {
            (int planeFirst, int planeEnd) = _tiles.InPlane(plane, first, end);
            int skipped = planeFirst - first;
            operands.Steps = Math.Max(0, planeEnd - planeFirst);
            foreach ((int firstVector, int count) in Parts.Of(vectors, BlockProducts<T>.Vectors))
            {
                operands.Right = dy + plane * outputPlane + (nint)skipped * outputs + firstVector * T.Count;
                foreach ((int c, int rows) in Parts.Of(_geometry.InputChannels, BlockProducts<T>.Rows))
                {
                    left = x + plane * inputPlane + (nint)skipped * inputs + c;
                    operands.Result = sums + plane * sumPlane + (nint)c * outputs + firstVector * T.Count;
                    BlockProducts<T>.For(rows, count)(&operands);
                }
            }
        }
    }

    // To the layout of the parts, [R, S·C, K].
    private readonly void TransformBack(float* sums, nint sumPlane, float* weight)
    {
        int outputs = PaddedOutputs(_geometry), channels = _geometry.InputChannels;
        for (int c = 0; c < channels; c++)
        {
            for (int k = 0; k < outputs; k += T.Count)
            {
                WinogradTransforms<T>.FilterGradient(
                    sums + (nint)c * outputs + k, sumPlane, weight + (nint)c * outputs + k, 3 * (nint)channels * outputs, (nint)channels * outputs);
            }
        }
    }
}
