using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Flows;

/// <summary>
/// A 1x1 convolution over channels with an invertible matrix P·L·(U + diag(sign·e^logScale)): P a fixed permutation, L
/// lower triangular with ones on its diagonal, U strictly upper triangular; log_det = H·W·Σ logScale (Kingma and
/// Dhariwal 2018, section 3.2). It starts as a random rotation.
/// </summary>
public sealed class InvertibleConvolution : IFlow
{
    private readonly int _channels;
    private readonly Parameter _lower, _upper, _logScale;
    private readonly StateBuffer _permutation, _sign;
    private readonly ModelConstant _belowDiagonal, _aboveDiagonal, _identity;

    /// <summary>For images of the given number of channels.</summary>
    /// <param name="scope">
    /// Where <c>lower</c>, <c>upper</c>, <c>log_scale</c> are declared, and the fixed <c>permutation</c> and <c>sign</c>.
    /// </param>
    /// <param name="channels">C: the matrix is [C, C].</param>
    public InvertibleConvolution(ParameterScope scope, int channels)
    {
        Shape square = [channels, channels];
        Initializer Part(Func<RotationFactors, double[]> part) => RotationFactors.Part($"{scope.Path}.rotation", channels, part);
        float[] Where(Func<int, int, bool> isOne) => [.. Enumerable.Range(0, channels * channels).Select(i => isOne(i / channels, i % channels) ? 1f : 0f)];
        _channels = channels;
        _lower = scope.Parameter("lower", square, Part(rotation => rotation.Lower));
        _upper = scope.Parameter("upper", square, Part(rotation => rotation.Upper));
        _logScale = scope.Parameter("log_scale", [channels], Part(rotation => rotation.LogScale));
        _permutation = scope.Buffer("permutation", square, Part(rotation => rotation.Permutation));
        _sign = scope.Buffer("sign", [channels], Part(rotation => rotation.Sign));
        _belowDiagonal = scope.Constant("below_diagonal", square, Where((row, column) => row > column));
        _aboveDiagonal = scope.Constant("above_diagonal", square, Where((row, column) => row < column));
        _identity = scope.Constant("identity", square, Where((row, column) => row == column));
    }

    /// <inheritdoc/>
    public (Var Y, Var LogDet) Forward(Var x, Pass pass)
    {
        Var matrix = Matrix(x.Tape), weight = matrix.Reshape([_channels, _channels, 1, 1]);
        Var y = x.Conv2D(weight);
        x.Tape.ReleaseAll(weight, matrix);
        return (y, LogDeterminants.OfChannels(_logScale.On(x.Tape), x));
    }

    /// <inheritdoc/>
    public Var Inverse(Var y)
    {
        // A matrix of a few channels: the host inverts it, in float64.
        Tape tape = y.Tape;
        Var matrix = Matrix(tape);
        double[] inverse = MatrixInverse.Of(matrix.Value.ToDoubles(), _channels);
        Var weight = tape.Constant(tape.Own(y.Backend.Create([_channels, _channels, 1, 1], inverse)));
        Var x = y.Conv2D(weight);
        tape.ReleaseAll(weight, matrix);
        return x;
    }

    private Var Matrix(Tape tape)
    {
        Var identity = _identity.On(tape);
        Var below = _lower.On(tape) * _belowDiagonal.On(tape), lower = below + identity;
        Var scale = _logScale.On(tape).Exp(), signed = tape.Constant(_sign.Value) * scale, diagonal = identity * signed;
        Var above = _upper.On(tape) * _aboveDiagonal.On(tape), upper = above + diagonal;
        Var product = lower.MatMul(upper), matrix = tape.Constant(_permutation.Value).MatMul(product);
        tape.ReleaseAll(below, lower, scale, signed, diagonal, above, upper, product);
        return matrix;
    }
}
