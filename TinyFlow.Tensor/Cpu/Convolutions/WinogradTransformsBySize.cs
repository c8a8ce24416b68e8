using TinyFlow.Cpu.Pixels;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>The <see cref="WinogradTransforms{T}"/> by the size of a tile, 1 to 4 pixels a side. A size that is never asked for is never compiled.</summary>
internal static unsafe class WinogradTransformsBySize<T> where T : struct, ILanes<T>
{
    private const int Sides = WinogradTransforms<T>.Tile;

    private static readonly nint[] Inputs = InputsOf<AsTheyAre>(), NormalizedInputs = InputsOf<Normalized>();
    private static readonly nint[] Outputs = [.. OutputsOf<One>(), .. OutputsOf<Two>(), .. OutputsOf<Three>(), .. OutputsOf<Four>()];
    private static readonly nint[] Gradients = [.. GradientsOf<One>(), .. GradientsOf<Two>(), .. GradientsOf<Three>(), .. GradientsOf<Four>()];

    /// <summary>The transform of inputs, which may be normalized on entry.</summary>
    public static delegate*<float**, int, int, nint, int, WinogradColumns<T>, float*, nint, PixelCoefficients*, void> Input(int rows, int columns, bool normalizes) =>
        (delegate*<float**, int, int, nint, int, WinogradColumns<T>, float*, nint, PixelCoefficients*, void>)(normalizes ? NormalizedInputs : Inputs)[Index(rows, columns)];

    /// <summary>The transform to outputs.</summary>
    public static delegate*<float*, nint, float*, float*, nint, nint, bool, void> Output(int rows, int columns) =>
        (delegate*<float*, nint, float*, float*, nint, nint, bool, void>)Outputs[Index(rows, columns)];

    /// <summary>The transform of gradients with respect to outputs.</summary>
    public static delegate*<float*, nint, nint, int, float*, nint, float*, void> OutputGradient(int rows, int columns) =>
        (delegate*<float*, nint, nint, int, float*, nint, float*, void>)Gradients[Index(rows, columns)];

    private static int Index(int rows, int columns) => (rows - 1) * Sides + columns - 1;

    private static nint[] InputsOf<TEntry>() where TEntry : struct, IEntry =>
        [.. InputsOf<One, TEntry>(), .. InputsOf<Two, TEntry>(), .. InputsOf<Three, TEntry>(), .. InputsOf<Four, TEntry>()];

    private static nint[] InputsOf<TRows, TEntry>()
        where TRows : struct, INumberOf
        where TEntry : struct, IEntry =>
    [
        (nint)(delegate*<float**, int, int, nint, int, WinogradColumns<T>, float*, nint, PixelCoefficients*, void>)&WinogradTransforms<T>.Input<TRows, One, TEntry>,
        (nint)(delegate*<float**, int, int, nint, int, WinogradColumns<T>, float*, nint, PixelCoefficients*, void>)&WinogradTransforms<T>.Input<TRows, Two, TEntry>,
        (nint)(delegate*<float**, int, int, nint, int, WinogradColumns<T>, float*, nint, PixelCoefficients*, void>)&WinogradTransforms<T>.Input<TRows, Three, TEntry>,
        (nint)(delegate*<float**, int, int, nint, int, WinogradColumns<T>, float*, nint, PixelCoefficients*, void>)&WinogradTransforms<T>.Input<TRows, Four, TEntry>,
    ];

    private static nint[] OutputsOf<TRows>() where TRows : struct, INumberOf =>
    [
        (nint)(delegate*<float*, nint, float*, float*, nint, nint, bool, void>)&WinogradTransforms<T>.Output<TRows, One>,
        (nint)(delegate*<float*, nint, float*, float*, nint, nint, bool, void>)&WinogradTransforms<T>.Output<TRows, Two>,
        (nint)(delegate*<float*, nint, float*, float*, nint, nint, bool, void>)&WinogradTransforms<T>.Output<TRows, Three>,
        (nint)(delegate*<float*, nint, float*, float*, nint, nint, bool, void>)&WinogradTransforms<T>.Output<TRows, Four>,
    ];

    private static nint[] GradientsOf<TRows>() where TRows : struct, INumberOf =>
    [
        (nint)(delegate*<float*, nint, nint, int, float*, nint, float*, void>)&WinogradTransforms<T>.OutputGradient<TRows, One>,
        (nint)(delegate*<float*, nint, nint, int, float*, nint, float*, void>)&WinogradTransforms<T>.OutputGradient<TRows, Two>,
        (nint)(delegate*<float*, nint, nint, int, float*, nint, float*, void>)&WinogradTransforms<T>.OutputGradient<TRows, Three>,
        (nint)(delegate*<float*, nint, nint, int, float*, nint, float*, void>)&WinogradTransforms<T>.OutputGradient<TRows, Four>,
    ];
}
