using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TinyFlow.Pointwise;

namespace TinyFlow.Memory;

/// <summary>What the two backends in host memory share: memory, transfers, leak accounting.</summary>
/// <typeparam name="T">The element: float or double.</typeparam>
public abstract unsafe partial class HostBackend<T> : IBackend where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly NativePool _pool;
    private readonly StorageLedger<HostStorage<T>> _alive = new();
    private readonly bool _poison;

    private protected HostBackend(string name, bool poison, long? memoryLimit)
    {
        Name = name;
        _poison = poison;
        _pool = new NativePool(memoryLimit ?? NativePool.SystemLimit);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int ElementSize => sizeof(T);

    /// <inheritdoc/>
    public MemoryUse Memory => _pool.Use;

    /// <inheritdoc/>
    public Tensor Allocate(Shape shape, string label = "")
    {
        string purpose = Storage.Purpose(shape, label);
        HostStorage<T> storage = new(this, shape.Count, _pool.Rent(CachingPool.Bytes(shape.Count, sizeof(T)), purpose), purpose);
        _alive.Add(storage);
        Tensor tensor = new(storage, 0, shape);
        if (_poison)
        {
            new Span<T>(Pointer(tensor), checked((int)shape.Count)).Fill(T.NaN);
        }

        return tensor;
    }

    /// <inheritdoc/>
    public void AssertNoLeaks() => _alive.ThrowIfAny(Name);

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<float> source, Tensor y) => Convert(source, Span(y));

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<double> source, Tensor y) => Convert(source, Span(y));

    /// <inheritdoc/>
    public void Read(Tensor x, Span<float> destination) => ReadAs(x, destination);

    /// <inheritdoc/>
    public void Read(Tensor x, Span<double> destination) => ReadAs(x, destination);

    /// <summary>
    /// Gives all memory back to the system, that of tensors still alive included: using these is an error from then on,
    /// disposing them does no harm.
    /// </summary>
    public virtual void Dispose()
    {
        foreach (HostStorage<T> storage in _alive.TakeAll())
        {
            _pool.Return(storage.TakeBlock(), storage.Count * sizeof(T));
        }

        _pool.Dispose();
        GC.SuppressFinalize(this);
    }

    internal void Free(HostStorage<T> storage)
    {
        if (_alive.Remove(storage))
        {
            _pool.Return(storage.Address, storage.Count * sizeof(T));
        }
    }

    /// <summary>Where working memory comes from.</summary>
    private protected NativePool Pool => _pool;

    /// <summary>A tensor's storage.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected static HostStorage<T> StorageOf(Tensor x) => Unsafe.As<HostStorage<T>>(x.Storage);

    /// <summary>The address of a tensor's first element; the storage is plain from then on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected static T* Pointer(Tensor x)
    {
        HostStorage<T> storage = StorageOf(x);
        if (!storage.Layout.IsPlain)
        {
            storage.MakePlain();
        }

        return (T*)storage.Address + x.Offset;
    }

    /// <summary>Moves a storage's elements to plain order, for a backend that has others.</summary>
    internal virtual void MakePlain(HostStorage<T> storage) =>
        throw new InvalidOperationException($"Backend '{Name}' has no layout but the plain one.");

    /// <summary>A tensor's elements.</summary>
    private protected static Span<T> Span(Tensor x) => new(Pointer(x), checked((int)x.Count));

    /// <summary>Copies the elements out in plain order, and leaves them in the order in which they are held: reading changes nothing.</summary>
    private static void ReadAs<TTo>(Tensor x, Span<TTo> destination) where TTo : INumberBase<TTo>
    {
        HostStorage<T> storage = StorageOf(x);
        HostLayout layout = storage.Layout;
        if (layout.IsPlain)
        {
            Convert<T, TTo>(Span(x), destination);
            return;
        }

        storage.ThrowIfReleased();
        CheckLengths(x.Count, destination.Length);
        T* elements = (T*)storage.Address;
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = TTo.CreateTruncating(elements[layout.PlaceOf(x.Offset + i)]);
        }
    }

    private static void Convert<TFrom, TTo>(ReadOnlySpan<TFrom> source, Span<TTo> destination)
        where TFrom : INumberBase<TFrom>
        where TTo : INumberBase<TTo>
    {
        CheckLengths(source.Length, destination.Length);
        if (typeof(TFrom) == typeof(TTo))
        {
            source.CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.As<TTo, TFrom>(ref MemoryMarshal.GetReference(destination)), destination.Length));
            return;
        }

        for (int i = 0; i < source.Length; i++)
        {
            destination[i] = TTo.CreateTruncating(source[i]);
        }
    }

    private static void CheckLengths(long values, int places)
    {
        if (values != places)
        {
            throw new ArgumentException($"Transfer: {values} values do not fill {places} places.");
        }
    }

