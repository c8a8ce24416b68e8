namespace TinyFlow.Nvp.Parameters;

/// <summary>
/// The first values of a parameter of the given shape, row-major: float32, so that a model starts from the same numbers on every
/// backend.
/// </summary>
public delegate float[] Initializer(Shape shape, InitialNoise noise);
