namespace TinyFlow.Nvp.Evaluation;

/// <summary>Images to evaluate together.</summary>
/// <param name="First">The number of the first.</param>
/// <param name="Count">How many follow each other.</param>
/// <param name="Draw">Which draw of noise.</param>
internal readonly record struct EvaluationBatch(int First, int Count, int Draw);
