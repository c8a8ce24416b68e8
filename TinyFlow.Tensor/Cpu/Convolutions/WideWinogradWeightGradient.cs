using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;
using TinyFlow.Memory;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>
/// The gradients with respect to a 3x3 weight and the bias, stride 1, as F(3x3, 4x4): x and dy are transformed, 36
/// products [C × tiles]·[tiles × K] add up chunk by chunk of tiles, and their sums are transformed back once.
/// A sum over tiles is one chain in the order of the tiles, so threads and blocks cannot change a result.
/// For many channels, and for few tiles: <see cref="WinogradWeightGradient{T}"/> adds all 36 sums up band by band, which is worth
/// it while they fit into a core's cache, and shares chunks of tiles among threads; here each plane is multiplied on its own, over
/// all tiles at once, and planes are what threads share.
/// </summary>
internal static unsafe class WideWinogradWeightGradient<T> where T : struct, ILanes<T>
{
    // Pairs of channels whose 36 sums a core's second-level cache can hold: one of 1 MB or more where vectors have 512 bits, else of 512 KB.
    private static int MostPairs => T.Count == 16 ? 96 * 64 : 48 * 48;

    /// <summary>Whether this way is the faster one: for many channels, and for too few tiles to be cut into chunks.</summary>
    public static bool Suits(in ConvolutionGeometry geometry) =>
        Parts.RoundUp(geometry.InputChannels, T.Count) * Parts.RoundUp(geometry.OutputChannels, T.Count) > MostPairs ||
        new WinogradTiles(geometry).Count < WinogradWeightGradient<T>.FewestTiles;

    /// <summary>Computes both; x and dy are channels last, the geometry is the forward one. A bias that is not wanted is null.</summary>
    public static void Run(
        WorkerPool workers, NativePool pool, in ConvolutionGeometry geometry, ActivationView x, ActivationView dy,
        float* weight, bool weightAdds, float* bias, bool biasAdds)
    {
        using ScratchMemory memory = new(pool, new WideWinogradPlanes<T>(geometry, null).Length, "a weight gradient");
        WideWinogradPlanes<T> planes = new(geometry, memory.Data);
        new Span<float>(planes.Zeros, planes.ZerosLength).Clear();
        for (int chunk = 0; chunk < planes.Chunks; chunk++)
        {
            workers.Run(planes.GroupsPerChunk, new Transform(planes, x, dy, chunk));
            workers.Run(WinogradTransforms<T>.Planes * planes.Blocks, new Products(geometry, planes, chunk));
        }

        BackTransform back = new(geometry, planes, weight, weightAdds, bias, biasAdds);
        workers.Run(back.Pieces, back);
    }

    /// <summary>One piece a group of tiles.</summary>
    private readonly struct Transform(WideWinogradPlanes<T> planes, ActivationView x, ActivationView dy, int chunk) : IWork
    {
        [SkipLocalsInit]
        public void Run(int piece, int worker)
        {
            int start = planes.FirstTile(chunk), tiles = planes.FirstTile(chunk + 1) - start;
            int first = Parts.Start(tiles, planes.GroupsPerChunk, piece), end = Parts.Start(tiles, planes.GroupsPerChunk, piece + 1);
            float* bias = planes.BiasPart(chunk, piece);
            new Span<float>(bias, planes.PaddedOutputs).Clear();
            planes.Tiles.TransformInput<T>(
                x, start + first, start + end, planes.Zeros, planes.PaddedInputs, planes.Inputs + first * planes.InputStride, planes.InputStride, planes.InputPlane);
            for (int tile = first; tile < end; tile++)
            {
                for (int block = 0; block < planes.Blocks; block++)
                {
                    int vector = planes.FirstVector(block), vectors = planes.FirstVector(block + 1) - vector;
                    planes.Tiles.TransformOutputGradient<T>(
                        dy, start + tile, vector, vectors, planes.OutputBlock(0, block) + (nint)tile * vectors * T.Count, planes.OutputPlane, bias);
                }
            }
        }
    }

