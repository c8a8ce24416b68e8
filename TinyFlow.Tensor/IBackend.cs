using TinyFlow.Pointwise;

namespace TinyFlow;

/// <summary>
/// The contract between tensors and a device, on one page. Operands are contiguous, already checked, and on this
/// backend; results go into destinations that the caller provides. Forward overwrites; a <see cref="Sink"/> says itself
/// whether it is overwritten or added to. Sums run in an order that depends on the shapes alone. Letters:
/// N images, C channels, H height, W width, D = C·H·W.
/// </summary>
public interface IBackend : IDisposable
{
    /// <summary>What the user calls it: reference, cpu, cuda:0.</summary>
    string Name { get; }

    /// <summary>Bytes of one element.</summary>
    int ElementSize { get; }

    // Memory

    /// <summary>A tensor with undefined contents; the label says in messages what it was for.</summary>
    Tensor Allocate(Shape shape, string label = "");

    /// <summary>Memory in use.</summary>
    MemoryUse Memory { get; }

    /// <summary>Throws an exception that names every tensor still alive, if there is any.</summary>
    void AssertNoLeaks();

    /// <summary>Sets all elements from the host.</summary>
    void Write(ReadOnlySpan<float> source, Tensor y);

    /// <summary>Sets all elements from the host.</summary>
    void Write(ReadOnlySpan<double> source, Tensor y);

    /// <summary>Reads all elements to the host; waits for the device.</summary>
    void Read(Tensor x, Span<float> destination);

    /// <summary>Reads all elements to the host; waits for the device.</summary>
    void Read(Tensor x, Span<double> destination);

    /// <summary>Every element becomes the value.</summary>
    void Fill(Tensor y, double value);

    // Elementwise

    /// <summary>y = f(x), same shapes.</summary>
    void Pointwise<TOp>(Tensor x, Tensor y) where TOp : struct, IPointwise;

    /// <summary>dx = dy·f'(x), with y = f(x).</summary>
    void PointwiseBackward<TOp>(Tensor x, Tensor y, Tensor dy, Sink dx) where TOp : struct, IPointwise;

    /// <summary>y = f(a, b) with NumPy broadcasting.</summary>
    void Binary<TOp>(Tensor a, Tensor b, Tensor y) where TOp : struct, IBinary;

    /// <summary>da = dy·∂f/∂a and db = dy·∂f/∂b, summed over what was broadcast.</summary>
    void BinaryBackward<TOp>(Tensor a, Tensor b, Tensor y, Tensor dy, Sink da, Sink db) where TOp : struct, IBinary;

    /// <summary>y = scale·x + shift, as many elements (shapes may differ).</summary>
    void ScaleShift(Tensor x, double scale, double shift, Sink y);

    /// <summary>y [N, 2C, …] of x [N, C, …]: elu(x), then elu(−x), along the channels.</summary>
    void ConcatElu(Tensor x, Tensor y);

    /// <summary>The gradient of <see cref="ConcatElu"/>, from its result alone.</summary>
    void ConcatEluBackward(Tensor y, Tensor dy, Sink dx);

    /// <summary>y = x + p·σ(q) of x [N, C, …], where gate [N, 2C, …] is p, then q, along the channels.</summary>
    void GatedSum(Tensor x, Tensor gate, Tensor y);

    /// <summary>The gradient of <see cref="GatedSum"/> with respect to the gate; that with respect to x is dy.</summary>
    void GatedSumBackward(Tensor gate, Tensor dy, Sink dgate);

    /// <summary>y = Σ weightᵢ·xᵢ + shift, all of as many elements; y may be the first of them.</summary>
    void Combine(ReadOnlySpan<Tensor> xs, ReadOnlySpan<double> weights, double shift, Tensor y);

    // Reductions and data movement

    /// <summary>y = scale · sum of x over each axis in which y has size 1; same rank.</summary>
    void Sum(Tensor x, double scale, Sink y);

    /// <summary>y [] = scale · Σ f(x) over all elements of several tensors; on a GPU for the ops that several.cu lists.</summary>
    void SumOf<TOp>(ReadOnlySpan<Tensor> xs, double scale, Tensor y) where TOp : struct, IPointwise;

