using TinyFlow.Autograd;

namespace TinyFlow.Nvp.Flows;

/// <summary>A flow made of flows, which can say what each of them adds to the log-determinant.</summary>
internal interface IComposite : IFlow
{
    /// <summary><see cref="IFlow.Forward"/>, telling <paramref name="note"/> the name and the log_det [N] of each part on the way.</summary>
    (Var Y, Var LogDet) Forward(Var x, Pass pass, Action<string, Var>? note);
}

/// <summary>Forward passes that are told of.</summary>
internal static class Noting
{
    /// <summary>A pass through a flow, composite or not.</summary>
    public static (Var Y, Var LogDet) Forward(this IFlow flow, Var x, Pass pass, Action<string, Var>? note)
    {
        if (flow is IComposite composite)
        {
            return composite.Forward(x, pass, note);
        }

        (Var y, Var logDet) = flow.Forward(x, pass);
        note?.Invoke(flow.GetType().Name, logDet);
        return (y, logDet);
    }
}
