using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Couplings;

/// <summary>An increasing map of single numbers, each with parameters of its own: what differs between element couplings.</summary>
internal unsafe interface IElementMap
{
    /// <summary>The registers of working memory that elements of so many parameters need.</summary>
    static abstract int Registers(int parameters);

    /// <summary>y and log ∂y/∂x.</summary>
    static abstract T Forward<T>(T x, in ElementParameters parameters, out T logSlope) where T : struct, ILanes<T>;

    /// <summary>x of y, in the first <paramref name="count"/> lanes. A lane's result does not depend on the others.</summary>
    static abstract T Inverse<T>(T y, in ElementParameters parameters, int count) where T : struct, ILanes<T>;

    /// <summary>
    /// The gradient with respect to x, given those with respect to y and log ∂y/∂x. Those of the parameters, of the first
    /// <paramref name="count"/> lanes, go to <paramref name="gradients"/>, at the parameters' distances, if it is not null.
    /// </summary>
    static abstract T Gradient<T>(T x, T dy, T dlogSlope, in ElementParameters parameters, float* gradients, int count, bool adds)
        where T : struct, ILanes<T>;
}
