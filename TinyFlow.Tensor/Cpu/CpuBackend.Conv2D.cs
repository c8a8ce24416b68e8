namespace TinyFlow;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void Conv2D(Tensor x, Tensor weight, Tensor? bias, Tensor y, ConvolutionWindow window)
    {
        float* ys = Out(y), biases = In(bias, null);
        long plane = (long)y.Shape[2] * y.Shape[3];
        for (long i = 0; i < y.Count; i++)
        {
            ys[i] = biases is null ? 0 : biases[i / plane % y.Shape[1]];
        }

        float* xs = In(x), ws = In(weight);
        ForEachTap(x.Shape, weight.Shape, y.Shape, window, (i, j, k) => ys[k] += xs[i] * ws[j]);
    }

    /// <inheritdoc/>
    public override void Conv2DInputGradient(Tensor dy, Tensor weight, Sink dx, ConvolutionWindow window)
    {
        float* dxs = Out(dx), ws = In(weight), dys = In(dy);
        if (!dx.Adds)
        {
            Fill(dx.Tensor!, 0);
        }

        ForEachTap(dx.Tensor!.Shape, weight.Shape, dy.Shape, window, (i, j, k) => dxs[i] += dys[k] * ws[j]);
    }

    /// <inheritdoc/>
    public override void Conv2DWeightGradient(Tensor x, Tensor dy, Sink dweight, Sink dbias, ConvolutionWindow window)
    {
        float* xs = In(x), dys = In(dy), dws = Out(dweight);
        if (dbias.IsWanted)
        {
            using Tensor flat = dbias.Tensor!.Reshape([1, dy.Shape[1], 1, 1]);
            Sum(dy, 1, dbias with { Tensor = flat });
        }

        if (dweight.IsWanted)
        {
            if (!dweight.Adds)
            {
                Fill(dweight.Tensor!, 0);
            }

            ForEachTap(x.Shape, dweight.Tensor!.Shape, dy.Shape, window, (i, j, k) => dws[j] += xs[i] * dys[k]);
        }
    }

    private static void ForEachTap(Shape x, Shape weight, Shape y, ConvolutionWindow window, Action<long, long, long> visit)
    {
        for (long k = 0; k < y.Count; k++)
        {
            (long column, long row, long filter, long image) = (k % y[3], k / y[3] % y[2], k / y[3] / y[2] % y[1], k / y[3] / y[2] / y[1]);
            for (int c = 0; c < x[1]; c++)
            {
                for (int r = 0; r < weight[2]; r++)
                {
                    for (int s = 0; s < weight[3]; s++)
                    {
                        long h = row * window.StrideY + r - window.PaddingY, w = column * window.StrideX + s - window.PaddingX;
                        if (h >= 0 && h < x[2] && w >= 0 && w < x[3])
                        {
                            visit(((image * x[1] + c) * x[2] + h) * x[3] + w, ((filter * x[1] + c) * weight[2] + r) * weight[3] + s, k);
                        }
                    }
                }
            }
        }
    }
}
