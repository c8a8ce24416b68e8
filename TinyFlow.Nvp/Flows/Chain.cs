using TinyFlow.Autograd;

namespace TinyFlow.Nvp.Flows;

/// <summary>
/// Flows one after the other: a fold whose log-determinants add up. On a tape that does not record, each step's input
/// is released once the step has been taken, so that a chain of any length needs the memory of two steps.
/// </summary>
public sealed class Chain : IFlow, IDataInitialized, IReversible, IComposite
{
    private readonly IFlow[] _steps;

    /// <summary>The composition, first step first.</summary>
    public Chain(params ReadOnlySpan<IFlow> steps) => _steps = steps.ToArray();

    /// <summary>The steps in the order of the forward direction.</summary>
    public IReadOnlyList<IFlow> Steps => _steps;

    /// <inheritdoc/>
    public bool IsInitialized => Array.TrueForAll(_steps, step => step is not IDataInitialized { IsInitialized: false });

    /// <inheritdoc/>
    public (Var Y, Var LogDet) Forward(Var x, Pass pass) => ((IComposite)this).Forward(x, pass, note: null);

    /// <inheritdoc/>
    (Var Y, Var LogDet) IComposite.Forward(Var x, Pass pass, Action<string, Var>? note)
    {
        if (_steps.Length == 0)
        {
            return (x, LogDeterminants.Zero(x));
        }

        Var y = x;
        Var? kept = null;
        List<Var> logDets = new(_steps.Length);
        for (int i = 0; i < _steps.Length; i++)
        {
            (Var next, Var logDet) = _steps[i] is AffineCoupling coupling
                ? Couple(coupling, y, ref kept, i + 1 < _steps.Length ? _steps[i + 1] as AffineCoupling : null, pass, note)
                : _steps[i].Forward(y, pass, note);
            Replace(ref y, next, x);
            logDets.Add(logDet);
            if (!x.Tape.IsRecording)
            {
                // One sum of all at the end would keep them until then.
                logDets = [LogDeterminants.Total(logDets)];
            }
        }

        return (y, LogDeterminants.Total(logDets));
    }

    /// <inheritdoc/>
    public Var Inverse(Var y)
    {
        Var x = y;
        for (int i = _steps.Length - 1; i >= 0; i--)
        {
            Replace(ref x, _steps[i].Inverse(x), y);
        }

        return x;
    }

    /// <inheritdoc/>
    public void Initialize(Var x)
    {
        // Each step sees what the initialized steps before it make of the data; behind the last, nobody looks.
        int last = Array.FindLastIndex(_steps, step => step is IDataInitialized { IsInitialized: false });
        Var y = x;
        for (int i = 0; i <= last; i++)
        {
            (_steps[i] as IDataInitialized)?.Initialize(y);
            if (i < last)
            {
                Replace(ref y, _steps[i].Forward(y, Pass.Evaluation).Y, x);
            }
        }

        if (!ReferenceEquals(y.Value, x.Value))
        {
            x.Tape.Release(y);
        }
    }

    /// <inheritdoc/>
    Rebuilt IReversible.Reverse(Tape outer, Tensor y, Tensor dy, Tensor dlogDet) => Reverse(outer, known: null, y, dy, dlogDet);

    /// <summary><see cref="IReversible.Reverse"/> where the input may be known, so that the first step need not rebuild it.</summary>
    internal Rebuilt Reverse(Tape outer, Tensor? known, Tensor y, Tensor dy, Tensor dlogDet)
    {
        // Every step adds to the same log_det, so its gradient is each step's.
        Rebuilt current = new(outer.Backend.CopyOf(y), outer.Backend.CopyOf(dy));
        for (int i = _steps.Length - 1; i >= 0; i--)
        {
            using Rebuilt after = current;
            current = i == 0 && known is not null && _steps[i] is not IReversible
                ? Reversal.Through(_steps[i], outer, outer.Backend.CopyOf(known), after.Dx, dlogDet)
                : Reversal.Of(_steps[i], outer, after.X, after.Dx, dlogDet);
        }

        return current;
    }

    // Couplings one after the other hand on what the next one's net will see: a pass less over the image, and over its gradient.
    private static (Var Y, Var LogDet) Couple(AffineCoupling coupling, Var x, ref Var? kept, AffineCoupling? next, Pass pass, Action<string, Var>? note)
    {
        (Var y, Var logDet, kept) = coupling.Forward(x, kept, next, pass);
        note?.Invoke(nameof(AffineCoupling), logDet);
        return (y, logDet);
    }

    private static void Replace(ref Var current, Var next, Var input)
    {
        // The input is the caller's, and a step may return what it was given.
        if (!ReferenceEquals(current.Value, input.Value) && !ReferenceEquals(current.Value, next.Value))
        {
            current.Tape.Release(current);
        }

        current = next;
    }
}
