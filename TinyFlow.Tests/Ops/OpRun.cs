using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;

namespace TinyFlow.Tests.Ops;

/// <summary>What a row of the table computes on some backend: the value, and the gradient of each operand.</summary>
internal sealed record OpRun(double[] Value, double[][] Gradients)
{
    /// <summary>Runs a row with the gradient check's weights as incoming gradient.</summary>
    public static OpRun Of(OpCase row, IBackend backend) => Run(row, backend, (_, y) => y, _ => true);

    /// <summary>Runs f(x) + f(x)/2, so that every gradient of f is overwritten once and added to once.</summary>
    public static OpRun OneAndAHalfTimes(OpCase row, IBackend backend) =>
        Run(row, backend, (v, y) => y + row.Function(y.Tape, v) * 0.5, _ => true);

    /// <summary>Runs a row where the gradient of one operand alone is wanted; the others' gradients are empty.</summary>
    public static OpRun WantingOnly(int operand, OpCase row, IBackend backend) => Run(row, backend, (_, y) => y, i => i == operand);

    private static OpRun Run(OpCase row, IBackend backend, Func<Var[], Var, Var> then, Func<int, bool> wanted)
    {
        using Tape tape = new(backend);
        Var[] inputs =
        [
            .. row.Values().Select((values, i) =>
            {
                Tensor x = tape.Own(backend.Create(row.Operands[i].Shape, values));
                return wanted(i) ? tape.Input(x) : tape.Constant(x);
            }),
        ];
        Var y = then(inputs, row.Function(tape, inputs));
        double[] value = y.Value.ToDoubles();
        Tensor weights = tape.Own(backend.Create(y.Shape, GradCheck.Weights(y.Shape.Count)));
        tape.Backward((y * tape.Constant(weights)).Sum());
        return new OpRun(value, [.. inputs.Select((x, i) => wanted(i) ? x.Gradient.ToDoubles() : [])]);
    }
}
