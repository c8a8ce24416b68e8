namespace TinyFlow.Tests.Ops;

/// <summary>Comparisons that say where and by how much.</summary>
internal static class Close
{
    /// <summary>Fails unless every |found − expected| ≤ tolerance · max(1, largest |expected|).</summary>
    public static void Check(double[] expected, double[] found, double tolerance, string what)
    {
        Assert.HasCount(expected.Length, found, what);
        double scale = Math.Max(1, expected.Select(Math.Abs).DefaultIfEmpty().Max());
        for (int i = 0; i < expected.Length; i++)
        {
            // Not (error > tolerance), which a NaN would pass.
            if (!(Math.Abs(found[i] - expected[i]) <= tolerance * scale))
            {
                Assert.Fail($"{what}: element {i} is {found[i]:R}, expected {expected[i]:R}; off by {Math.Abs(found[i] - expected[i]) / scale:0.0e+0} of the largest, {tolerance:0.0e+0} is allowed.");
            }
        }
    }
}
