namespace TinyFlow.Nvp.Parameters;

/// <summary>
/// The first values of a parameter, row-major. <paramref name="uniforms"/> gives as many uniform numbers on [0, 1) as
/// the shape has elements; they depend on the seed and the parameter's name alone.
/// </summary>
public delegate double[] Initializer(Shape shape, Func<double[]> uniforms);
