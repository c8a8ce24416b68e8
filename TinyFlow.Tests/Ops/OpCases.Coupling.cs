using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;

namespace TinyFlow.Tests.Ops;

internal static partial class OpCases
{
    private enum Mask
    {
        Checkerboard,
        Channels,
        Everything,
        Nothing,
        Random,
    }

    private static IEnumerable<OpCase> CouplingRows()
    {
        foreach (CouplingForm form in Enum.GetValues<CouplingForm>())
        {
            foreach (Shape x in (Shape[])[[1, 1, 1, 1], [2, 1, 4, 3], [3, 2, 3, 3], [2, 5, 2, 1]])
            {
                Shape[] scales = [[1], [x[1]], [x[1], x[2], x[3]]];
                yield return Couple(x, null, Mask.Checkerboard, form);
                foreach (Shape scale in scales.Distinct())
                {
                    yield return Couple(x, scale, Mask.Random, form);
                }
            }

            foreach (Mask mask in Enum.GetValues<Mask>())
            {
                yield return Couple([2, 4, 3, 2], [4], mask, form);
                yield return CoupleKeeping([2, 4, 3, 2], [4], mask, form);
            }

            yield return CoupleKeeping([1, 1, 1, 1], null, Mask.Everything, form);
            yield return CoupleKeeping([3, 2, 3, 3], [2, 3, 3], Mask.Random, form);
        }

        yield return CoupleKeepingInVain([2, 1, 4, 3]);
    }

    private static IEnumerable<OpCase> MixtureCouplingRows()
    {
        yield return CoupleByMixture([1, 1, 1, 1], new ChannelRange(0, 1), 1, -1.5);
        yield return CoupleByMixture([2, 2, 3, 3], new ChannelRange(1, 1), 4, -1.5);
        yield return CoupleByMixture([3, 4, 2, 3], new ChannelRange(0, 2), 3, -1.5);
        yield return CoupleByMixture([2, 5, 1, 3], new ChannelRange(1, 3), 2, -3);

        // Log scales at which the bound holds them: they have no gradient.
        yield return CoupleByMixture([2, 2, 2, 2], new ChannelRange(0, 1), 2, -12) with
        {
            Tolerance = new Float32Tolerance(1e-5, "distances are multiplied by e^7, and what is lost in rounding them with it"),
        };
    }

    private static OpCase CoupleByMixture(Shape x, ChannelRange changed, int components, double smallestLogScale)
    {
        // Log scales are the last of the parameters; [-12, -9] stays away from the bound's kink.
        Shape h = x.With(1, (2 + 3 * components) * changed.Count);
        int logScales = (2 + 2 * components) * changed.Count * x[2] * x[3];
        Operand parameters = new(h, (p, u) => p % (h.Count / h[0]) >= logScales ? smallestLogScale + 3 * u : 3 * u - 1.5);
        return new OpCase(
            $"LogisticMixtureCoupling of {x}, {changed.Count} channels from {changed.First} on, {components} components, log scales from {smallestLogScale} on",
            Float32Tolerance.Mixtures, [Operand.Any(x), parameters],
            (_, v) =>
            {
                (Var y, Var logDet) = v[0].LogisticMixtureCoupling(v[1], changed);
                return Both(y, logDet);
            });
    }

    private static IEnumerable<OpCase> SplineCouplingRows()
    {
        yield return CoupleBySpline([1, 1, 1, 1], new ChannelRange(0, 1), 2);
        yield return CoupleBySpline([2, 2, 3, 3], new ChannelRange(1, 1), 8);
        yield return CoupleBySpline([3, 4, 2, 3], new ChannelRange(0, 2), 3);
        yield return CoupleBySpline([2, 5, 1, 3], new ChannelRange(1, 3), 5);
    }

    private static OpCase CoupleBySpline(Shape x, ChannelRange changed, int bins)
    {
        SplineOperands operands = new(x, changed, bins);
        return new OpCase(
            $"RationalQuadraticCoupling of {x}, {changed.Count} channels from {changed.First} on, {bins} bins",
            Float32Tolerance.Splines, [operands.Input, operands.Parameters],
            (_, v) =>
            {
                (Var y, Var logDet) = v[0].RationalQuadraticCoupling(v[1], changed);
                return Both(y, logDet);
            });
    }

    private static OpCase Couple(Shape x, Shape? scale, Mask mask, CouplingForm form)
    {
        Operand[] operands = [Operand.Any(x), Operand.Any(x.With(1, 2 * x[1]))];
        return new OpCase(
            $"AffineCoupling of {x}, scale {scale?.ToString() ?? "absent"}, mask {mask}, {form}", Float32Tolerance.Transcendental,
            scale is { } s ? [.. operands, Operand.AwayFromZero(s)] : operands,
            (tape, v) =>
            {
                Tensor pattern = Constant(tape, MaskOf(mask, x));
                (Var y, Var logDet) = v[0].AffineCoupling(v[1], v.Length > 2 ? v[2] : null, pattern, form);
                return Both(y, logDet);
            });
    }

    // The mask of what the next coupling keeps is any, here weights among them; all three results have gradients.
    private static OpCase CoupleKeeping(Shape x, Shape? scale, Mask mask, CouplingForm form)
    {
        Operand[] operands = [Operand.Any(x), Operand.Any(x.With(1, 2 * x[1]))];
        Float32Tolerance sums = new(2e-6, "as of a coupling, and a scale that a channel shares gets a sum of gradients that partly cancel, each itself a sum of two");
        return new OpCase(
            $"AffineCoupling of {x}, scale {scale?.ToString() ?? "absent"}, mask {mask}, {form}, with what is kept", scale is null ? Float32Tolerance.Transcendental : sums,
            scale is { } s ? [.. operands, Operand.AwayFromZero(s)] : operands,
            (tape, v) =>
            {
                Tensor pattern = Constant(tape, MaskOf(mask, x)), keep = Constant(tape, Operand.Any([x[1], x[2], x[3]]));
                (Var y, Var logDet, Var kept) = v[0].AffineCoupling(v[1], v.Length > 2 ? v[2] : null, pattern, form, keep);
                return Both(Movement.Concat(1, y, kept), logDet);
            });
    }

    private static OpCase CoupleKeepingInVain(Shape x) => new(
        $"AffineCoupling of {x}, with what is kept, which nobody uses", Float32Tolerance.Transcendental, [Operand.Any(x), Operand.Any(x.With(1, 2 * x[1]))],
        (tape, v) =>
        {
            Tensor pattern = Constant(tape, MaskOf(Mask.Checkerboard, x));
            (Var y, Var logDet, _) = v[0].AffineCoupling(v[1], null, pattern, CouplingForm.ScaleThenShift, pattern);
            return Both(y, logDet);
        });

    /// <summary>Both results of a coupling, so that both of their gradients are checked.</summary>
    private static Var Both(Var y, Var logDet)
    {
        int n = y.Shape[0];
        return Movement.Concat(1, y.Reshape([n, (int)(y.Shape.Count / n)]), logDet.Reshape([n, 1]));
    }

    private static Operand MaskOf(Mask mask, Shape x) => new([x[1], x[2], x[3]], (p, u) =>
    {
        int column = p % x[3], row = p / x[3] % x[2], channel = p / (x[3] * x[2]);
        bool changes = mask switch
        {
            Mask.Checkerboard => (row + column) % 2 == 0,
            Mask.Channels => channel >= x[1] / 2,
            Mask.Everything => true,
            Mask.Nothing => false,
            _ => u < 0.5,
        };
        return changes ? 1 : 0;
    });
}
