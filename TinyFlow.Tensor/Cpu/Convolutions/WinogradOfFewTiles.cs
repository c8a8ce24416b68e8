using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;
using TinyFlow.Memory;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>
/// A Winograd convolution of so few tiles that its filters are most of the work, as of a single small image by many
/// channels: each worker transforms the filters of a block of output channels and multiplies all tiles by them at once, before they
/// leave its caches. All filters together would go to memory, where they are four times as large, and come back.
/// The results are those of <see cref="WinogradConvolution{T}"/> to the bit.
/// </summary>
internal static unsafe class WinogradOfFewTiles<T> where T : struct, ILanes<T>
{
    // As many as a band of the other way has by 64 channels: below, its filters serve less than one band.
    private const int MostTiles = 24;

    // What the filters of a block may take: about a second-level cache of 512 KB, from which some spills into the next.
    private const int MostBytes = 640 << 10;

    /// <summary>Whether this way is the faster one: there are few tiles, and blocks of output channels enough for all workers.</summary>
    public static bool Suits(in ConvolutionGeometry geometry, int workers) =>
        new WinogradTiles(geometry).Count <= MostTiles && BlockBytes(geometry, 1) <= MostBytes && Blocks(geometry) >= 2 * workers;

    /// <summary>The convolution; input channels last, bias of whole vectors or null.</summary>
    public static void Run(
        WorkerPool workers, NativePool pool, in ConvolutionGeometry geometry, ActivationView input, FilterView filters, float* bias, ActivationView output, bool adds)
    {
        int tiles = new WinogradTiles(geometry).Count, zeros = WinogradTiles.ZerosLength<T>(geometry);
        nint inputPlane = WinogradConvolution<T>.InputPlane(geometry, tiles), filterLength = BlockBytes(geometry, MostVectors(geometry)) / sizeof(float);
        nint perWorker = filterLength + WinogradConvolution<T>.ProductsLength(tiles);
        using ScratchMemory memory = new(pool, zeros + WinogradTransforms<T>.Planes * inputPlane + workers.Count * perWorker, "a convolution");
        float* inputs = memory.Data + zeros, scratch = inputs + WinogradTransforms<T>.Planes * inputPlane;
        new Span<float>(memory.Data, zeros).Clear();
        workers.Run(tiles, new Inputs(geometry, input, memory.Data, inputs, inputPlane));
        WinogradConvolution<T> convolution = new(geometry, input, null, bias, output, adds, null, workers.Count);
        WinogradFilters<T> transform = new(geometry, filters, null);
        workers.Run(Blocks(geometry), new Block(geometry, convolution, transform, tiles, inputs, inputPlane, scratch, filterLength, perWorker));
    }

    private static int Vectors(in ConvolutionGeometry geometry) => Parts.Count(geometry.OutputChannels, T.Count);

    private static int Blocks(in ConvolutionGeometry geometry) => Parts.Count(Vectors(geometry), MostVectors(geometry));

    // No more than a product's block has columns.
    private static int MostVectors(in ConvolutionGeometry geometry) => Math.Clamp((int)(MostBytes / BlockBytes(geometry, 1)), 1, BlockProducts<T>.Vectors);

    private static nint BlockBytes(in ConvolutionGeometry geometry, int vectors) =>
        WinogradTransforms<T>.Planes * WinogradFilters<T>.Plane(geometry, vectors * T.Count) * sizeof(float);

    /// <summary>One piece a tile.</summary>
    private readonly struct Inputs(ConvolutionGeometry geometry, ActivationView input, float* zeros, float* planes, nint planeStride) : IWork
    {
        public void Run(int piece, int worker)
        {
            int padded = Parts.RoundUp(geometry.InputChannels, T.Count);
            new WinogradTiles(geometry).TransformInput<T>(input, piece, piece + 1, zeros, padded, planes + (nint)piece * padded, padded, planeStride);
        }
    }

    /// <summary>One piece a block of output channels.</summary>
    private readonly struct Block(
        ConvolutionGeometry geometry, WinogradConvolution<T> convolution, WinogradFilters<T> filters,
        int tiles, float* inputs, nint inputPlane, float* scratch, nint filterLength, nint perWorker) : IWork
    {
        [SkipLocalsInit]
        public void Run(int piece, int worker)
        {
            int all = Vectors(geometry), blocks = Blocks(geometry), first = Parts.Start(all, blocks, piece), vectors = Parts.Start(all, blocks, piece + 1) - first;
            float* own = scratch + worker * perWorker;
            filters.TransformBlock(first, vectors, own);
            convolution.RunBlock(first, vectors, inputs, inputPlane, own, own + filterLength, WinogradConvolution<T>.OutputPlane(tiles), 0, tiles);
        }
    }
}