#pragma warning disable CS1591 // The contract documents its members.
    public abstract void Fill(Tensor y, double value);
    public abstract void Pointwise<TOp>(Tensor x, Tensor y) where TOp : struct, IPointwise;
    public abstract void PointwiseBackward<TOp>(Tensor x, Tensor y, Tensor dy, Sink dx) where TOp : struct, IPointwise;
    public abstract void Binary<TOp>(Tensor a, Tensor b, Tensor y) where TOp : struct, IBinary;
    public abstract void BinaryBackward<TOp>(Tensor a, Tensor b, Tensor y, Tensor dy, Sink da, Sink db) where TOp : struct, IBinary;
    public abstract void ScaleShift(Tensor x, double scale, double shift, Sink y);
    public abstract void ConcatElu(Tensor x, Tensor y);
    public abstract void ConcatEluBackward(Tensor y, Tensor dy, Sink dx);
    public abstract void GatedSum(Tensor x, Tensor gate, Tensor y);
    public abstract void GatedSumBackward(Tensor gate, Tensor dy, Sink dgate);
    public abstract void Combine(ReadOnlySpan<Tensor> xs, ReadOnlySpan<double> weights, double shift, Tensor y);
    public abstract void SumOf<TOp>(ReadOnlySpan<Tensor> xs, double scale, Tensor y) where TOp : struct, IPointwise;
    public abstract void SumOfBackward<TOp>(ReadOnlySpan<Tensor> xs, double scale, Tensor dy, ReadOnlySpan<Sink> dxs) where TOp : struct, IPointwise;
    public abstract void CombineMeans(ReadOnlySpan<Tensor> xs, ReadOnlySpan<double> weights, ReadOnlySpan<double> shifts, Tensor y);
    public abstract void CombineMeansBackward(ReadOnlySpan<double> weights, Tensor dy, ReadOnlySpan<Sink> dxs);
    public abstract void WeightNorm(Tensor v, Tensor g, Tensor w);
    public abstract void WeightNormBackward(Tensor v, Tensor g, Tensor dw, Sink dv, Sink dg);
    public abstract void Sum(Tensor x, double scale, Sink y);
    public abstract void Broadcast(Tensor x, double scale, Sink y);
    public abstract void Copy(Tensor x, Walk from, Sink y, Walk to, Shape extent);
    public abstract void MatMul(Tensor left, bool transposeLeft, Tensor right, bool transposeRight, Sink y);
    public abstract void Conv2D(Tensor x, Tensor weight, Tensor? bias, Tensor y, ConvolutionWindow window);
    public abstract void Conv2DInputGradient(Tensor dy, Tensor weight, Sink dx, ConvolutionWindow window);
    public abstract void Conv2DWeightGradient(Tensor x, Tensor dy, Sink dweight, Sink dbias, ConvolutionWindow window);
    public abstract void BatchNorm(
        Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance,
        Tensor mean, Tensor inverseDeviation, Tensor y, BatchNormSettings settings, Tensor? bias = null);
    public abstract void BatchNormInference(
        Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance,
        Tensor inverseDeviation, Tensor y, BatchNormSettings settings);
    public abstract void BatchNormBackward(
        Tensor x, Tensor gamma, Tensor beta, Tensor mean, Tensor inverseDeviation, Tensor dy,
        Sink dx, Sink dgamma, Sink dbeta, BatchNormSettings settings, BatchStatistics statistics, Sink dbias = default);
    public abstract void FlowNorm(
        Tensor x, Tensor runningMean, Tensor runningVariance, Tensor batchMean, Tensor mean, Tensor inverseDeviation,
        Tensor y, Tensor logDet, FlowNormSettings settings);
    public abstract void FlowNormBackward(
        Tensor x, Tensor batchMean, Tensor mean, Tensor inverseDeviation, Tensor dy, Tensor dlogDet, Sink dx, FlowNormSettings settings);
    public abstract void InstanceNorm(Tensor x, Tensor mean, Tensor inverseDeviation, Tensor y, double epsilon, Activation activation);
    public abstract void InstanceNormBackward(Tensor x, Tensor mean, Tensor inverseDeviation, Tensor dy, Sink dx, Activation activation);
    public abstract void AffineCoupling(Tensor x, Tensor h, Tensor? scale, Tensor mask, Tensor y, Tensor logDet, CouplingForm form, Masked? kept = null);
    public abstract void AffineCouplingInverse(Tensor y, Tensor h, Tensor? scale, Tensor mask, Tensor x, CouplingForm form);
    public abstract void AffineCouplingBackward(
        Tensor x, Tensor h, Tensor? scale, Tensor mask, Tensor dy, Tensor dlogDet,
        Sink dx, Sink dh, Sink dscale, CouplingForm form, Masked? dkept = null);
    public abstract void LogisticMixtureCoupling(Tensor x, Tensor h, ChannelRange changed, Tensor y, Tensor logDet);
    public abstract void LogisticMixtureCouplingInverse(Tensor y, Tensor h, ChannelRange changed, Tensor x);
    public abstract void LogisticMixtureCouplingBackward(Tensor x, Tensor h, ChannelRange changed, Tensor dy, Tensor dlogDet, Sink dx, Sink dh);
    public abstract void RationalQuadraticCoupling(Tensor x, Tensor h, ChannelRange changed, Tensor y, Tensor logDet);
    public abstract void RationalQuadraticCouplingInverse(Tensor y, Tensor h, ChannelRange changed, Tensor x);
    public abstract void RationalQuadraticCouplingBackward(Tensor x, Tensor h, ChannelRange changed, Tensor dy, Tensor dlogDet, Sink dx, Sink dh);
    public abstract void GaussianLogProb(Tensor z, Tensor logProb);
    public abstract void GaussianLogProbBackward(Tensor z, Tensor dlogProb, Sink dz);
    public abstract void Uniform(NoiseKey key, Tensor y);
    public abstract void Normal(NoiseKey key, Tensor y);
    public abstract void Dequantize(ReadOnlySpan<byte> pixels, ReadOnlySpan<int> images, NoiseKey key, Tensor x);
    public abstract void Adam(Tensor parameters, Tensor gradients, Tensor first, Tensor second, Tensor squaredNorm, Tensor state, AdamSettings settings);
#pragma warning restore CS1591
}
