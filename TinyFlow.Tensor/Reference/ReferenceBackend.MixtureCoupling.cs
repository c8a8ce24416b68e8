namespace TinyFlow;

public partial class ReferenceBackend
{
    /// <inheritdoc/>
    public override void LogisticMixtureCoupling(Tensor x, Tensor h, ChannelRange changed, Tensor y, Tensor logDet)
    {
        Span<double> xs = Span(x), hs = Span(h), ys = Span(y), logDets = Span(logDet);
        ElementPlaces places = new(x.Shape, h.Shape, changed);
        logDets.Clear();
        for (int i = 0; i < xs.Length; i++)
        {
            if (!places.IsChanged(i, out int image, out int first))
            {
                ys[i] = xs[i];
                continue;
            }

            LogisticMixture mixture = MixtureAt(hs, first, places);
            double cumulative = mixture.LogCumulative(xs[i]), survival = mixture.LogSurvival(xs[i]), r = mixture.AffineLogScale;
            ys[i] = (cumulative - survival) * Math.Exp(r) + mixture.Shift;
            logDets[image] += mixture.LogDensity(xs[i]) - cumulative - survival + r;
        }
    }

    /// <inheritdoc/>
    public override void LogisticMixtureCouplingInverse(Tensor y, Tensor h, ChannelRange changed, Tensor x)
    {
        Span<double> ys = Span(y), hs = Span(h), xs = Span(x);
        ElementPlaces places = new(y.Shape, h.Shape, changed);
        for (int i = 0; i < ys.Length; i++)
        {
            if (places.IsChanged(i, out _, out int first))
            {
                LogisticMixture mixture = MixtureAt(hs, first, places);
                xs[i] = mixture.Quantile((ys[i] - mixture.Shift) * Math.Exp(-mixture.AffineLogScale));
            }
            else
            {
                xs[i] = ys[i];
            }
        }
    }

    /// <inheritdoc/>
    public override void LogisticMixtureCouplingBackward(Tensor x, Tensor h, ChannelRange changed, Tensor dy, Tensor dlogDet, Sink dx, Sink dh)
    {
        Span<double> xs = Span(x), hs = Span(h), dys = Span(dy), dlogDets = Span(dlogDet), dxs = Accumulator(dx), dhs = Accumulator(dh);
        ElementPlaces places = new(x.Shape, h.Shape, changed);
        int stride = places.Stride, k = ComponentsOf(places);
        for (int i = 0; i < xs.Length; i++)
        {
            double input = xs[i], slope = dys[i];
            if (places.IsChanged(i, out int image, out int first))
            {
                LogisticMixture mixture = MixtureAt(hs, first, places);
                double cumulative = mixture.LogCumulative(input), survival = mixture.LogSurvival(input), density = mixture.LogDensity(input);
                double scaled = dys[i] * Math.Exp(mixture.AffineLogScale), dlog = dlogDets[image];

                // With respect to log F, log(1 − F) and log F'.
                double dCumulative = scaled - dlog, dSurvival = -scaled - dlog;
                slope = 0;
                for (int j = 0; j < k; j++)
                {
                    double u = mixture.Standardized(input, j), below = LogisticMixture.LogSigmoid(u), above = LogisticMixture.LogSigmoid(-u), weight = mixture.LogWeight(j);

                    // Each component's share in the three.
                    double inCumulative = dCumulative * Math.Exp(weight + below - cumulative), inSurvival = dSurvival * Math.Exp(weight + above - survival);
                    double inDensity = dlog * Math.Exp(weight + mixture.LogDensityOf(input, j) - density);
                    double du = inCumulative * Math.Exp(above) - inSurvival * Math.Exp(below) + inDensity * (Math.Exp(above) - Math.Exp(below));
                    double byScale = du * Math.Exp(-mixture.LogScale(j));
                    slope += byScale;
                    if (dh.IsWanted)
                    {
                        // The shares of all components add up to dCumulative + dSurvival + dlog = −dlog.
                        dhs[first + (2 + j) * stride] += inCumulative + inSurvival + inDensity + dlog * Math.Exp(weight);
                        dhs[first + (2 + k + j) * stride] -= byScale;
                        dhs[first + (2 + 2 * k + j) * stride] -= mixture.IsLogScaleFree(j) ? du * u + inDensity : 0;
                    }
                }

                if (dh.IsWanted)
                {
                    double tanh = mixture.Tanh;
                    dhs[first] += (scaled * (cumulative - survival) + dlog) * (1 - tanh * tanh);
                    dhs[first + stride] += dys[i];
                }
            }

            if (dx.IsWanted)
            {
                dxs[i] += slope;
            }
        }
    }

    private static int ComponentsOf(ElementPlaces places) => (places.ParametersEach - 2) / 3;

    private static LogisticMixture MixtureAt(ReadOnlySpan<double> h, int first, ElementPlaces places) =>
        new(h, first, places.Stride, ComponentsOf(places));
}
