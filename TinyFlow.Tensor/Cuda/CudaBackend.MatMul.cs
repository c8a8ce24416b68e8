using TinyFlow.Cuda.Products;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    private MatrixProducts? _products;

    /// <summary>cuBLAS, opened at its first use: without it all but products and convolutions works.</summary>
    internal MatrixProducts Products => _products ??= new MatrixProducts(_context, _pool, Precision);

    /// <inheritdoc/>
    public void MatMul(Tensor left, bool transposeLeft, Tensor right, bool transposeRight, Sink y)
    {
        if (y.Tensor is not { Count: > 0 } product)
        {
            return;
        }

        int m = product.Shape[-2], n = product.Shape[-1], k = left.Shape[transposeLeft ? -2 : -1];
        if (k == 0)
        {
            if (!y.Adds)
            {
                Fill(product, 0);
            }

            return;
        }

        int batches = checked((int)(product.Count / ((long)m * n)));
        RowMajor a = new(Address(left), transposeLeft, left.Shape.Rank > 2 ? (long)m * k : 0);
        RowMajor b = new(Address(right), transposeRight, right.Shape.Rank > 2 ? (long)k * n : 0);
        Products.Multiply(a, b, Address(product), batches, m, n, k, y.Adds);
    }
}
