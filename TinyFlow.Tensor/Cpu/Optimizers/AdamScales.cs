using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Optimizers;

/// <summary>What Adam divides its steps by, as a state of one number a parameter.</summary>
internal interface IAdamScale
{
    /// <summary>The state after another gradient.</summary>
    static abstract T Next<T>(T state, T gradient, in AdamFactors factors) where T : struct, ILanes<T>;

    /// <summary>The divisor.</summary>
    static abstract T Denominator<T>(T state, in AdamFactors factors) where T : struct, ILanes<T>;
}

/// <summary><see cref="AdamScale.RootMeanSquare"/>.</summary>
internal readonly struct RootMeanSquareScale : IAdamScale
{
    public static T Next<T>(T state, T gradient, in AdamFactors factors) where T : struct, ILanes<T> =>
        T.MultiplyAdd(T.Create(factors.Beta2), state, T.Create(factors.OneMinusBeta2) * (gradient * gradient));

    public static T Denominator<T>(T state, in AdamFactors factors) where T : struct, ILanes<T> =>
        T.MultiplyAdd(T.Sqrt(state), T.Create(factors.Correction), T.Create(factors.Epsilon));
}

/// <summary><see cref="AdamScale.Maximum"/>.</summary>
internal readonly struct MaximumScale : IAdamScale
{
    public static T Next<T>(T state, T gradient, in AdamFactors factors) where T : struct, ILanes<T> =>
        T.MaxNative(T.Create(factors.Beta2) * state, T.Abs(gradient) + T.Create(factors.Epsilon));

    public static T Denominator<T>(T state, in AdamFactors factors) where T : struct, ILanes<T> => state;
}
