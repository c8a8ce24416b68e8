namespace TinyFlow;

public partial class ReferenceBackend
{
    /// <inheritdoc/>
    public override void MatMul(Tensor left, bool transposeLeft, Tensor right, bool transposeRight, Sink y)
    {
        if (y.Tensor is not { Count: > 0 } product)
        {
            return;
        }

        int m = product.Shape[-2], n = product.Shape[-1], k = left.Shape[transposeLeft ? -2 : -1];
        int batches = (int)(product.Count / ((long)m * n));
        Span<double> lefts = Span(left), rights = Span(right), ys = Span(product);
        for (int batch = 0; batch < batches; batch++)
        {
            // A side without batch axes serves every batch.
            int leftStart = left.Shape.Rank > 2 ? batch * m * k : 0, rightStart = right.Shape.Rank > 2 ? batch * k * n : 0;
            for (int row = 0; row < m; row++)
            {
                for (int column = 0; column < n; column++)
                {
                    double sum = 0;
                    for (int i = 0; i < k; i++)
                    {
                        double a = lefts[leftStart + (transposeLeft ? i * m + row : row * k + i)];
                        double b = rights[rightStart + (transposeRight ? column * k + i : i * n + column)];
                        sum += a * b;
                    }

                    Put(ys, (batch * m + row) * n + column, sum, y.Adds);
                }
            }
        }
    }
}
