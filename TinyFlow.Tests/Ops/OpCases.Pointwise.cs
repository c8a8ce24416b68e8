using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Pointwise;

namespace TinyFlow.Tests.Ops;

internal static partial class OpCases
{
    private static Shape[] PointwiseShapes => [[], [1], [7], [3, 5], [2, 3, 4, 5], [2, 1, 3, 2, 1, 3]];

    private static IEnumerable<OpCase> PointwiseRows()
    {
        (string Name, Func<Shape, Operand> Input, Func<Var, Var> Function)[] functions =
        [
            ("Exp", Operand.Any, x => x.Exp()),
            ("Log", s => Operand.Between(s, 0.2, 4), x => x.Log()),
            ("Tanh", s => Operand.Between(s, -4, 4), x => x.Tanh()),
            ("Sigmoid", s => Operand.Between(s, -8, 8), x => x.Sigmoid()),
            ("Softplus", s => Operand.Between(s, -8, 8), x => x.Softplus()),
            ("Logit", s => Operand.Between(s, 0.05, 0.95), x => x.Logit()),
            ("Relu", Operand.AwayFromZero, x => x.Relu()),
            ("Elu", Operand.AwayFromZero, x => x.Elu()),
            ("Sqrt", s => Operand.Between(s, 0.2, 4), x => x.Sqrt()),
            ("Square", Operand.Any, x => x.Square()),
            ("Abs", Operand.AwayFromZero, x => x.Abs()),
            ("LogAbs", Operand.AwayFromZero, x => x.Pointwise<LogAbs>()),
            ("LogDeviation", s => Operand.Between(s, 0.2, 4), x => x.Pointwise<LogDeviation>()),
            ("Floor", s => Operand.OnGrid(s, 0.125), x => x.Floor()),
            ("Reciprocal", Operand.AwayFromZero, x => x.Reciprocal()),
            ("ScaleShift", Operand.Any, x => x.ScaleShift(-2.5, 0.75)),
        ];
        foreach ((string name, Func<Shape, Operand> input, Func<Var, Var> function) in functions)
        {
            foreach (Shape shape in PointwiseShapes)
            {
                yield return new OpCase($"{name} of {shape}", Float32Tolerance.Transcendental, [input(shape)], (_, v) => function(v[0]));
            }
        }
    }
}