    /// <summary>One piece a plane and block of output channels.</summary>
    private readonly struct Products(ConvolutionGeometry geometry, WideWinogradPlanes<T> planes, int chunk) : IWork
    {
        [SkipLocalsInit]
        public void Run(int piece, int worker)
        {
            (int plane, int block) = Math.DivRem(piece, planes.Blocks);
            int vectors = planes.FirstVector(block + 1) - planes.FirstVector(block), columns = vectors * T.Count;
            int start = planes.FirstTile(chunk);
            (int first, int end) = planes.Tiles.InPlane(plane, start, planes.FirstTile(chunk + 1));
            float* left, inputs = planes.Inputs + plane * planes.InputPlane + (first - start) * planes.InputStride, sums = planes.SumBlock(plane, block);
            BlockOperands operands = new()
            {
                Left = &left,
                Segments = 1,
                Steps = Math.Max(0, end - first),
                RowStride = 1,
                StepStride = planes.InputStride,
                Right = planes.OutputBlock(plane, block) + (nint)(first - start) * columns,
                ColumnStride = columns,
                ResultStride = columns,
                Adds = chunk > 0,
            };
            foreach ((int channel, int rows) in Parts.Of(geometry.InputChannels, BlockProducts<T>.Rows))
            {
                left = inputs + channel;
                operands.Result = sums + (nint)channel * columns;
                BlockProducts<T>.For(rows, vectors)(&operands);
            }
        }
    }

    /// <summary>To weight [K, C, 3, 3] and bias [K]. Piece 0 is the bias, the others are a vector of output channels and a run of input channels each.</summary>
    private readonly struct BackTransform(
        ConvolutionGeometry geometry, WideWinogradPlanes<T> planes, float* weight, bool weightAdds, float* bias, bool biasAdds) : IWork
    {
        private const int Taps = 9, RunLength = 16;

        public int Pieces => 1 + planes.PaddedOutputs / T.Count * Runs;

        private int Runs => Parts.Count(geometry.InputChannels, RunLength);

        [SkipLocalsInit]
        public void Run(int piece, int worker)
        {
            if (piece == 0)
            {
                AddBias();
                return;
            }

            (int vector, int run) = Math.DivRem(piece - 1, Runs);
            int block = planes.BlockOf(vector), firstVector = planes.FirstVector(block), columns = (planes.FirstVector(block + 1) - firstVector) * T.Count;
            int first = Parts.Start(geometry.InputChannels, Runs, run), count = Parts.Start(geometry.InputChannels, Runs, run + 1) - first;
            float* sums = planes.SumBlock(0, block) + (nint)first * columns + (vector - firstVector) * T.Count;
            float* taps = stackalloc float[RunLength * Taps * T.Count];
            for (int i = 0; i < count; i++)
            {
                WinogradTransforms<T>.FilterGradient(sums + (nint)i * columns, planes.SumPlane, taps + i * Taps * T.Count, 3 * T.Count, T.Count);
            }

            int channel = vector * T.Count, present = Math.Min(T.Count, geometry.OutputChannels - channel);
            nint outputStride = (nint)geometry.InputChannels * Taps;
            Transposition.Run(taps, T.Count, weight + channel * outputStride + first * Taps, outputStride, count * Taps, present, weightAdds);
        }

        private void AddBias()
        {
            for (int k = 0; bias is not null && k < geometry.OutputChannels; k++)
            {
                float sum = 0;
                for (int chunk = 0; chunk < planes.Chunks; chunk++)
                {
                    for (int group = 0; group < planes.GroupsPerChunk; group++)
                    {
                        sum += planes.BiasPart(chunk, group)[k];
                    }
                }

                bias[k] = biasAdds ? bias[k] + sum : sum;
            }
        }
    }
}
