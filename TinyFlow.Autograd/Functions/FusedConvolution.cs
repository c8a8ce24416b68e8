namespace TinyFlow.Autograd.Functions;

/// <summary>A convolution that normalizes what it reads. Making one checks all operands, before any statistics change.</summary>
internal readonly struct FusedConvolution
{
    private readonly IFusedNormalization _backend;
    private readonly Var _x, _weight;
    private readonly Var? _bias;
    private readonly Var[] _normalized, _operands;
    private readonly ConvolutionWindow _window;
    private readonly Tensor _y;

    /// <summary>The operands of the normalization, x among them, and those of the convolution.</summary>
    public FusedConvolution(string op, IFusedNormalization backend, Var x, Var[] normalized, Var weight, Var? bias, ConvolutionWindow? window)
    {
        _backend = backend;
        _x = x;
        _weight = weight;
        _bias = bias;
        _window = window ?? new ConvolutionWindow(1);
        _normalized = normalized;
        _operands = bias is null ? [.. normalized, weight] : [.. normalized, weight, bias];
        _y = x.Tape.Own(op, ShapeRules.Conv2D(x.Shape, weight.Shape, bias?.Shape, _window), _operands);
    }

    /// <summary>Throws unless weight and bias fit x and are on its tape.</summary>
    public static void Check(string op, Var x, Var weight, Var? bias, ConvolutionWindow? window)
    {
        ShapeRules.Conv2D(x.Shape, weight.Shape, bias?.Shape, window ?? new ConvolutionWindow(1));
        x.Tape.Check(op, weight);
        if (bias is not null)
        {
            x.Tape.Check(op, bias);
        }
    }

    /// <summary>
    /// The result, given what is done to x on entry; <paramref name="passOn"/>, given the gradient of the normalized x, puts that of x
    /// into a sink. The statistics of the result go where they are wanted.
    /// </summary>
    public Var Of(ChannelNorm entry, Action<Tensor, Sink> passOn, StatisticsSink? statistics = null)
    {
        FusedConvolution self = this;
        _backend.Conv2D(_x.Value, entry, _weight.Value, _bias?.Value, _y, _window, statistics);
        return _x.Tape.Record(_y, _operands, dy => self.Backward(dy, entry, passOn));
    }

    private void Backward(Tensor dy, ChannelNorm entry, Action<Tensor, Sink> passOn)
    {
        if (_weight.NeedsGradient || _bias is { NeedsGradient: true })
        {
            _backend.Conv2DWeightGradient(_x.Value, entry, dy, _weight.Grad, _bias?.Grad ?? Sink.None, _window);
        }

        if (!Array.Exists(_normalized, operand => operand.NeedsGradient))
        {
            return;
        }

        using Tensor dnormal = _x.Backend.Allocate(_x.Shape, "the gradient of a normalized image");
        _x.Backend.Conv2DInputGradient(dy, _weight.Value, dnormal, _window);
        if (!_x.NeedsGradient || _x.IsReached)
        {
            passOn(dnormal, _x.Grad);
            return;
        }

        // It is nobody else's, so that the gradient of x may take its place.
        passOn(dnormal, dnormal);
        _x.Receive(dnormal);
    }
}
