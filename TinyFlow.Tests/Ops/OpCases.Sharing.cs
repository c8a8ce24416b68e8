using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;

namespace TinyFlow.Tests.Ops;

internal static partial class OpCases
{
    /// <summary>Values that are used more than once: several contributions meet in one gradient.</summary>
    private static IEnumerable<OpCase> SharingRows()
    {
        Operand image = Operand.Any([2, 2, 4, 4]);
        (string Name, Operand[] Operands, Func<Var[], Var> Function)[] rows =
        [
            ("Add of x and x", [Operand.Any([3])], v => v[0] + v[0]),
            ("Subtract of x and x²", [Operand.Any([3])], v => v[0] - v[0] * v[0]),
            ("Multiply of x and x", [Operand.Any([2, 3])], v => v[0] * v[0]),
            ("Divide of x and x + 3", [Operand.Any([2, 3])], v => v[0] / (v[0] + 3)),
            ("Multiply of x and its mean, which broadcasts", [Operand.Any([2, 3])], v => v[0] * v[0].MeanOver(1)),
            ("Concat of x and x and y", [Operand.Any([2, 3]), Operand.Any([2, 1])], v => Movement.Concat(1, v[0], v[0], v[1])),
            ("MatMul of x and x", [Operand.Any([3, 3])], v => v[0].MatMul(v[0])),
            ("MatMul of x and xᵀ", [Operand.Any([2, 3])], v => v[0].MatMul(v[0], transposeRight: true)),
            ("MatMul of xᵀ and x over batches", [Operand.Any([2, 2, 3])], v => v[0].MatMul(v[0], transposeLeft: true)),
            ("Conv2D of x and x", [Operand.Any([2, 2, 3, 3])], v => v[0].Conv2D(v[0], null, new ConvolutionWindow(1, 1))),
            ("Conv2D of h twice with the same weight", [Operand.Any([1, 2, 3, 3]), Operand.Any([2, 2, 3, 3]), Operand.Any([2])],
                v => v[0].Conv2D(v[1], v[2], new ConvolutionWindow(1, 1)).Tanh().Conv2D(v[1], v[2], new ConvolutionWindow(1, 1))),
            ("Conv2D of h with a connection around it", [Operand.Any([1, 2, 3, 3]), Operand.Any([2, 2, 3, 3])],
                v => v[0] + v[0].Tanh().Conv2D(v[1], null, new ConvolutionWindow(1, 1))),
            ("Slice of x in overlapping parts", [Operand.Any([2, 5])], v => v[0].Slice(1, 0, 3) * v[0].Slice(1, 2, 3)),
            ("Pad of x, twice", [Operand.Any([2, 3])], v => v[0].Pad(1, 1, 0) * v[0].Pad(1, 0, 1)),
            ("Squeeze of x in both orders", [image], v => v[0].Squeeze() * v[0].Squeeze(SqueezeOrder.Alternative)),
            ("Unsqueeze of a squeeze, with x", [image], v => v[0].Squeeze(SqueezeOrder.Alternative).Unsqueeze() * v[0]),
            ("Permute of x with x", [Operand.Any([3, 3])], v => v[0] * v[0].Permute(1, 0)),
            ("Reshape of x with x", [Operand.Any([4])], v => v[0].Reshape([2, 2]).Reshape([4]).Tanh() * v[0]),
            ("BroadcastTo of x with x", [Operand.Any([3])], v => v[0].BroadcastTo([2, 3]) * v[0]),
            ("GaussianLogProb of x with its sum", [image], v => v[0].GaussianLogProb() * v[0].SumPerImage()),
            ("Exp of h that three others use", [Operand.Any([5])], v => Threefold(v[0].Exp())),
            ("LogisticMixtureCoupling of x by a net of x", [image, Operand.Any([8, 1, 3, 3])], v => MapByNet(v[0], v[1], padding: 1, LogisticMixtures.LogisticMixtureCoupling)),
            ("LogisticMixtureCoupling of x, twice by the same net", [image, Operand.Between([8, 1, 3, 3], -0.3, 0.3)], v => MapTwice(v[0], v[1], LogisticMixtures.LogisticMixtureCoupling)),
            ("RationalQuadraticCoupling of x by a net of x", [image, Operand.Any([8, 1, 3, 3])], v => MapByNet(v[0], v[1], padding: 1, RationalQuadraticSplines.RationalQuadraticCoupling)),
            ("RationalQuadraticCoupling of x, twice by the same net", [image, Operand.Between([8, 1, 3, 3], -0.3, 0.3)], v => MapTwice(v[0], v[1], RationalQuadraticSplines.RationalQuadraticCoupling)),
            ("AffineCoupling of x by a net of x", [image, Operand.Any([4, 2, 3, 3])], v => CoupleByNet(v[0], v[1])),
        ];
        return rows.Select(row => new OpCase(row.Name, Float32Tolerance.Products, row.Operands, (_, v) => row.Function(v)));
    }

    /// <summary>The first channel makes the parameters of the second.</summary>
    private static Var MapByNet(Var x, Var weight, int padding, CoupledImages.Map map)
    {
        Var h = x.Slice(1, 0, 1).Conv2D(weight, null, new ConvolutionWindow(1, padding));
        (Var y, Var logDet) = map(x, h, CoupledImages.Second);
        return y.GaussianLogProb() + logDet;
    }

    /// <summary>Two couplings with one h, which a convolution holds channels last: gradients meet there.</summary>
    private static Var MapTwice(Var x, Var weight, CoupledImages.Map map)
    {
        Var h = x.Slice(1, 0, 1).Conv2D(weight, null, new ConvolutionWindow(1, 1));
        (Var y, Var first) = map(x, h, CoupledImages.Second);
        (Var z, Var second) = map(y, h, CoupledImages.Second);
        return z.GaussianLogProb() + first + second;
    }

    private static Var Threefold(Var h) => h * h.Sqrt() + h.Sum();

    /// <summary>A whole coupling layer: the kept half of the channels makes h of the other half.</summary>
    private static Var CoupleByNet(Var x, Var weight)
    {
        Tensor mask = Constant(x.Tape, MaskOf(Mask.Channels, x.Shape));
        Tensor kept = x.Tape.Own("Mask", mask.Shape);
        x.Backend.ScaleShift(mask, -1, 1, kept);
        Var h = (x * x.Tape.Constant(kept)).Conv2D(weight, null, new ConvolutionWindow(1, 1));
        (Var y, Var logDet) = x.AffineCoupling(h, null, mask, CouplingForm.ScaleThenShift);
        return y.GaussianLogProb() + logDet;
    }
}
