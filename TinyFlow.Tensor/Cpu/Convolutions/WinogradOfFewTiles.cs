using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;
using TinyFlow.Memory;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>
/// A Winograd convolution of so few tiles that its filters are most of the work, as of a single small image by many
/// channels: each worker transforms the filters of a block of output channels and multiplies all tiles by them at once, while they
/// are in its cache. All filters together would go to memory, where they are four times as large, and come back.
/// The results are those of <see cref="WinogradConvolution{T}"/> to the bit.
/// </summary>
internal static unsafe class WinogradOfFewTiles<T> where T : struct, ILanes<T>
{
    // A few blocks of rows of a product.
    private const int MostTiles = 24;

    /// <summary>Whether this way is the faster one: there are few tiles, and blocks of output channels enough for all workers.</summary>
    public static bool Suits(in ConvolutionGeometry geometry, int workers) =>
        new WinogradTiles(geometry).Count <= MostTiles && WinogradFilters<T>.Blocks(geometry) >= 2 * workers;

    /// <summary>The convolution; input channels last, bias of whole vectors or null.</summary>
    public static void Run(
        WorkerPool workers, NativePool pool, in ConvolutionGeometry geometry, ActivationView input, FilterView filters, float* bias, ActivationView output, bool adds)
    {
        int tiles = new WinogradTiles(geometry).Count, columns = BlockProducts<T>.Vectors * T.Count;
        nint zeros = WinogradConvolution<T>.ZerosLength(geometry), inputPlane = WinogradConvolution<T>.InputPlane(geometry, tiles);
        nint filterLength = WinogradTransforms<T>.Planes * WinogradFilters<T>.Plane(geometry, columns);
        nint perWorker = filterLength + WinogradConvolution<T>.ProductsLength(tiles);
        using ScratchMemory memory = new(pool, zeros + WinogradTransforms<T>.Planes * inputPlane + workers.Count * perWorker, "a convolution");
        float* inputs = memory.Data + zeros, scratch = inputs + WinogradTransforms<T>.Planes * inputPlane;
        new Span<float>(memory.Data, (int)zeros).Clear();
        workers.Run(tiles, new Inputs(geometry, input, memory.Data, inputs, inputPlane));
        WinogradConvolution<T> convolution = new(geometry, input, null, bias, output, adds, null, workers.Count);
        workers.Run(WinogradFilters<T>.Blocks(geometry), new Block(convolution, new WinogradFilters<T>(geometry, filters, null), tiles, inputs, inputPlane, scratch, filterLength, perWorker));
    }

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
        WinogradConvolution<T> convolution, WinogradFilters<T> filters, int tiles, float* inputs, nint inputPlane, float* scratch, nint filterLength, nint perWorker) : IWork
    {
        [SkipLocalsInit]
        public void Run(int piece, int worker)
        {
            float* own = scratch + worker * perWorker;
            filters.TransformBlock(piece, own);
            convolution.RunBlock(piece, inputs, inputPlane, own, own + filterLength, WinogradConvolution<T>.OutputPlane(tiles), 0, tiles);
        }
    }
}
