using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Couplings;

/// <summary>
/// The inverse of a coupling by a mixture of logistics: solves logit F(x) = z by Newton's method within bounds, and by
/// their middle wherever a step would leave them or not at least halve the step before (rtsafe of Press et al., Numerical
/// Recipes, section 9.4). Each lane stops by itself, so that an element's result does not depend on its neighbours.
/// </summary>
internal readonly unsafe struct MixtureInverseWork(MixtureOperands operands, Pieces pieces, float* output, MixtureScratch scratch) : IVectorWork
{
    // Halving alone takes the bounds close together, whatever they were.
    private const int MostSteps = 128;

    // Logits are computed to about 1e-6 of their size. From a relative error of this on, one step of Newton's method,
    // which squares errors, ends below that.
    private const float LastStepFrom = 1e-5f;

    private readonly MixtureOperands _operands = operands;
    private readonly Pieces _pieces = pieces;
    private readonly float* _output = output;
    private readonly MixtureScratch _scratch = scratch;

    public void Run<T>(int piece, int worker) where T : struct, ILanes<T>
    {
        _pieces.Get(piece, out long firstImage, out long endImage, out long start, out long end);
        float* scratch = _scratch.Of(worker);
        int components = _operands.Components;
        nint stride = (nint)_operands.Changed;
        for (long image = firstImage; image < endImage; image++)
        {
            if (start == 0)
            {
                _operands.Keep(image, _operands.Input, _output, adds: false);
            }

            long place = image * _operands.Image + _operands.First;
            float* y = _operands.Input + place, x = _output + place, h = _operands.NetOf(image, _scratch.Net(worker));
            for (long i = start; i < end; i += T.Count)
            {
                int count = (int)Math.Min(T.Count, end - i);
                CouplingLanes.Put(Solve(T.Load(y + i), h + i, stride, components, count, scratch), x + i, count, adds: false);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static T Solve<T>(T y, float* h, nint stride, int components, int count, float* scratch) where T : struct, ILanes<T>
    {
        T z = (y - T.Load(h + stride)) * T.Exp(-CouplingLanes.AffineLogScale(T.Load(h), out _)), half = T.Create(0.5f);
        MixtureTerms<T>.Load(h, stride, components, scratch, out MixtureSums<T> sums);
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
}
