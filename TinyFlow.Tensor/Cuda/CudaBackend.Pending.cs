using System.Runtime.CompilerServices;
using TinyFlow.Pointwise;

namespace TinyFlow;

#pragma warning disable CS1591 // The contract documents its members.
public sealed unsafe partial class CudaBackend
{
    private static NotSupportedException Pending([CallerMemberName] string op = "") => new($"CudaBackend has no {op} yet.");

    // Elementwise
    public void Pointwise<TOp>(Tensor x, Tensor y) where TOp : struct, IPointwise => throw Pending();
    public void PointwiseBackward<TOp>(Tensor x, Tensor y, Tensor dy, Sink dx) where TOp : struct, IPointwise => throw Pending();
    public void Binary<TOp>(Tensor a, Tensor b, Tensor y) where TOp : struct, IBinary => throw Pending();
    public void BinaryBackward<TOp>(Tensor a, Tensor b, Tensor y, Tensor dy, Sink da, Sink db) where TOp : struct, IBinary => throw Pending();
    public void ScaleShift(Tensor x, double scale, double shift, Sink y) => throw Pending();
    public void ConcatElu(Tensor x, Tensor y) => throw Pending();
    public void ConcatEluBackward(Tensor y, Tensor dy, Sink dx) => throw Pending();
    public void GatedSum(Tensor x, Tensor gate, Tensor y) => throw Pending();
    public void GatedSumBackward(Tensor gate, Tensor dy, Sink dgate) => throw Pending();

    // Reductions and data movement
    public void Sum(Tensor x, double scale, Sink y) => throw Pending();
    public void Broadcast(Tensor x, double scale, Sink y) => throw Pending();
    public void Copy(Tensor x, Walk from, Sink y, Walk to, Shape extent) => throw Pending();

    // Random numbers
    public void Uniform(NoiseKey key, Tensor y) => throw Pending();
    public void Normal(NoiseKey key, Tensor y) => throw Pending();
    public void Dequantize(ReadOnlySpan<byte> pixels, ReadOnlySpan<int> images, NoiseKey key, Tensor x) => throw Pending();

    // Optimization, over all parameters at once
    public void SumOfSquares(Tensor x, Tensor y) => throw Pending();
    public void Adam(Tensor parameters, Tensor gradients, Tensor first, Tensor second, Tensor squaredNorm, Tensor state, AdamSettings settings) => throw Pending();
}
