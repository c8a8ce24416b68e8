using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Couplings;

/// <summary>
/// y = logit(F(x))·e^r + t with a mixture of logistics F. The inverse solves logit F(x) = z by Newton's method within
/// bounds, and by their middle wherever a step would leave them or not at least halve the step before (rtsafe of Press et
/// al., Numerical Recipes, section 9.4). Each lane stops by itself.
/// </summary>
internal readonly unsafe struct MixtureMap : IElementMap
{
    // Halving alone takes the bounds close together, whatever they were.
    private const int MostSteps = 128;

    // Logits are computed to about 1e-6 of their size. From a relative error of this on, one step of Newton's method,
    // which squares errors, ends below that.
    private const float LastStepFrom = 1e-5f;

    public static int Registers(int parameters) => Components(parameters) * MixtureTerms<Lanes128>.Slots;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static T Forward<T>(T x, in ElementParameters parameters, out T logSlope) where T : struct, ILanes<T>
    {
        int components = Components(parameters.Count);
        MixtureTerms<T>.Load(parameters.First, parameters.Stride, components, parameters.Scratch, out MixtureSums<T> sums);
        MixtureTerms<T>.Evaluate(x, components, parameters.Scratch, ref sums);
        T logScale = AffineLogScale(T.Load(parameters.First), out _);
        logSlope = sums.LogSlope() + logScale;
        return T.MultiplyAdd(sums.Logit(), T.Exp(logScale), T.Load(parameters.First + parameters.Stride));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static T Inverse<T>(T y, in ElementParameters parameters, int count) where T : struct, ILanes<T>
    {
        int components = Components(parameters.Count);
        float* h = parameters.First, scratch = parameters.Scratch;
        T z = (y - T.Load(h + parameters.Stride)) * T.Exp(-AffineLogScale(T.Load(h), out _)), half = T.Create(0.5f);
        MixtureTerms<T>.Load(h, parameters.Stride, components, scratch, out MixtureSums<T> sums);
        MixtureTerms<T>.Bounds(z, components, scratch, out T low, out T high);
        T x = T.MultiplyAdd(high - low, half, low), step = high - low, active = T.First(T.Create(1f), count);
        T tolerance = T.Create(LastStepFrom) * (T.Create(1f) + T.Abs(z));
        for (int i = 0; i < MostSteps && T.AnyPositive(active); i++)
        {
            MixtureTerms<T>.Evaluate(x, components, scratch, ref sums);
            T error = sums.Logit() - z, newton = error * T.Exp(-sums.LogSlope()), next = x - newton;
            low = T.IfPositive(error, low, x);
            high = T.IfPositive(error, x, high);

            // A NaN compares false and leads to the middle.
            T isLast = T.IfLess(T.Abs(error), tolerance, T.Create(1f), T.Zero), otherwise = T.IfPositive(isLast, x, T.MultiplyAdd(high - low, half, low));
            next = T.IfLess(low, next, T.IfLess(next, high, T.IfLess(T.Abs(newton), half * T.Abs(step), next, otherwise), otherwise), otherwise);
            step = next - x;
            x = T.IfPositive(active, next, x);
            active = T.IfPositive(isLast, T.Zero, active);
        }

        return x;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static T Gradient<T>(T x, T dy, T dlogSlope, in ElementParameters parameters, float* gradients, int count, bool adds)
        where T : struct, ILanes<T>
    {
        int components = Components(parameters.Count);
        nint stride = parameters.Stride;
        float* h = parameters.First, scratch = parameters.Scratch;
        MixtureTerms<T>.Load(h, stride, components, scratch, out MixtureSums<T> sums);
        MixtureTerms<T>.Evaluate(x, components, scratch, ref sums);
        T logScale = AffineLogScale(T.Load(h), out T tanh), scaled = dy * T.Exp(logScale);
        if (gradients is not null)
        {
            T dlogScale = T.MultiplyAdd(scaled, sums.Logit(), dlogSlope) * T.NegatedMultiplyAdd(tanh, tanh, T.Create(1f));
            CouplingLanes.Put(dlogScale, gradients, count, adds);
            CouplingLanes.Put(dy, gradients + stride, count, adds);
        }

        return MixtureTerms<T>.Gradient(
            scaled - dlogSlope, -scaled - dlogSlope, dlogSlope, sums, components, scratch, h, gradients, stride, count, adds);
    }

    private static int Components(int parameters) => (parameters - 2) / 3;

    /// <summary>r = limit·tanh(a / limit), and that tanh.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T AffineLogScale<T>(T a, out T tanh) where T : struct, ILanes<T>
    {
        tanh = T.Tanh(a * T.Create((float)(1 / LogisticMixtureLimits.LargestAffineLogScale)));
        return tanh * T.Create((float)LogisticMixtureLimits.LargestAffineLogScale);
    }
}
