using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;

namespace TinyFlow.Nvp.Parameters;

/// <summary>
/// A weight under weight normalization, w = g·v/‖v‖ over each element of the first axis (Salimans and Kingma 2016), with
/// the names of torch.nn.utils.weight_norm. It starts with g = ‖v‖, that is with w = v.
/// </summary>
public sealed class NormedWeight : IOperand
{
    /// <summary>How the names of all lengths g end.</summary>
    public const string LengthSuffix = "weight_g";

    private readonly Parameter _length, _direction;

    /// <summary>Declares <c>weight_g</c> [K, 1, …] and <c>weight_v</c>, of the weight's shape.</summary>
    /// <param name="scope">Where.</param>
    /// <param name="shape">[K, …].</param>
    /// <param name="initializer">Of the weight.</param>
    public NormedWeight(ParameterScope scope, Shape shape, Initializer initializer)
    {
        string direction = $"{scope.Path}.weight_v";
        _length = scope.Parameter(
            LengthSuffix, shape.Reduced([.. Enumerable.Range(1, shape.Rank - 1)]), (lengths, noise) => Norms(initializer(shape, noise.Of(direction)), checked((int)lengths.Count)));
        _direction = scope.Parameter("weight_v", shape, initializer);
    }

    /// <inheritdoc/>
    public Var On(Tape tape) => _direction.On(tape).WeightNorm(_length.On(tape));

    private static float[] Norms(float[] values, int rows) =>
        [.. values.Chunk(values.Length / rows).Select(row => (float)Math.Sqrt(row.Sum(value => (double)value * value)))];
}
