using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Optimizers;

/// <summary>What a step of Adam multiplies by, computed once a step in float64.</summary>
internal readonly record struct AdamFactors(
    float Clip, float Decay, float Beta1, float OneMinusBeta1, float Beta2, float OneMinusBeta2, float Rate, float Correction, float Epsilon);

/// <summary>A step of Adam, in one pass over parameters, gradients and moments.</summary>
internal readonly unsafe struct AdamWork<TScale>(float* parameters, float* gradients, float* first, float* second, AdamFactors factors, Pieces pieces) : IVectorWork
    where TScale : struct, IAdamScale
{
    private readonly float* _parameters = parameters, _gradients = gradients, _first = first, _second = second;
    private readonly AdamFactors _factors = factors;
    private readonly Pieces _pieces = pieces;

    public void Run<T>(int piece, int worker) where T : struct, ILanes<T>
    {
        _pieces.Get(piece, out _, out _, out long start, out long end);
        Step<T>(_parameters + start, _gradients + start, _first + start, _second + start, end - start, _factors);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Step<T>(float* parameters, float* gradients, float* first, float* second, long count, AdamFactors factors) where T : struct, ILanes<T>
    {
        for (long i = 0; i < count; i += T.Count)
        {
            T p = T.Load(parameters + i);
            T g = T.MultiplyAdd(T.Load(gradients + i), T.Create(factors.Clip), T.Create(factors.Decay) * p);
            T m = T.MultiplyAdd(T.Create(factors.Beta1), T.Load(first + i), T.Create(factors.OneMinusBeta1) * g);
            T v = TScale.Next(T.Load(second + i), g, factors);
            T denominator = TScale.Denominator(v, factors);
            p = T.NegatedMultiplyAdd(T.Create(factors.Rate), m / denominator, p);
            if (count - i >= T.Count)
            {
                T.Store(p, parameters + i);
                T.Store(m, first + i);
                T.Store(v, second + i);
            }
            else
            {
                T.StorePartial(p, parameters + i, (int)(count - i));
                T.StorePartial(m, first + i, (int)(count - i));
                T.StorePartial(v, second + i, (int)(count - i));
            }
        }
    }
}
