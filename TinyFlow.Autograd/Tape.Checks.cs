namespace TinyFlow.Autograd;

// What may be computed with on a tape, and the sentences for what may not.
public sealed partial class Tape
{
    /// <summary>Checks that an operand may be computed with on this tape.</summary>
    /// <exception cref="InvalidOperationException">The operand is on another tape, or this one is past its end.</exception>
    /// <exception cref="ObjectDisposedException">The operand has been released.</exception>
    internal void Check(string op, Var operand)
    {
        CheckOpen(op);
        if (!ReferenceEquals(operand.Tape, this))
        {
            throw new InvalidOperationException(
                ReferenceEquals(operand.Backend, Backend)
                    ? $"{op}: an operand of shape {operand.Shape} is on another tape. Compute with values of one tape; bring a value over with tape.Constant(value.Value)."
                    : $"{op}: an operand of shape {operand.Shape} is on backend '{operand.Backend.Name}' and this tape on '{Backend.Name}'. Copy it over first: backend.CopyOf(tensor).");
        }

        if (operand.Value.IsDisposed)
        {
            throw new ObjectDisposedException(
                nameof(Var), $"{op}: an operand of shape {operand.Shape} has been released: its tape has been differentiated or has ended, or its tensor was disposed. Compute before that, or keep a copy.");
        }
    }

    /// <summary>Checks that a tensor may be computed with on this tape.</summary>
    /// <exception cref="InvalidOperationException">The tensor is on another backend.</exception>
    /// <exception cref="ObjectDisposedException">The tensor has been released.</exception>
    internal void Check(string op, Tensor operand)
    {
        CheckOpen(op);
        CheckTensor(op, operand);
    }

    private void CheckTensor(string op, Tensor operand)
    {
        if (!ReferenceEquals(operand.Backend, Backend))
        {
            throw new InvalidOperationException(
                $"{op}: a tensor of shape {operand.Shape} is on backend '{operand.Backend.Name}' and this tape on '{Backend.Name}'. Copy it over first: backend.CopyOf(tensor).");
        }

        if (operand.IsDisposed)
        {
            throw new ObjectDisposedException(
                nameof(Tensor), $"{op}: a tensor of shape {operand.Shape} has been released. Use it before its owner ends, or keep a copy.");
        }
    }

    private void CheckLoss(string op, Var loss)
    {
        Check(op, loss);
        CheckRecording(op);
        if (loss.Shape.Count != 1)
        {
            throw new ArgumentException($"{op}: the loss must have one element; found {loss.Shape}. Sum or average it first.");
        }

        if (!loss.NeedsGradient)
        {
            throw new InvalidOperationException($"{op}: the loss does not depend on any input or parameter of this tape, so there is nothing to differentiate.");
        }
    }

    private void CheckRecording(string op)
    {
        if (!IsRecording)
        {
            throw new InvalidOperationException($"{op}: this tape does not record. Make it with recording: true to differentiate.");
        }
    }

    private void CheckOpen(string op)
    {
        switch (_state)
        {
            case State.Differentiated:
                throw new InvalidOperationException($"{op}: this tape has been differentiated already, and its values are released. Make a new Tape for each pass.");
            case State.Ended:
                throw new ObjectDisposedException(nameof(Tape), $"{op}: this tape has ended, and its values are released. Compute within the tape's using block.");
        }
    }
}
