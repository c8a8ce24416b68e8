namespace TinyFlow;

public partial class ReferenceBackend
{
    /// <inheritdoc/>
    public override void Conv2D(Tensor x, Tensor weight, Tensor? bias, Tensor y, ConvolutionWindow window)
    {
        Span<double> xs = Span(x), weights = Span(weight), ys = Span(y);
        int plane = y.Shape[2] * y.Shape[3];
        for (int i = 0; i < ys.Length; i++)
        {
            ys[i] = bias is null ? 0 : Span(bias)[i / plane % y.Shape[1]];
        }

        foreach (ConvolutionTap tap in ConvolutionTap.All(x.Shape, weight.Shape, y.Shape, window))
        {
            // y[n, k, row, column] += weight[k, c, r, s] · x[n, c, row·stride + r − padding, column·stride + s − padding]
            double w = weights[tap.Weight];
            for (int row = tap.Rows.First; row < tap.Rows.End; row++)
            {
                int input = tap.Input(row), output = tap.Output(row);
                for (int column = tap.Columns.First; column < tap.Columns.End; column++)
                {
                    ys[output + column] += w * xs[input + column * window.StrideX];
                }
            }
        }
    }

    /// <inheritdoc/>
    public virtual void Conv2D(
        Tensor x, ChannelNorm? entry, Tensor weight, Tensor? bias, Tensor y, ConvolutionWindow window, StatisticsSink? statistics = null)
    {
        if (entry is { } norm)
        {
            using Tensor normal = Allocate(x.Shape);
            Normalize(x, norm, normal);
            Conv2D(normal, weight, bias, y, window);
        }
        else
        {
            Conv2D(x, weight, bias, y, window);
        }

        if (statistics is { } sink)
        {
            BatchNormStatistics(y, sink);
        }
    }

    /// <inheritdoc/>
    public virtual void Conv2DWeightGradient(Tensor x, ChannelNorm entry, Tensor dy, Sink dweight, Sink dbias, ConvolutionWindow window)
    {
        using Tensor normal = Allocate(x.Shape);
        Normalize(x, entry, normal);
        Conv2DWeightGradient(normal, dy, dweight, dbias, window);
    }

    /// <inheritdoc/>
    public override void Conv2DInputGradient(Tensor dy, Tensor weight, Sink dx, ConvolutionWindow window)
    {
        if (!dx.IsWanted)
        {
            return;
        }

        Span<double> dys = Span(dy), weights = Span(weight), dxs = Accumulator(dx);
        foreach (ConvolutionTap tap in ConvolutionTap.All(dx.Tensor!.Shape, weight.Shape, dy.Shape, window))
        {
            double w = weights[tap.Weight];
            for (int row = tap.Rows.First; row < tap.Rows.End; row++)
            {
                int input = tap.Input(row), output = tap.Output(row);
                for (int column = tap.Columns.First; column < tap.Columns.End; column++)
                {
                    dxs[input + column * window.StrideX] += w * dys[output + column];
                }
            }
        }
    }

    /// <inheritdoc/>
    public override void Conv2DWeightGradient(Tensor x, Tensor dy, Sink dweight, Sink dbias, ConvolutionWindow window)
    {
        Span<double> xs = Span(x), dys = Span(dy), dweights = Accumulator(dweight), dbiases = Accumulator(dbias);
        if (dweight.IsWanted)
        {
            foreach (ConvolutionTap tap in ConvolutionTap.All(x.Shape, dweight.Tensor!.Shape, dy.Shape, window))
            {
                double sum = 0;
                for (int row = tap.Rows.First; row < tap.Rows.End; row++)
                {
                    int input = tap.Input(row), output = tap.Output(row);
                    for (int column = tap.Columns.First; column < tap.Columns.End; column++)
                    {
                        sum += dys[output + column] * xs[input + column * window.StrideX];
                    }
                }

                dweights[tap.Weight] += sum;
            }
        }

        if (dbias.IsWanted)
        {
            int plane = dy.Shape[2] * dy.Shape[3];
            for (int i = 0; i < dys.Length; i++)
            {
                dbiases[i / plane % dbiases.Length] += dys[i];
            }
        }
    }
}
