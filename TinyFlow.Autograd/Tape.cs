namespace TinyFlow.Autograd;

/// <summary>
/// Records what is computed, owns it, and differentiates it (reverse mode, once). The end of the tape's block returns
/// everything to the backend's pool. One tape a training step:
/// <code>
/// using Tape tape = new(backend);
/// Var x = tape.Input(tensor);
/// Var loss = (x * x).Sum();
/// tape.Backward(loss);
/// double[] gradient = x.Gradient.ToDoubles();
/// </code>
/// A tape that does not record (evaluation, sampling) keeps no closures, and lets values go early through
/// <see cref="Release"/>.
/// </summary>
public sealed partial class Tape : IDisposable
{
    private readonly List<Node> _nodes = [];
    private readonly List<Tensor?> _owned = [];
    private readonly List<Var> _leaves = [];
    private readonly Dictionary<Tensor, Var> _leafOf = new(ReferenceEqualityComparer.Instance);
    private readonly Tape? _outer;
    private State _state = State.Open;

    /// <summary>A tape on a backend.</summary>
    public Tape(IBackend backend, bool recording = true)
    {
        Backend = backend;
        IsRecording = recording;
    }

    private Tape(Tape outer) : this(outer.Backend) => _outer = outer;

    private enum State
    {
        Open,
        Differentiated,
        Ended,
    }

    /// <summary>The backend that everything on this tape lives on.</summary>
    public IBackend Backend { get; }

    /// <summary>Whether gradients can be asked for.</summary>
    public bool IsRecording { get; }

    /// <summary>A value without a gradient. The caller keeps owning the tensor.</summary>
    public Var Constant(Tensor value)
    {
        Check("Constant", value);
        return new Var(this, value, needsGradient: false);
    }

    /// <summary>A value whose gradient is wanted; the tape owns the gradient. The caller keeps owning the tensor.</summary>
    public Var Input(Tensor value)
    {
        Check("Input", value);
        Var input = new(this, value, IsRecording);
        _leaves.Add(input);
        return input;
    }

    /// <summary>The same with a gradient that the caller owns too.</summary>
    public Var Input(Tensor value, Tensor gradient)
    {
        Check("Input", value);
        Check("Input", gradient);
        ShapeRules.Require("Input", "the gradient", gradient.Shape, value.Shape);
        Var input = new(this, value, IsRecording, gradient);
        _leaves.Add(input);
        return input;
    }

    /// <summary>
    /// A tape for a backward closure of this one that computes part of the forward pass anew and differentiates it:
    /// gradients of parameters there are contributions to those here.
    /// </summary>
    public Tape Nested() => new(this);

    /// <summary>
    /// A parameter: its gradient goes into the given tensor, which <see cref="Backward"/> overwrites, with zeros if the
    /// parameter had no part. Asking twice for the same tensor gives the same var. The caller keeps owning both.
    /// </summary>
    public Var Parameter(Tensor value, Tensor gradient)
    {
        CheckOpen("Parameter");
        return AddParameter(value, gradient);
    }

    /// <summary>
    /// Memory for an op's result or for what its backward pass needs; the tape releases it. The operands that will be
    /// computed with are checked first: on this tape, and not released. Messages name the op.
    /// </summary>
    /// <exception cref="InvalidOperationException">An operand is on another tape, or this one is past its end.</exception>
    /// <exception cref="ObjectDisposedException">An operand has been released.</exception>
    public Tensor Own(string op, Shape shape, params ReadOnlySpan<Var> operands)
    {
        CheckOpen(op);
        foreach (Var operand in operands)
        {
            Check(op, operand);
        }

        return Own(Backend.Allocate(shape, $"a result of {op}"));
    }

    /// <summary>The tape takes over a tensor and releases it.</summary>
    public Tensor Own(Tensor tensor)
    {
        CheckOpen("Own");
        _owned.Add(tensor);
        return tensor;
    }

    /// <summary>
    /// Puts an op's result on the tape. The backward closure gets the result's gradient and passes it on through the
    /// operands' <see cref="Var.Grad"/>; it is kept only if one of the operands needs a gradient.
    /// </summary>
    public Var Record(Tensor value, ReadOnlySpan<Var> operands, Action<Tensor> backward)
    {
        CheckOpen("Record");
        Var result = new(this, value, NeedsGradient(operands));
        if (result.NeedsGradient)
        {
            _nodes.Add(new Node([result], () => backward(result.Arrived), _owned.Count));
        }

        return result;
    }

    /// <summary>
    /// The same for an op with two results. The closure gets both gradients, zeros for a result that the loss does not
    /// depend on.
    /// </summary>
    public (Var First, Var Second) Record(Tensor first, Tensor second, ReadOnlySpan<Var> operands, Action<Tensor, Tensor> backward)
    {
        CheckOpen("Record");
        return RecordTwo(first, second, NeedsGradient(operands), backward);
    }

    /// <summary>
    /// The same for an op with a third result. The closure gets null for that one's gradient if the loss does not depend on it.
    /// </summary>
    public (Var First, Var Second, Var Third) Record(
        Tensor first, Tensor second, Tensor third, ReadOnlySpan<Var> operands, Action<Tensor, Tensor, Tensor?> backward)
    {
        CheckOpen("Record");
        bool needsGradient = NeedsGradient(operands);
        Var one = new(this, first, needsGradient), two = new(this, second, needsGradient), three = new(this, third, needsGradient);
        if (needsGradient)
        {
            _nodes.Add(new Node(
                [one, two, three], () => backward(one.ArrivedOrZero(), two.ArrivedOrZero(), three.IsReached ? three.Arrived : null), _owned.Count));
        }

        return (one, two, three);
    }

