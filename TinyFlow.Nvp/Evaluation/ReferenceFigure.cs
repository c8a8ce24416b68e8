namespace TinyFlow.Nvp.Evaluation;

/// <summary>A figure to see a model's beside.</summary>
/// <param name="BitsPerDim">Bits per dimension.</param>
/// <param name="Source">Whose it is.</param>
public sealed record ReferenceFigure(double BitsPerDim, string Source);
