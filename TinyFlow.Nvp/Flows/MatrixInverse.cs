namespace TinyFlow.Nvp.Flows;

/// <summary>Inverts small matrices on the host.</summary>
internal static class MatrixInverse
{
    /// <summary>The inverse of an n x n matrix, row-major, by Gauss and Jordan with row exchanges.</summary>
    /// <exception cref="InvalidOperationException">The matrix is singular or not finite.</exception>
    public static double[] Of(ReadOnlySpan<double> matrix, int n)
    {
        double[] a = matrix.ToArray(), inverse = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            inverse[i * n + i] = 1;
        }

        for (int k = 0; k < n; k++)
        {
            int pivot = k;
            for (int row = k + 1; row < n; row++)
            {
                pivot = Math.Abs(a[row * n + k]) > Math.Abs(a[pivot * n + k]) ? row : pivot;
            }

            double divisor = a[pivot * n + k];
            if (divisor == 0 || !double.IsFinite(divisor))
            {
                throw new InvalidOperationException(
                    $"The {n} x {n} matrix of a 1x1 convolution cannot be inverted: pivot {k} is {divisor}. The training has diverged; use an earlier checkpoint or a smaller learning rate.");
            }

            foreach (double[] m in (ReadOnlySpan<double[]>)[a, inverse])
            {
                Span<double> upper = m.AsSpan(k * n, n), lower = m.AsSpan(pivot * n, n);
                for (int column = 0; column < n; column++)
                {
                    (upper[column], lower[column]) = (lower[column], upper[column]);
                    upper[column] /= divisor;
                }
            }

            for (int row = 0; row < n; row++)
            {
                double factor = row == k ? 0 : a[row * n + k];
                for (int column = 0; column < n; column++)
                {
                    a[row * n + column] -= factor * a[k * n + column];
                    inverse[row * n + column] -= factor * inverse[k * n + column];
                }
            }
        }

        return inverse;
    }
}
