namespace TinyFlow.Autograd;

/// <summary>
/// A value on a tape. Ops on vars are functions of <see cref="Functions"/>; they compute at once and, where a gradient
/// will be wanted, record how to get it.
/// </summary>
public sealed class Var
{
    private Tensor? _gradient;
    private readonly bool _gradientIsForeign;
    private readonly Var? _outer;

    internal Var(Tape tape, Tensor value, bool needsGradient, Tensor? foreignGradient = null, Var? outer = null)
    {
        _outer = outer;
        Tape = tape;
        Value = value;
        NeedsGradient = needsGradient;
        _gradient = foreignGradient;
        _gradientIsForeign = foreignGradient is not null;
    }

    /// <summary>The tape that this value is on.</summary>
    public Tape Tape { get; }

    /// <summary>The value. On a tape that is being differentiated, it is released when its gradient has been passed on.</summary>
    public Tensor Value { get; }

    /// <summary>The value's shape.</summary>
    public Shape Shape => Value.Shape;

    /// <summary>The backend of the tape.</summary>
    public IBackend Backend => Tape.Backend;

    /// <summary>Whether a gradient with respect to this value is asked for, directly or by what it was computed from.</summary>
    public bool NeedsGradient { get; }

    /// <summary>
    /// Where a backward closure puts its contribution to this value's gradient: overwriting at first, adding later, or
    /// <see cref="Sink.None"/> if no gradient is needed. Take it once in a closure, right before the kernel that fills it.
    /// </summary>
    public Sink Grad
    {
        get
        {
            if (!NeedsGradient)
            {
                return Sink.None;
            }

            if (_outer is not null)
            {
                return _outer.Grad;
            }

            if (IsReached)
            {
                TakeOverShared();
                return Sink.AddTo(_gradient!);
            }

            IsReached = true;
            return _gradient ??= Tape.Backend.Allocate(Shape, "the gradient of a value");
        }
    }

    /// <summary>
    /// Takes a contribution of as many elements that is there already: the first to arrive is shared with whoever else holds
    /// it, not copied. For ops whose derivative is 1.
    /// </summary>
    public void Receive(Tensor contribution)
    {
        if (NeedsGradient && !IsReached && !_gradientIsForeign && _outer is null)
        {
            IsReached = true;
            _gradient = contribution.Reshape(Shape);
        }
        else
        {
            Tape.Backend.ScaleShift(contribution, 1, 0, Grad);
        }
    }

    /// <summary>The gradient, once <see cref="Tape.Backward"/> has run: for leaves and inputs.</summary>
    /// <exception cref="InvalidOperationException">There is none (any more).</exception>
    public Tensor Gradient => IsReached && _gradient is { IsDisposed: false } gradient ? gradient : throw new InvalidOperationException(
        NeedsGradient
            ? $"The gradient of this value of shape {Shape} is not there: call Tape.Backward first, and read only gradients of inputs and parameters (those of intermediate values are released as they are used)."
            : $"This value of shape {Shape} is a constant and has no gradient: put it on the tape with Input.");

    /// <summary>Whether anything has contributed to the gradient yet.</summary>
    internal bool IsReached { get; private set; }

    /// <summary>The gradient as it arrives at this value during the backward pass.</summary>
    internal Tensor Arrived => _gradient!;

    internal Tensor ArrivedOrZero()
    {
        if (!IsReached)
        {
            SeedGradient(0);
        }

        return _gradient!;
    }

    internal void SeedGradient(double value)
    {
        Tensor gradient = Grad.Tensor!;
        Tape.Backend.Fill(gradient, value);
    }

    internal void ZeroIfUnreached()
    {
        // What stands for a var of an outer tape is that tape's to finish.
        if (!IsReached && _outer is null)
        {
            SeedGradient(0);
        }
    }

    // Before anything is added to a gradient that others may still read.
    private void TakeOverShared()
    {
        if (_gradientIsForeign || _gradient is not { IsShared: true })
        {
            return;
        }

        Tensor own = Tape.Backend.Allocate(Shape, "the gradient of a value");
        Tape.Backend.ScaleShift(_gradient, 1, 0, own);
        _gradient.Dispose();
        _gradient = own;
    }

    internal void ReleaseGradient()
    {
        if (!_gradientIsForeign)
        {
            _gradient?.Dispose();
        }
    }
}
