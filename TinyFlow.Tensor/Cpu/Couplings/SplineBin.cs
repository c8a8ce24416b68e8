using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Vectors;
using TinyFlow.Pointwise;

namespace TinyFlow.Cpu.Couplings;

/// <summary>For each lane of a register, the bin of its own spline that holds its value.</summary>
internal unsafe struct SplineBin<T> where T : struct, ILanes<T>
{
    /// <summary>The registers of working memory of each bin: its shares of the softmax of widths and that of heights.</summary>
    public const int Slots = 2;

    /// <summary>The bin's number, its corner, size, and the derivatives at its two knots.</summary>
    public T Index, Left, Bottom, Width, Height, First, Second;

    // The bin's shares, those of all bins before it together, and what the derivatives are made of.
    private T _widthShare, _heightShare, _widthBefore, _heightBefore, _rawFirst, _rawSecond;

    /// <summary>Height over width.</summary>
    public readonly T Slope
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Height / Width;
    }

    /// <summary>K of 3K − 1 parameters.</summary>
    public static int BinsOf(int parameters) => (parameters + 1) / 3;

    /// <summary>Finds the bins that hold x or y within the box, and leaves the shares of all bins in the working memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Find(T value, bool byHeight, in ElementParameters parameters, out SplineBin<T> bin)
    {
        int bins = BinsOf(parameters.Count);
        nint stride = parameters.Stride;
        float* widths = parameters.Scratch, heights = widths + bins * T.Count, derivatives = parameters.First + 2 * bins * stride;
        Softmax(parameters.First, stride, bins, widths);
        Softmax(parameters.First + bins * stride, stride, bins, heights);

        T smallest = T.Create((float)(2 * SplineLimits.Box * SplineLimits.SmallestBin)), free = Free(bins);
        T widthBefore = T.Zero, heightBefore = T.Zero;
        bin = default;
        for (int k = 0; k < bins; k++)
        {
            T widthShare = T.Load(widths + k * T.Count), heightShare = T.Load(heights + k * T.Count);
            T corner = T.Create((float)(2 * SplineLimits.Box * SplineLimits.SmallestBin * k - SplineLimits.Box));
            T left = T.MultiplyAdd(free, widthBefore, corner), bottom = T.MultiplyAdd(free, heightBefore, corner);
            T edge = k == 0 ? T.Create(float.NegativeInfinity) : byHeight ? bottom : left;
            bin.Index = T.IfLess(value, edge, bin.Index, T.Create((float)k));
            bin.Left = T.IfLess(value, edge, bin.Left, left);
            bin.Bottom = T.IfLess(value, edge, bin.Bottom, bottom);
            bin._widthShare = T.IfLess(value, edge, bin._widthShare, widthShare);
            bin._heightShare = T.IfLess(value, edge, bin._heightShare, heightShare);
            bin._widthBefore = T.IfLess(value, edge, bin._widthBefore, widthBefore);
            bin._heightBefore = T.IfLess(value, edge, bin._heightBefore, heightBefore);
            bin._rawFirst = T.IfLess(value, edge, bin._rawFirst, bin._rawSecond);
            bin._rawSecond = T.IfLess(value, edge, bin._rawSecond, k == bins - 1 ? T.Zero : T.Load(derivatives + k * stride));
            widthBefore += widthShare;
            heightBefore += heightShare;
        }

        bin.Width = T.MultiplyAdd(free, bin._widthShare, smallest);
        bin.Height = T.MultiplyAdd(free, bin._heightShare, smallest);
        bin.First = T.IfLess(bin.Index, T.Create(0.5f), T.Create(1f), Derivative(bin._rawFirst));
        bin.Second = T.IfLess(T.Create(bins - 1.5f), bin.Index, T.Create(1f), Derivative(bin._rawSecond));
    }

    /// <summary>The spline's curve in the bin, at x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly RationalQuadratic<T> CurveAt(T x) => new(Slope, First, Second, SplineMap.Fraction((x - Left) / Width));

    /// <summary>
    /// Passes the gradients with respect to the bin's left edge, width, bottom, height and derivatives on to the parameters.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public readonly void Gradient(
        T dleft, T dwidth, T dbottom, T dheight, T dfirst, T dsecond, in ElementParameters parameters, float* gradients, int count, bool adds)
    {
        int bins = BinsOf(parameters.Count);
        nint stride = parameters.Stride;
        T free = Free(bins);
        OfSoftmax(free * dleft, free * dwidth, _widthBefore, _widthShare, parameters.Scratch, gradients, stride, bins, count, adds);
        OfSoftmax(
            free * dbottom, free * dheight, _heightBefore, _heightShare, parameters.Scratch + bins * T.Count, gradients + bins * stride, stride, bins, count, adds);
        T rawFirst = dfirst * Sigmoid.Forward(_rawFirst), rawSecond = dsecond * Sigmoid.Forward(_rawSecond);
        float* derivatives = gradients + 2 * bins * stride;
        for (int k = 0; k < bins - 1; k++)
        {
            // The knot between bins k and k + 1.
            CouplingLanes.Put(IfNumber(k + 1, rawFirst, IfNumber(k, rawSecond, T.Zero)), derivatives + k * stride, count, adds);
        }
    }

    // What the smallest sizes of all bins leave of the box.
    private static T Free(int bins) => T.Create((float)(2 * SplineLimits.Box * (1 - bins * SplineLimits.SmallestBin)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Derivative(T raw) => Softplus.Forward(raw) + T.Create((float)SplineLimits.SmallestDerivative);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Softmax(float* logits, nint stride, int bins, float* shares)
    {
        T largest = T.Create(float.NegativeInfinity), sum = T.Zero;
        for (int k = 0; k < bins; k++)
        {
            largest = T.MaxNative(largest, T.Load(logits + k * stride));
        }

        for (int k = 0; k < bins; k++)
        {
            T share = T.Exp(T.Load(logits + k * stride) - largest);
            T.Store(share, shares + k * T.Count);
            sum += share;
        }

        T inverse = T.Create(1f) / sum;
        for (int k = 0; k < bins; k++)
        {
            T.Store(T.Load(shares + k * T.Count) * inverse, shares + k * T.Count);
        }
    }

    /// <summary>From gradients with respect to the shares of the bins before, and the bin itself, to those of all logits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void OfSoftmax(
        T dbefore, T dshare, T before, T share, float* shares, float* gradients, nint stride, int bins, int count, bool adds)
    {
        T mean = T.MultiplyAdd(dbefore, before, dshare * share);
        for (int k = 0; k < bins; k++)
        {
            T gradient = T.IfLess(T.Create((float)k), Index, dbefore, IfNumber(k, dshare, T.Zero));
            CouplingLanes.Put(T.Load(shares + k * T.Count) * (gradient - mean), gradients + k * stride, count, adds);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly T IfNumber(int k, T yes, T no) => T.IfLess(T.Abs(Index - T.Create((float)k)), T.Create(0.5f), yes, no);
}
