namespace TinyFlow.Pointwise;

/// <summary>A function of one number and its derivative, side by side.</summary>
public interface IPointwise
{
    /// <summary>The name in messages and, in lower case, of the GPU kernels.</summary>
    static abstract string Name { get; }

    /// <summary>y = f(x).</summary>
    static abstract T Forward<T>(T x) where T : struct, IReal<T>;

    /// <summary>f'(x), given y = f(x) where that is cheaper.</summary>
    static abstract T Derivative<T>(T x, T y) where T : struct, IReal<T>;
}

/// <summary>A function of two numbers and its two derivatives.</summary>
public interface IBinary
{
    /// <summary>The name in messages and, in lower case, of the GPU kernels.</summary>
    static abstract string Name { get; }

    /// <summary>Whether ∂f/∂a is 1 everywhere.</summary>
    static virtual bool PassesLeft => false;

    /// <summary>Whether ∂f/∂b is 1 everywhere.</summary>
    static virtual bool PassesRight => false;

    /// <summary>y = f(a, b).</summary>
    static abstract T Forward<T>(T a, T b) where T : struct, IReal<T>;

    /// <summary>∂f/∂a, given y = f(a, b).</summary>
    static abstract T LeftDerivative<T>(T a, T b, T y) where T : struct, IReal<T>;

    /// <summary>∂f/∂b, given y = f(a, b).</summary>
    static abstract T RightDerivative<T>(T a, T b, T y) where T : struct, IReal<T>;
}
