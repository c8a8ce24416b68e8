using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Couplings;

/// <summary>
/// The terms of a mixture of logistics at a register of places, component by component in scratch memory. Sums of
/// exponentials are taken relative to their largest exponent, so that nothing underflows, and every log σ(u) in them is
/// min(u, 0) − log(1 + e^−|u|), whose second part is a factor of the sum: an element needs two logarithms in all.
/// </summary>
internal static unsafe class MixtureTerms<T> where T : struct, ILanes<T>
{
    // A component's slots, each a register: its parameters, and what its place makes of them.
    private const int Logit = 0, Mean = 1, LogScale = 2, InverseScale = 3, Weight = 4, Standardized = 5, Below = 6, Above = 7;
    private const int Cumulative = 8, Survival = 9, Density = 10;

    /// <summary>The slots of a component.</summary>
    public const int Slots = 11;

    // Bounds have to be finite for their middle to be a number, even where e^s of a wide component is not.
    private const float Far = 1e30f;

    /// <summary>Takes the parameters of a register of places from h; weights are relative to the largest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Load(float* h, nint stride, int components, float* scratch, out MixtureSums<T> sums)
    {
        float* logits = h + 2 * stride, means = logits + components * stride, logScales = means + components * stride;
        T largest = T.Create(float.NegativeInfinity), smallestScale = T.Create((float)LogisticMixtureLimits.SmallestLogScale);
        float* slots = scratch;
        for (int k = 0; k < components; k++, slots += Slots * T.Count)
        {
            T logit = T.Load(logits + k * stride), logScale = T.MaxNative(smallestScale, T.Load(logScales + k * stride));
            Put(logit, slots, Logit);
            Put(T.Load(means + k * stride), slots, Mean);
            Put(logScale, slots, LogScale);
            Put(T.Exp(-logScale), slots, InverseScale);
            largest = T.MaxNative(largest, logit);
        }

        T sum = T.Zero;
        slots = scratch;
        for (int k = 0; k < components; k++, slots += Slots * T.Count)
        {
            T weight = T.Exp(Get(slots, Logit) - largest);
            Put(weight, slots, Weight);
            sum += weight;
        }

        sums = new MixtureSums<T> { LargestWeight = largest, Weight = sum };
    }

    /// <summary>Computes the terms at x, and their sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Evaluate(T x, int components, float* scratch, ref MixtureSums<T> sums)
    {
        T cumulative = T.Create(float.NegativeInfinity), survival = cumulative, density = cumulative;
        float* slots = scratch;
        for (int k = 0; k < components; k++, slots += Slots * T.Count)
        {
            T u = (x - Get(slots, Mean)) * Get(slots, InverseScale), logit = Get(slots, Logit);
            Put(u, slots, Standardized);
            cumulative = T.MaxNative(cumulative, logit + T.MinNative(T.Zero, u));
            survival = T.MaxNative(survival, logit - T.MaxNative(T.Zero, u));
            density = T.MaxNative(density, logit - T.Abs(u) - Get(slots, LogScale));
        }

        T cumulativeSum = T.Zero, survivalSum = T.Zero, densitySum = T.Zero, one = T.Create(1f);
        slots = scratch;
        for (int k = 0; k < components; k++, slots += Slots * T.Count)
        {
            T u = Get(slots, Standardized), logit = Get(slots, Logit), distance = T.Abs(u), small = T.Exp(-distance), share = one / (one + small), smaller = small * share;
            Put(T.IfPositive(u, share, smaller), slots, Below);
            Put(T.IfPositive(u, smaller, share), slots, Above);
            T inCumulative = T.Exp(logit + T.MinNative(T.Zero, u) - cumulative) * share;
            T inSurvival = T.Exp(logit - T.MaxNative(T.Zero, u) - survival) * share;
            T inDensity = T.Exp(logit - distance - Get(slots, LogScale) - density) * share * share;
            Put(inCumulative, slots, Cumulative);
            Put(inSurvival, slots, Survival);
            Put(inDensity, slots, Density);
            cumulativeSum += inCumulative;
            survivalSum += inSurvival;
            densitySum += inDensity;
        }

        sums.LargestCumulative = cumulative;
        sums.LargestSurvival = survival;
        sums.LargestDensity = density;
        sums.Cumulative = cumulativeSum;
        sums.Survival = survivalSum;
        sums.Density = densitySum;
    }

    /// <summary>
    /// Passes the gradients with respect to log F, log(1 − F) and log F' on to the parameters at dh, if wanted, and
    /// returns that with respect to x.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static T Gradient(
        T dCumulative, T dSurvival, T dDensity, in MixtureSums<T> sums, int components, float* scratch,
        float* h, float* dh, nint stride, int count, bool adds)
    {
        T byCumulative = dCumulative / sums.Cumulative, bySurvival = dSurvival / sums.Survival, byDensity = dDensity / sums.Density, byWeight = dDensity / sums.Weight;
        T dx = T.Zero, smallestScale = T.Create((float)LogisticMixtureLimits.SmallestLogScale);
        nint toMean = components * stride, toLogScale = 2 * toMean;
        float* slots = scratch, logScale = h + 2 * stride + toLogScale, dlogit = dh + 2 * stride;
        for (int k = 0; k < components; k++, slots += Slots * T.Count, logScale += stride, dlogit += stride)
        {
            T below = Get(slots, Below), above = Get(slots, Above);
            T inCumulative = byCumulative * Get(slots, Cumulative), inSurvival = bySurvival * Get(slots, Survival), inDensity = byDensity * Get(slots, Density);
            T du = T.MultiplyAdd(inCumulative, above, T.NegatedMultiplyAdd(inSurvival, below, inDensity * (above - below)));
            T byScale = du * Get(slots, InverseScale);
            dx += byScale;
            if (dh is not null)
            {
                CouplingLanes.Put(T.MultiplyAdd(byWeight, Get(slots, Weight), inCumulative + inSurvival + inDensity), dlogit, count, adds);
                CouplingLanes.Put(-byScale, dlogit + toMean, count, adds);
                T scaleGradient = -T.MultiplyAdd(du, Get(slots, Standardized), inDensity);
                CouplingLanes.Put(T.IfLess(smallestScale, T.Load(logScale), scaleGradient, T.Zero), dlogit + toLogScale, count, adds);
            }
        }

        return dx;
    }

    /// <summary>
    /// The smallest and the largest x at which a component by itself has u = z, but not so far that it is no number:
    /// logit F = z in between.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Bounds(T z, int components, float* scratch, out T low, out T high)
    {
        T farBelow = T.Create(-Far), farAbove = T.Create(Far);
        low = farAbove;
        high = farBelow;
        for (int k = 0; k < components; k++, scratch += Slots * T.Count)
        {
            T x = T.MaxNative(farBelow, T.MinNative(farAbove, T.MultiplyAdd(z, T.Exp(Get(scratch, LogScale)), Get(scratch, Mean))));
            low = T.MinNative(low, x);
            high = T.MaxNative(high, x);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Get(float* slots, int slot) => T.Load(slots + slot * T.Count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(T value, float* slots, int slot) => T.Store(value, slots + slot * T.Count);
}
