using TinyFlow.Pointwise;

namespace TinyFlow;

public partial class ReferenceBackend
{
    /// <inheritdoc/>
    public override void RationalQuadraticCoupling(Tensor x, Tensor h, ChannelRange changed, Tensor y, Tensor logDet)
    {
        Span<double> xs = Span(x), hs = Span(h), ys = Span(y), logDets = Span(logDet);
        ElementPlaces places = new(x.Shape, h.Shape, changed);
        logDets.Clear();
        for (int i = 0; i < xs.Length; i++)
        {
            ys[i] = xs[i];
            if (!places.IsChanged(i, out int image, out int first))
            {
                continue;
            }

            if (RationalQuadraticSpline.IsInside(xs[i]))
            {
                RationalQuadraticSpline.Bin bin = SplineAt(hs, first, places).BinOfX(xs[i]);
                RationalQuadratic<Float64> curve = bin.CurveAt(xs[i]);
                ys[i] = bin.Bottom + bin.Height * curve.Value().Value;
                logDets[image] += curve.LogSlope().Value;
            }
            else
            {
                // 0, or NaN if x is no number.
                logDets[image] += xs[i] - xs[i];
            }
        }
    }

    /// <inheritdoc/>
    public override void RationalQuadraticCouplingInverse(Tensor y, Tensor h, ChannelRange changed, Tensor x)
    {
        Span<double> ys = Span(y), hs = Span(h), xs = Span(x);
        ElementPlaces places = new(y.Shape, h.Shape, changed);
        for (int i = 0; i < ys.Length; i++)
        {
            xs[i] = places.IsChanged(i, out _, out int first) && RationalQuadraticSpline.IsInside(ys[i])
                ? SplineAt(hs, first, places).BinOfY(ys[i]).Inverse(ys[i])
                : ys[i];
        }
    }

    /// <inheritdoc/>
    public override void RationalQuadraticCouplingBackward(Tensor x, Tensor h, ChannelRange changed, Tensor dy, Tensor dlogDet, Sink dx, Sink dh)
    {
        Span<double> xs = Span(x), hs = Span(h), dys = Span(dy), dlogDets = Span(dlogDet), dxs = Accumulator(dx), dhs = Accumulator(dh);
        ElementPlaces places = new(x.Shape, h.Shape, changed);
        int stride = places.Stride, bins = BinsOf(places);
        for (int i = 0; i < xs.Length; i++)
        {
            double slope = dys[i];
            if (places.IsChanged(i, out int image, out int first) && RationalQuadraticSpline.IsInside(xs[i]))
            {
                RationalQuadraticSpline spline = SplineAt(hs, first, places);
                RationalQuadraticSpline.Bin bin = spline.BinOfX(xs[i]);
                RationalQuadratic<Float64> curve = bin.CurveAt(xs[i]);
                curve.Gradient(
                    new(dys[i] * bin.Height), new(dlogDets[image]), out Float64 dtheta, out Float64 dslope, out Float64 dfirst, out Float64 dsecond);
                slope = dtheta.Value / bin.Width;
                if (dh.IsWanted)
                {
                    // θ = (x − left)/width and slope = height/width; y = bottom + height·value.
                    double dwidth = -(dtheta.Value * curve.Theta.Value + dslope.Value * bin.Slope) / bin.Width;
                    double dheight = dys[i] * curve.Value().Value + dslope.Value / bin.Width;

                    // The bin's left edge is the sum of the widths before it, and so with heights.
                    double meanWidth = dwidth * spline.WidthShare(bin.Index), meanHeight = dheight * spline.HeightShare(bin.Index);
                    for (int k = 0; k < bin.Index; k++)
                    {
                        meanWidth -= slope * spline.WidthShare(k);
                        meanHeight += dys[i] * spline.HeightShare(k);
                    }

                    for (int k = 0; k < bins; k++)
                    {
                        double byWidth = k < bin.Index ? -slope : k == bin.Index ? dwidth : 0, byHeight = k < bin.Index ? dys[i] : k == bin.Index ? dheight : 0;
                        dhs[first + k * stride] += spline.Free * spline.WidthShare(k) * (byWidth - meanWidth);
                        dhs[first + (bins + k) * stride] += spline.Free * spline.HeightShare(k) * (byHeight - meanHeight);
                    }

                    if (bin.Index > 0)
                    {
                        dhs[first + (2 * bins + bin.Index - 1) * stride] += dfirst.Value * spline.DerivativeSlope(bin.Index);
                    }

                    if (bin.Index + 1 < bins)
                    {
                        dhs[first + (2 * bins + bin.Index) * stride] += dsecond.Value * spline.DerivativeSlope(bin.Index + 1);
                    }
                }
            }

            if (dx.IsWanted)
            {
                dxs[i] += slope;
            }
        }
    }

    private static int BinsOf(ElementPlaces places) => (places.ParametersEach + 1) / 3;

    private static RationalQuadraticSpline SplineAt(ReadOnlySpan<double> h, int first, ElementPlaces places) =>
        new(h, first, places.Stride, BinsOf(places));
}
