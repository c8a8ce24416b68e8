namespace TinyFlow.Tests.Nvp;

/// <summary>The determinant of a map's matrix of derivatives, without any knowledge of the map.</summary>
internal static class Jacobian
{
    // Small, because ELU's second derivative jumps at 0: a difference across the jump is off by about the step.
    private const double Step = 1e-5;

    /// <summary>log |det ∂f/∂x| by differences of fourth order and Gaussian elimination.</summary>
    public static double LogDeterminant(Func<double[], double[]> f, double[] x)
    {
        int n = x.Length;
        double[,] matrix = new double[n, n];
        for (int column = 0; column < n; column++)
        {
            double[] At(double by)
            {
                double[] moved = [.. x];
                moved[column] += by;
                return f(moved);
            }

            double[] far = At(-2 * Step), near = At(-Step), next = At(Step), beyond = At(2 * Step);
            Assert.HasCount(n, near, "a flow keeps the number of elements");
            for (int row = 0; row < n; row++)
            {
                matrix[row, column] = (8 * (next[row] - near[row]) - (beyond[row] - far[row])) / (12 * Step);
            }
        }

        double logDeterminant = 0;
        for (int k = 0; k < n; k++)
        {
            int pivot = Enumerable.Range(k, n - k).MaxBy(row => Math.Abs(matrix[row, k]));
            logDeterminant += Math.Log(Math.Abs(matrix[pivot, k]));
            for (int column = 0; column < n; column++)
            {
                (matrix[k, column], matrix[pivot, column]) = (matrix[pivot, column], matrix[k, column]);
            }

            for (int row = k + 1; row < n; row++)
            {
                double factor = matrix[row, k] / matrix[k, k];
                for (int column = k; column < n; column++)
                {
                    matrix[row, column] -= factor * matrix[k, column];
                }
            }
        }

        return logDeterminant;
    }
}
