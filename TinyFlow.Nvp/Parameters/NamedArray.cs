namespace TinyFlow.Nvp.Parameters;

/// <summary>A named tensor on the host, row-major: what goes into and comes out of a checkpoint.</summary>
/// <param name="Name">The key.</param>
/// <param name="Shape">The shape.</param>
/// <param name="Values">The elements; float64 holds those of every backend exactly.</param>
public sealed record NamedArray(string Name, Shape Shape, double[] Values);