    /// <summary>The gradients of <see cref="SumOf"/>, as many as tensors: dxᵢ = scale·dy·f'(xᵢ), with dy [].</summary>
    void SumOfBackward<TOp>(ReadOnlySpan<Tensor> xs, double scale, Tensor dy, ReadOnlySpan<Sink> dxs) where TOp : struct, IPointwise;

    /// <summary>
    /// y [M] = shifts + weights·m, where m are the means of K tensors of a few numbers each, and the weights are [M, K]; on a GPU
    /// M and K are at most 8. A mean whose weight is 0 has no part in a sum, whatever it is.
    /// </summary>
    void CombineMeans(ReadOnlySpan<Tensor> xs, ReadOnlySpan<double> weights, ReadOnlySpan<double> shifts, Tensor y);

    /// <summary>The gradients of its first element, given that of it, dy []: dxₖ = weightₖ·dy/(the elements of xₖ).</summary>
    void CombineMeansBackward(ReadOnlySpan<double> weights, Tensor dy, ReadOnlySpan<Sink> dxs);

    /// <summary>y = scale · x, repeated along each axis in which x has size 1; same rank. The transpose of <see cref="Sum"/>.</summary>
    void Broadcast(Tensor x, double scale, Sink y);

    /// <summary>Copies the elements of a walk of the given extent over x to those of a walk over y.</summary>
    void Copy(Tensor x, Walk from, Sink y, Walk to, Shape extent);

    // Products

    /// <summary>
    /// y[b] = op(left[b]) · op(right[b]) with [m, k]·[k, n]; op transposes where asked. Left and right have the batch
    /// axes of y or none (then they serve every batch).
    /// </summary>
    void MatMul(Tensor left, bool transposeLeft, Tensor right, bool transposeRight, Sink y);

    /// <summary>y [N, K, H', W'] = x [N, C, H, W] ∗ weight [K, C, R, S] (+ bias [K]), a cross-correlation.</summary>
    void Conv2D(Tensor x, Tensor weight, Tensor? bias, Tensor y, ConvolutionWindow window);

    /// <summary>The gradient of a convolution with respect to its input.</summary>
    void Conv2DInputGradient(Tensor dy, Tensor weight, Sink dx, ConvolutionWindow window);

    /// <summary>The gradients of a convolution with respect to weight and bias.</summary>
    void Conv2DWeightGradient(Tensor x, Tensor dy, Sink dweight, Sink dbias, ConvolutionWindow window);

    // Normalization

    /// <summary>w = g·v/‖v‖ of v [K, …], over each element of the first axis, with g of K elements.</summary>
    void WeightNorm(Tensor v, Tensor g, Tensor w);

    /// <summary>The gradients of <see cref="WeightNorm"/>.</summary>
    void WeightNormBackward(Tensor v, Tensor g, Tensor dw, Sink dv, Sink dg);

    /// <summary>
    /// Normalizes x [N, C, H, W] per channel with the biased statistics of the batch, which it writes to mean and
    /// inverseDeviation [C] and mixes, the variance unbiased, into the running ones [C]; gamma and beta [C]. A bias [C] that
    /// x lacks yet is taken away by the statistics again: it shows in the running mean alone.
    /// </summary>
    void BatchNorm(
        Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance,
        Tensor mean, Tensor inverseDeviation, Tensor y, BatchNormSettings settings, Tensor? bias = null);

    /// <summary>Normalizes with the running statistics; writes 1/√(runningVariance + ε) to inverseDeviation [C].</summary>
    void BatchNormInference(
        Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance,
        Tensor inverseDeviation, Tensor y, BatchNormSettings settings);

    /// <summary>
    /// The gradients of either, given the mean and inverseDeviation that the forward pass used; that of a bias, which only the
    /// first has, is 0. To an <see cref="IFusedNormalization"/> dx may be dy, if it is overwritten, not added to.
    /// </summary>
    void BatchNormBackward(
        Tensor x, Tensor gamma, Tensor beta, Tensor mean, Tensor inverseDeviation, Tensor dy,
        Sink dx, Sink dgamma, Sink dbeta, BatchNormSettings settings, BatchStatistics statistics, Sink dbias = default);

