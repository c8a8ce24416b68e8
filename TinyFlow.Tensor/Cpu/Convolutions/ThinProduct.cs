using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>Dot products of the inputs under the kernel with one or two filters, for up to six neighbouring pixels.</summary>
internal static unsafe class ThinProduct<T> where T : struct, ILanes<T>
{
    private static readonly nint[] Kernels = [.. ByRows<One>(), .. ByRows<Two>()];

    /// <summary>Writes the sum of pixel p and filter k to sums[2·p + k].</summary>
    public static void Run(
        float** rows, int rowCount, nint offset, nint pixelStride, int vectors, float* filters, nint filterStride, int pixels, int outputs, float* sums)
    {
        var kernel = (delegate*<float**, int, nint, nint, int, float*, nint, float*, void>)Kernels[(outputs - 1) * 6 + pixels - 1];
        kernel(rows, rowCount, offset, pixelStride, vectors, filters, filterStride, sums);
    }

    private static nint[] ByRows<TOutputs>() where TOutputs : struct, INumberOf =>
    [
        (nint)(delegate*<float**, int, nint, nint, int, float*, nint, float*, void>)&ThinBlock<T, One, TOutputs>.Run,
        (nint)(delegate*<float**, int, nint, nint, int, float*, nint, float*, void>)&ThinBlock<T, Two, TOutputs>.Run,
        (nint)(delegate*<float**, int, nint, nint, int, float*, nint, float*, void>)&ThinBlock<T, Three, TOutputs>.Run,
        (nint)(delegate*<float**, int, nint, nint, int, float*, nint, float*, void>)&ThinBlock<T, Four, TOutputs>.Run,
        (nint)(delegate*<float**, int, nint, nint, int, float*, nint, float*, void>)&ThinBlock<T, Five, TOutputs>.Run,
        (nint)(delegate*<float**, int, nint, nint, int, float*, nint, float*, void>)&ThinBlock<T, Six, TOutputs>.Run,
    ];
}