    /// <summary>
    /// The same for two results of an op that computes with parameters that are no operands of it, on tapes of its own
    /// (<see cref="Nested"/>).
    /// </summary>
    public (Var First, Var Second) RecordOwn(Tensor first, Tensor second, Action<Tensor, Tensor> backward)
    {
        CheckOpen("Record");
        return RecordTwo(first, second, IsRecording, backward);
    }

    /// <summary>
    /// Computes the gradient of a scalar with respect to all inputs and parameters. Values of more than one element
    /// are released on the way; the loss and its scalar parts stay readable until the tape ends.
    /// </summary>
    /// <exception cref="InvalidOperationException">Called twice, on a tape that does not record, or on a constant.</exception>
    /// <exception cref="ArgumentException">The loss is not a scalar.</exception>
    public void Backward(Var loss)
    {
        CheckLoss("Backward", loss);
        loss.SeedGradient(1);
        PassGradientsOn();
    }

    /// <summary>
    /// The same from gradients of several results, as they arrive in the midst of a larger computation: differentiates
    /// the sum of ⟨value, gradient⟩. Values that depend on no input or parameter are passed over.
    /// </summary>
    /// <exception cref="InvalidOperationException">Called twice, or on a tape that does not record.</exception>
    public void BackwardFrom(Var first, Tensor firstGradient, Var second, Tensor secondGradient)
    {
        Check("BackwardFrom", first);
        Check("BackwardFrom", second);
        CheckRecording("BackwardFrom");
        first.Receive(firstGradient);
        second.Receive(secondGradient);
        PassGradientsOn();
    }

    private void PassGradientsOn()
    {
        _state = State.Differentiated;
        for (int i = _nodes.Count - 1; i >= 0; i--)
        {
            Node node = _nodes[i];
            node.Run();

            // Whatever was computed for this node or after it has served every closure that reads it.
            ReleaseOwned(i == 0 ? 0 : _nodes[i - 1].OwnedUpTo, node.OwnedUpTo);
        }

        _nodes.Clear();
        foreach (Var leaf in _leaves)
        {
            leaf.ZeroIfUnreached();
        }
    }

    /// <summary>On a tape that does not record, releases a value that is not needed any more; else does nothing.</summary>
    public void Release(Var value)
    {
        if (IsRecording)
        {
            return;
        }

        int index = _owned.LastIndexOf(value.Value);
        if (index >= 0)
        {
            _owned[index]!.Dispose();
            _owned.RemoveAt(index);
        }
    }

    /// <summary>Takes a result out of the tape's ownership: the caller disposes it.</summary>
    public Tensor Detach(Var value)
    {
        int index = _owned.LastIndexOf(value.Value);
        if (index < 0)
        {
            throw new InvalidOperationException($"Detach: this tape does not own the value of shape {value.Shape}; copy it instead.");
        }

        _owned[index] = null;
        return value.Value;
    }

    /// <summary>Releases everything that the tape owns.</summary>
    public void Dispose()
    {
        _state = State.Ended;
        foreach (Node node in _nodes)
        {
            node.ReleaseGradients();
        }

        foreach (Var leaf in _leaves)
        {
            leaf.ReleaseGradient();
        }

        foreach (Tensor? tensor in _owned)
        {
            tensor?.Dispose();
        }

        _owned.Clear();
        _nodes.Clear();
        _leaves.Clear();
        _leafOf.Clear();
    }

    private Var AddParameter(Tensor value, Tensor gradient)
    {
        if (_leafOf.TryGetValue(value, out Var? known))
        {
            return known;
        }

        ShapeRules.Require("Parameter", "the gradient", gradient.Shape, value.Shape);
        CheckTensor("Parameter", value);
        CheckTensor("Parameter", gradient);
        Var parameter = new(this, value, IsRecording, gradient, _outer?.AddParameter(value, gradient));
        _leafOf.Add(value, parameter);
        _leaves.Add(parameter);
        return parameter;
    }

    private void ReleaseOwned(int start, int end)
    {
        for (int k = start; k < end; k++)
        {
            // Scalars cost nothing, and a loss's parts are read after the pass.
            if (_owned[k] is { } tensor && tensor.Count > 1)
            {
                tensor.Dispose();
            }
        }
    }

    private static bool NeedsGradient(ReadOnlySpan<Var> operands)
    {
        foreach (Var operand in operands)
        {
            if (operand.NeedsGradient)
            {
                return true;
            }
        }

        return false;
    }

    private (Var First, Var Second) RecordTwo(Tensor first, Tensor second, bool needsGradient, Action<Tensor, Tensor> backward)
    {
        Var one = new(this, first, needsGradient), two = new(this, second, needsGradient);
        if (needsGradient)
        {
            _nodes.Add(new Node([one, two], () => backward(one.ArrivedOrZero(), two.ArrivedOrZero()), _owned.Count));
        }

        return (one, two);
    }

    /// <summary>One op's results, how to pass their gradients on, and how much the tape owned once it was recorded.</summary>
    private readonly record struct Node(Var[] Results, Action PassOn, int OwnedUpTo)
    {
        public void Run()
        {
            if (Array.Exists(Results, result => result.IsReached))
            {
                PassOn();
            }

            ReleaseGradients();
        }

        public void ReleaseGradients()
        {
            foreach (Var result in Results)
            {
                result.ReleaseGradient();
            }
        }
    }
}