    /// <summary>
    /// Normalizes each channel of each image of x [N, C, H, W] with its own biased statistics, which it writes to mean and
    /// inverseDeviation [N, C].
    /// </summary>
    void InstanceNorm(Tensor x, Tensor mean, Tensor inverseDeviation, Tensor y, double epsilon, Activation activation);

    /// <summary>
    /// The gradient of it, given the mean and inverseDeviation that the forward pass wrote. To an
    /// <see cref="IFusedNormalization"/> dx may be dy, if it is overwritten, not added to.
    /// </summary>
    void InstanceNormBackward(Tensor x, Tensor mean, Tensor inverseDeviation, Tensor dy, Sink dx, Activation activation);

    // Flows

    /// <summary>
    /// Batch normalization on a flow's path: y = (x − mean)·inverseDeviation per channel of x [N, C, H, W], logDet [N] =
    /// H·W·Σ log inverseDeviation. Writes the statistics [C] that it uses, and the batch's mean [C]; the running ones [C]
    /// take the batch's mean and unbiased variance in, unless they have.
    /// </summary>
    void FlowNorm(
        Tensor x, Tensor runningMean, Tensor runningVariance, Tensor batchMean, Tensor mean, Tensor inverseDeviation,
        Tensor y, Tensor logDet, FlowNormSettings settings);

    /// <summary>The gradient of it, also through the batch's part of the statistics that it used.</summary>
    void FlowNormBackward(
        Tensor x, Tensor batchMean, Tensor mean, Tensor inverseDeviation, Tensor dy, Tensor dlogDet, Sink dx, FlowNormSettings settings);

    /// <summary>
    /// Affine coupling. The net's output h [N, 2C, H, W] is a (first C channels) and t; s = scale·tanh(a), where scale
    /// [1], [C] or [C, H, W] may be absent (1). Where mask [C, H, W] is 1, y = x·e^s + t or (x + t)·e^s; where it is 0,
    /// y = x. logDet [N] = Σ mask·s. What of y the next coupling keeps may be written besides.
    /// </summary>
    void AffineCoupling(Tensor x, Tensor h, Tensor? scale, Tensor mask, Tensor y, Tensor logDet, CouplingForm form, Masked? kept = null);

    /// <summary>x from y, given the same h.</summary>
    void AffineCouplingInverse(Tensor y, Tensor h, Tensor? scale, Tensor mask, Tensor x, CouplingForm form);

    /// <summary>The gradients of the forward coupling, given those of y and logDet, and that of what was written besides, if it has one.</summary>
    void AffineCouplingBackward(
        Tensor x, Tensor h, Tensor? scale, Tensor mask, Tensor dy, Tensor dlogDet,
        Sink dx, Sink dh, Sink dscale, CouplingForm form, Masked? dkept = null);

    /// <summary>
    /// Coupling by a mixture of K logistics. h [N, (2 + 3K)·C', H, W] has, for each of the C' changed channels of x
    /// [N, C, H, W], by groups of C' channels: a, t, then K logits of the weights π, K means μ and K log scales s. With
    /// u = (x − μ)·e^−s and F = Σ π·σ(u): y = logit(F)·e^r + t with r = 2·tanh(a/2); the other channels stay.
    /// logDet [N] = Σ log ∂y/∂x.
    /// </summary>
    void LogisticMixtureCoupling(Tensor x, Tensor h, ChannelRange changed, Tensor y, Tensor logDet);

    /// <summary>x from y, given the same h, by a bracketed Newton iteration.</summary>
    void LogisticMixtureCouplingInverse(Tensor y, Tensor h, ChannelRange changed, Tensor x);

    /// <summary>The gradients of the forward coupling, given those of y and logDet.</summary>
    void LogisticMixtureCouplingBackward(Tensor x, Tensor h, ChannelRange changed, Tensor dy, Tensor dlogDet, Sink dx, Sink dh);

