using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;

namespace TinyFlow.Tests.Ops;

/// <summary>Images of two channels, the second of which a coupling changes, element by element, with parameters drawn at random.</summary>
internal sealed class CoupledImages
{
    public const int Count = 3;
    private static readonly Shape ImageShape = [2, 5, 7];
    private static readonly int Plane = ImageShape[1] * ImageShape[2];
    private readonly IBackend _backend;
    private readonly Map _map;
    private readonly InverseMap _inverse;
    private readonly double[] _h;

    /// <summary>Images with x on ±<paramref name="furthest"/>, and so many parameters of an element, made from their number and a uniform one.</summary>
    public CoupledImages(IBackend backend, Map map, InverseMap inverse, double furthest, int parameters, Func<int, double, double> parameter)
        : this(
            backend, map, inverse, Operand.Between([Count * 2 * Plane], -furthest, furthest).Values(3, 0),
            new Operand([Count * parameters * Plane], (i, u) => parameter(i / Plane % parameters, u)).Values(3, 1))
    {
    }

    private CoupledImages(IBackend backend, Map map, InverseMap inverse, double[] x, double[] h)
    {
        (_backend, _map, _inverse, X, _h) = (backend, map, inverse, x, h);
        Y = Forward(X).Y;
    }

    public delegate (Var Y, Var LogDet) Map(Var x, Var h, ChannelRange changed);

    public delegate Var InverseMap(Var y, Var h, ChannelRange changed);

    /// <summary>The channel that changes.</summary>
    public static ChannelRange Second { get; } = new(1, 1);

    public double[] X { get; }

    public double[] Y { get; }

    public static double[] Part(double[] values, int image) => values.AsSpan(image * values.Length / Count, values.Length / Count).ToArray();

    /// <summary>One of the images by itself.</summary>
    public CoupledImages Image(int image) => new(_backend, _map, _inverse, Part(X, image), Part(_h, image));

    public (double[] Y, double[] LogDet) Forward(double[] x) => On(recording: false, x, (tape, input, h) =>
    {
        (Var y, Var logDet) = _map(tape.Constant(input), tape.Constant(h), Second);
        return (y.Value.ToDoubles(), logDet.Value.ToDoubles());
    });

    public double[] Inverse() => On(recording: false, Y, (tape, y, h) => _inverse(tape.Constant(y), tape.Constant(h), Second).Value.ToDoubles());

    /// <summary>The gradients of Σ y + Σ log_det with respect to x and h.</summary>
    public (double[] Dx, double[] Dh) Gradients() => On(recording: true, X, (tape, input, parameters) =>
    {
        Var x = tape.Input(input), h = tape.Input(parameters);
        (Var y, Var logDet) = _map(x, h, Second);
        tape.Backward(y.Sum() + logDet.Sum());
        return (x.Gradient.ToDoubles(), h.Gradient.ToDoubles());
    });

    private T On<T>(bool recording, double[] values, Func<Tape, Tensor, Tensor, T> compute)
    {
        int images = values.Length / (int)ImageShape.Count;
        using Tensor input = _backend.Create([images, ImageShape[0], ImageShape[1], ImageShape[2]], values);
        using Tensor h = _backend.Create([images, _h.Length / images / Plane, ImageShape[1], ImageShape[2]], _h);
        using Tape tape = new(_backend, recording);
        return compute(tape, input, h);
    }
}
