namespace TinyFlow;

public partial class ReferenceBackend
{
    /// <inheritdoc/>
    public override void AffineCoupling(Tensor x, Tensor h, Tensor? scale, Tensor mask, Tensor y, Tensor logDet, CouplingForm form, Masked? kept = null)
    {
        Span<double> xs = Span(x), hs = Span(h), masks = Span(mask), ys = Span(y), logDets = Span(logDet);
        int image = masks.Length;
        logDets.Clear();
        for (int i = 0; i < xs.Length; i++)
        {
            (int n, int p) = Math.DivRem(i, image);
            if (masks[p] == 0)
            {
                ys[i] = xs[i];
                continue;
            }

            (double a, double t) = (hs[2 * n * image + p], hs[(2 * n + 1) * image + p]);
            double s = ScaleAt(scale, mask.Shape, p) * Math.Tanh(a);
            ys[i] = form == CouplingForm.ScaleThenShift ? xs[i] * Math.Exp(s) + t : (xs[i] + t) * Math.Exp(s);
            logDets[n] += s;
        }

        if (kept is { } also)
        {
            Span<double> keeps = Span(also.Mask), products = Span(also.Values);
            for (int i = 0; i < ys.Length; i++)
            {
                products[i] = ys[i] * keeps[i % image];
            }
        }
    }

    /// <inheritdoc/>
    public override void AffineCouplingInverse(Tensor y, Tensor h, Tensor? scale, Tensor mask, Tensor x, CouplingForm form)
    {
        Span<double> ys = Span(y), hs = Span(h), masks = Span(mask), xs = Span(x);
        int image = masks.Length;
        for (int i = 0; i < ys.Length; i++)
        {
            (int n, int p) = Math.DivRem(i, image);
            if (masks[p] == 0)
            {
                xs[i] = ys[i];
                continue;
            }

            (double a, double t) = (hs[2 * n * image + p], hs[(2 * n + 1) * image + p]);
            double s = ScaleAt(scale, mask.Shape, p) * Math.Tanh(a);
            xs[i] = form == CouplingForm.ScaleThenShift ? (ys[i] - t) * Math.Exp(-s) : ys[i] * Math.Exp(-s) - t;
        }
    }

    /// <inheritdoc/>
    public override void AffineCouplingBackward(
        Tensor x, Tensor h, Tensor? scale, Tensor mask, Tensor dy, Tensor dlogDet,
        Sink dx, Sink dh, Sink dscale, CouplingForm form, Masked? dkept = null)
    {
        Span<double> xs = Span(x), hs = Span(h), masks = Span(mask), dys = Span(dy), dlogDets = Span(dlogDet);
        Span<double> dxs = Accumulator(dx), dhs = Accumulator(dh), dscales = Accumulator(dscale);
        Span<double> keeps = dkept is null ? [] : Span(dkept.Value.Mask), dkepts = dkept is null ? [] : Span(dkept.Value.Values);
        int image = masks.Length;
        for (int i = 0; i < xs.Length; i++)
        {
            (int n, int p) = Math.DivRem(i, image);
            double exp = 1, gradient = dkept is null ? dys[i] : dys[i] + keeps[p] * dkepts[i];
            if (masks[p] != 0)
            {
                int inA = 2 * n * image + p, inT = (2 * n + 1) * image + p;
                double factor = ScaleAt(scale, mask.Shape, p), tanh = Math.Tanh(hs[inA]), t = hs[inT];
                exp = Math.Exp(factor * tanh);
                double dt = form == CouplingForm.ScaleThenShift ? gradient : gradient * exp;
                double scaled = form == CouplingForm.ScaleThenShift ? xs[i] * exp : (xs[i] + t) * exp;
                double ds = gradient * scaled + dlogDets[n];
                if (dh.IsWanted)
                {
                    dhs[inA] += ds * factor * (1 - tanh * tanh);
                    dhs[inT] += dt;
                }

                if (dscale.IsWanted)
                {
                    dscales[ScaleIndex(dscale.Tensor!.Shape, mask.Shape, p)] += ds * tanh;
                }
            }

            if (dx.IsWanted)
            {
                dxs[i] += gradient * exp;
            }
        }
    }

    private static double ScaleAt(Tensor? scale, Shape image, int p) => scale is null ? 1 : Span(scale)[ScaleIndex(scale.Shape, image, p)];

    /// <summary>Which element of a scale [1], [C] or [C, H, W] serves position p of an image [C, H, W].</summary>
    private static int ScaleIndex(Shape scale, Shape image, int p) => scale.Rank == 3 ? p : scale[0] == 1 ? 0 : p / (image[1] * image[2]);
}
