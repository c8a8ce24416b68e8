namespace TinyFlow.Nvp.Parameters;

/// <summary>The first values of a parameter of the given shape, row-major.</summary>
public delegate double[] Initializer(Shape shape, InitialNoise noise);
