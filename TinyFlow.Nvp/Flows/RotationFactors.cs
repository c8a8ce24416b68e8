using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Flows;

/// <summary>A random rotation as P·L·U, on the host, row-major n x n: what an invertible convolution starts from.</summary>
internal sealed record RotationFactors(double[] Permutation, double[] Lower, double[] Upper, double[] Sign, double[] LogScale)
{
    /// <summary>An initializer of one of the factors; all of one <paramref name="name"/> belong to the same rotation.</summary>
    public static Initializer Part(string name, int n, Func<RotationFactors, double[]> part) =>
        (_, noise) => Array.ConvertAll(part(Factor(Rotation(noise.Of(name), n), n)), value => (float)value);

    // The Q of normal numbers' QR decomposition, by Gram and Schmidt, row by row.
    private static double[] Rotation(InitialNoise noise, int n)
    {
        float[] u = noise.Uniforms(2L * n * n);
        double[] q = new double[n * n];
        for (int i = 0; i < q.Length; i++)
        {
            q[i] = Math.Sqrt(-2 * Math.Log(1.0 - u[2 * i])) * Math.Cos(2 * Math.PI * u[2 * i + 1]);
        }

        for (int row = 0; row < n; row++)
        {
            Span<double> current = q.AsSpan(row * n, n);

            // Twice is enough: the second pass removes what rounding left of the first.
            for (int pass = 0; pass < 2; pass++)
            {
                for (int before = 0; before < row; before++)
                {
                    ReadOnlySpan<double> other = q.AsSpan(before * n, n);
                    double product = Dot(current, other);
                    for (int k = 0; k < n; k++)
                    {
                        current[k] -= product * other[k];
                    }
                }
            }

            double norm = Math.Sqrt(Dot(current, current));
            for (int k = 0; k < n; k++)
            {
                current[k] /= norm;
            }
        }

        return q;
    }

    // Gauss with row exchanges: a = P·L·U.
    private static RotationFactors Factor(double[] a, int n)
    {
        double[] work = [.. a];
        int[] rows = [.. Enumerable.Range(0, n)];
        for (int k = 0; k < n; k++)
        {
            int pivot = Enumerable.Range(k, n - k).MaxBy(row => Math.Abs(work[row * n + k]));
            (rows[k], rows[pivot]) = (rows[pivot], rows[k]);
            for (int column = 0; column < n; column++)
            {
                (work[k * n + column], work[pivot * n + column]) = (work[pivot * n + column], work[k * n + column]);
            }

            for (int row = k + 1; row < n; row++)
            {
                double factor = work[row * n + k] /= work[k * n + k];
                for (int column = k + 1; column < n; column++)
                {
                    work[row * n + column] -= factor * work[k * n + column];
                }
            }
        }

        double[] permutation = new double[n * n], diagonal = [.. Enumerable.Range(0, n).Select(k => work[k * n + k])];
        for (int k = 0; k < n; k++)
        {
            permutation[rows[k] * n + k] = 1;
        }

        double[] Keep(Func<int, int, bool> isKept) => [.. work.Select((value, i) => isKept(i / n, i % n) ? value : 0)];
        return new RotationFactors(
            permutation, Keep((row, column) => row > column), Keep((row, column) => row < column),
            Array.ConvertAll(diagonal, value => (double)Math.Sign(value)), Array.ConvertAll(diagonal, value => Math.Log(Math.Abs(value))));
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }
}