    /// <summary>
    /// Coupling by a monotone rational-quadratic spline of K bins on [−B, B], the identity beyond; the bounds are those of
    /// <see cref="SplineLimits"/>. h [N, (3K − 1)·C', H, W] has, for each of the C' changed channels of x [N, C, H, W], by
    /// groups of C' channels: K logits of the widths, K logits of the heights, K − 1 numbers δ. Widths are
    /// 2B·(m + (1 − K·m)·softmax), m being the smallest bin, heights likewise; the derivatives at the K − 1 inner knots are the
    /// smallest one plus softplus(δ), and 1 at the ends. The other channels stay. logDet [N] = Σ log ∂y/∂x.
    /// </summary>
    void RationalQuadraticCoupling(Tensor x, Tensor h, ChannelRange changed, Tensor y, Tensor logDet);

    /// <summary>x from y, given the same h, in closed form.</summary>
    void RationalQuadraticCouplingInverse(Tensor y, Tensor h, ChannelRange changed, Tensor x);

    /// <summary>The gradients of the forward coupling, given those of y and logDet.</summary>
    void RationalQuadraticCouplingBackward(Tensor x, Tensor h, ChannelRange changed, Tensor dy, Tensor dlogDet, Sink dx, Sink dh);

    /// <summary>logProb [N] of z [N, …] under a standard normal.</summary>
    void GaussianLogProb(Tensor z, Tensor logProb);

    /// <summary>dz = −z · dlogProb.</summary>
    void GaussianLogProbBackward(Tensor z, Tensor dlogProb, Sink dz);

    // Random numbers

    /// <summary>Uniform on [0, 1), multiples of 2^-24, by Philox4x32-10.</summary>
    void Uniform(NoiseKey key, Tensor y);

    /// <summary>Standard normal, by Box and Muller from the same stream.</summary>
    void Normal(NoiseKey key, Tensor y);

    /// <summary>
    /// The same of N images first [], first + 1, …, which is a whole number below 2^24: value d of image i of y [N, …] is
    /// number (first + i)·D + d of the stream.
    /// </summary>
    void Normal(NoiseKey key, Tensor first, Tensor y);

    /// <summary>
    /// x [N, …] = (pixel + u)/256 of N images of D bytes, u uniform on [0, 1): value d of image i is number
    /// images[i]·D + d of the stream, so it depends on neither batch size nor order. Always floor(256·x) = pixel.
    /// </summary>
    void Dequantize(ReadOnlySpan<byte> pixels, ReadOnlySpan<int> images, NoiseKey key, Tensor x);

    /// <summary>Images of D bytes each, for as long as the store lives; the memory must not change meanwhile.</summary>
    PixelStore Store(ReadOnlyMemory<byte> pixels, int dimensions);

    /// <summary>
    /// The same of the N images order[first], order[first + 1], … of a store, which are numbered within it; order [M] and
    /// first [] are whole numbers below 2^24. Of x [N, C, H, W], −1 − i in place of i means image i mirrored, left to right.
    /// The stream is the key's and draw [] further, such a number too; the key's where there is none.
    /// </summary>
    void Dequantize(PixelStore store, Tensor order, Tensor first, Tensor? draw, NoiseKey key, Tensor x);

    // Steps that go on without the host: what changes from step to step is read from memory, and what is of interest is
    // left there.

    /// <summary>y [K] = row i of table [R, K], i being row [] modulo R.</summary>
    void TakeRow(Tensor table, Tensor row, Tensor y);

    /// <summary>Row i of table [R, K·n] = the K tensors of n elements each, one after the other, i being row [] modulo R.</summary>
    void PutRow(ReadOnlySpan<Tensor> parts, Tensor row, Tensor table);

    /// <summary>average = kept·average + taken·x with kept, taken [], of as many elements; nothing changes unless guard [] is finite.</summary>
    void MoveAverage(Tensor x, Tensor kept, Tensor taken, Tensor guard, Tensor average);

    /// <summary>y = x unless guard [] is finite, of as many elements.</summary>
    void RestoreUnlessFinite(Tensor guard, Tensor x, Tensor y);

    // Optimization, over all parameters at once

    /// <summary>
    /// One step of Adam on flat tensors of equal length. squaredNorm [] is that of all gradients, for clipping; if it
    /// is not finite nothing changes but the count of skipped steps. state [3] is learning rate, steps done, steps
    /// skipped: in the backend's memory, so that a recorded step can be replayed.
    /// </summary>
    void Adam(Tensor parameters, Tensor gradients, Tensor first, Tensor second, Tensor squaredNorm, Tensor state, AdamSettings settings);
}
