using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Bench;

/// <summary>A formula on eight numbers at a time.</summary>
internal interface IFormula
{
    Vector256<float> At(Vector256<float> x);
}

/// <summary>0.5·x + 0.25.</summary>
internal readonly struct ScaleShift : IFormula
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<float> At(Vector256<float> x) => Vector256.FusedMultiplyAdd(x, Vector256.Create(0.5f), Vector256.Create(0.25f));
}

/// <summary>One loop, with its formula as a type parameter that the compiler sees through, and as an object that it does not.</summary>
internal static class Formulas
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Map<T>(float[] x, float[] y) where T : struct, IFormula
    {
        T formula = default;
        for (int i = 0; i <= x.Length - 8; i += 8)
        {
            formula.At(Vector256.LoadUnsafe(ref x[i])).StoreUnsafe(ref y[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Map(IFormula formula, float[] x, float[] y)
    {
        for (int i = 0; i <= x.Length - 8; i += 8)
        {
            formula.At(Vector256.LoadUnsafe(ref x[i])).StoreUnsafe(ref y[i]);
        }
    }
}
