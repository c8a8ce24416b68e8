using System.Runtime.InteropServices;
using TinyFlow.Cuda;
using TinyFlow.Cuda.Arguments;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    /// <inheritdoc/>
    public void ConcatElu(Tensor x, Tensor y) => LaunchHalves("tf_concat_elu", x.Shape, x, null, null, y);

    /// <inheritdoc/>
    public void ConcatEluBackward(Tensor y, Tensor dy, Sink dx)
    {
        if (dx.Tensor is { } target)
        {
            LaunchHalves("tf_concat_elu_backward", target.Shape, null, y, dy, dx);
        }
    }

    /// <inheritdoc/>
    public void GatedSum(Tensor x, Tensor gate, Tensor y) => LaunchHalves("tf_gated_sum", x.Shape, x, gate, null, y);

    /// <inheritdoc/>
    public void GatedSumBackward(Tensor gate, Tensor dy, Sink dgate)
    {
        if (dgate.IsWanted)
        {
            LaunchHalves("tf_gated_sum_backward", dy.Shape, dy, gate, null, dgate);
        }
    }

    /// <summary>Runs a kernel between a shape [N, C, …] and [N, 2C, …].</summary>
    private void LaunchHalves(string kernel, Shape shape, Tensor? half, Tensor? whole, Tensor? wholeGradient, Sink result)
    {
        if (shape.Count == 0)
        {
            return;
        }

        long length = shape.Count / shape[0], quads = Quads.Count(length);
        HalvesArguments arguments = new()
        {
            Half = AddressOrNull(half),
            Whole = AddressOrNull(whole),
            WholeGradient = AddressOrNull(wholeGradient),
            Images = shape[0],
            Length = length,
            Quads = new Divisor(quads),
        };
        (arguments.Result, arguments.Adds) = SinkAddress(result);
        arguments.Vectors = length % Quads.Size == 0 ? Quads.AreVectors(arguments.Half, arguments.Whole, arguments.WholeGradient, arguments.Result) : 0;
        Launch(kernel, LaunchGrid.Over(shape[0] * quads), arguments);
    }

    private static ulong AddressOrNull(Tensor? x) => x is null ? 0 : Address(x);

    [StructLayout(LayoutKind.Sequential)]
    private struct HalvesArguments
    {
        public ulong Half, Whole, WholeGradient, Result;
        public long Images, Length;
        public Divisor Quads;
        public int Vectors, Adds;
    }
}
