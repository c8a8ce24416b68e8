using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>
/// Where a Winograd weight gradient keeps what lies between its three passes: for a chunk of tiles the transformed x,
/// [6·6][tile][C], and dy, [6·6][block of K][tile][channels of the block]; the sums of their products, [6·6][block of K][C][channels
/// of the block]; and the sums of dy for the bias, [group of tiles][K].
/// </summary>
internal readonly unsafe struct WideWinogradPlanes<T> where T : struct, ILanes<T>
{
    /// <summary>Tiles that are transformed as one piece, and whose share of the bias is added up first.</summary>
    public const int TilesPerGroup = 8;

    // So many tiles make the sums' way from memory and back small beside the products, and a chunk's planes stay in a
    // shared cache. A fixed number: what is added to what does not depend on the machine.
    private const int MostTiles = 256;

    // Channel counts are powers of two, as a rule. A cache line more between tiles and between planes keeps them from
    // falling into the same few sets of a cache.
    private const int Padding = 16;

    private readonly int _inputChannels;

    public WideWinogradPlanes(in ConvolutionGeometry geometry, float* memory)
    {
        Tiles = new WinogradTiles(geometry);
        Chunks = Math.Max(1, Parts.Count(Tiles.Count, MostTiles));
        _inputChannels = geometry.InputChannels;
        PaddedInputs = Parts.RoundUp(geometry.InputChannels, T.Count);
        PaddedOutputs = Parts.RoundUp(geometry.OutputChannels, T.Count);
        ChunkTiles = Parts.Count(Tiles.Count, Chunks);
        InputStride = PaddedInputs + Padding;
        InputPlane = (nint)ChunkTiles * InputStride;
        OutputPlane = (nint)ChunkTiles * PaddedOutputs + Padding;
        SumPlane = (nint)geometry.InputChannels * PaddedOutputs + Padding;
        ZerosLength = WinogradTiles.ZerosLength<T>(geometry);
        GroupsPerChunk = Parts.Count(ChunkTiles, TilesPerGroup);
        Zeros = memory;
        Inputs = Zeros + ZerosLength;
        Outputs = Inputs + WinogradTransforms<T>.Planes * InputPlane;
        Sums = Outputs + WinogradTransforms<T>.Planes * OutputPlane;
        Bias = Sums + WinogradTransforms<T>.Planes * SumPlane;
        Length = (nint)(Bias - memory) + (nint)Chunks * GroupsPerChunk * PaddedOutputs;
    }

    /// <summary>The tiles of all images.</summary>
    public WinogradTiles Tiles { get; }

    /// <summary>Into how many chunks the tiles are cut, by the shape alone.</summary>
    public int Chunks { get; }

    /// <summary>The most tiles of a chunk.</summary>
    public int ChunkTiles { get; }

    public int GroupsPerChunk { get; }

    public int PaddedInputs { get; }

    public int PaddedOutputs { get; }

    /// <summary>The distance between the transformed x of two tiles.</summary>
    public nint InputStride { get; }

    /// <summary>How many floats there are, of all together.</summary>
    public nint Length { get; }

    public int ZerosLength { get; }

    /// <summary>What lies outside an image, for the transform of x.</summary>
    public float* Zeros { get; }

    public float* Inputs { get; }

    public float* Outputs { get; }

    public float* Sums { get; }

    public float* Bias { get; }

    public nint InputPlane { get; }

    public nint OutputPlane { get; }

    public nint SumPlane { get; }

    /// <summary>Blocks of output channels: as many vectors as a product's block has columns.</summary>
    public int Blocks => Parts.Count(PaddedOutputs / T.Count, BlockProducts<T>.Vectors);

    /// <summary>The block that a vector of output channels is in.</summary>
    public int BlockOf(int vector) => Parts.Holding(PaddedOutputs / T.Count, Blocks, vector);

    /// <summary>The first tile of a chunk.</summary>
    public int FirstTile(int chunk) => Parts.Start(Tiles.Count, Chunks, chunk);

    /// <summary>The first vector of output channels of a block.</summary>
    public int FirstVector(int block) => Parts.Start(PaddedOutputs / T.Count, Blocks, block);

    /// <summary>A block of dy in its plane.</summary>
    public float* OutputBlock(int plane, int block) => Outputs + plane * OutputPlane + (nint)ChunkTiles * FirstVector(block) * T.Count;

    /// <summary>A block of sums in its plane.</summary>
    public float* SumBlock(int plane, int block) => Sums + plane * SumPlane + (nint)_inputChannels * FirstVector(block) * T.Count;

    /// <summary>A group's part of the bias.</summary>
    public float* BiasPart(int chunk, int group) => Bias + ((nint)chunk * GroupsPerChunk + group) * PaddedOutputs;
}
