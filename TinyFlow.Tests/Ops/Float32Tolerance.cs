namespace TinyFlow.Tests.Ops;

/// <summary>
/// How far a float32 backend may be from the reference, relative to max(1, the largest magnitude of the tensor), and
/// why that far. One rounding is 6e-8.
/// </summary>
internal sealed record Float32Tolerance(double Value, string Reason)
{
    public static readonly Float32Tolerance Exact = new(0, "numbers are moved, not computed");

    public static readonly Float32Tolerance Rounding = new(5e-7, "a handful of roundings an element, in results and in sums over what was broadcast");

    public static readonly Float32Tolerance Transcendental = new(1e-6, "polynomials in float32, good to a few units in the last place, and roundings around them");

    public static readonly Float32Tolerance Products = new(2e-6, "sums of up to thousands of rounded products");

    // 576 products in one chain may err by 576 · 6e-8 = 3.4e-5 at worst; seen are 2.9e-6 directly and 3.7e-6 by Winograd.
    public static readonly Float32Tolerance LargeConvolutions = new(1e-5, "hundreds of products in one sum, and Winograd's transforms, whose factors of up to 8 magnify roundings");

    public static readonly Float32Tolerance Mixtures = new(3e-6, "sums of exponentials of differences, each with the roundings of its exponent");

    public static readonly Float32Tolerance Splines = new(3e-5, "a knot, a sum of up to 3, is off by 4e-7, and in narrow bins the log slope's gradient changes by its own size within 0.02");

    public static readonly Float32Tolerance Statistics = new(1e-5, "differences from a mean cancel, and their roundings are scaled by 1/deviation");
}
