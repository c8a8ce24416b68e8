namespace TinyFlow;

/// <summary>
/// The parameters of a mixture coupling at one place, and what follows from them. Everything is computed in log space:
/// F and 1 − F underflow long before their logarithms matter.
/// </summary>
internal readonly ref struct LogisticMixture
{
    private readonly ReadOnlySpan<double> _h;
    private readonly int _stride;

    /// <summary>The parameters that begin at an element of h, each <paramref name="stride"/> elements behind the one before.</summary>
    public LogisticMixture(ReadOnlySpan<double> h, int first, int stride, int components)
    {
        _h = h[first..];
        _stride = stride;
        Components = components;
        LogNormalizer = LogSumExp(this, static (mixture, k) => mixture.Logit(k));
    }

    public int Components { get; }

    /// <summary>log Σ e^logit, by which the logits become log π.</summary>
    public double LogNormalizer { get; }

    /// <summary>tanh of a over its limit.</summary>
    public double Tanh => Math.Tanh(_h[0] / LogisticMixtureLimits.LargestAffineLogScale);

    /// <summary>r, the log scale of the affine map behind the mixture.</summary>
    public double AffineLogScale => LogisticMixtureLimits.LargestAffineLogScale * Tanh;

    /// <summary>t.</summary>
    public double Shift => _h[_stride];

    public double Logit(int k) => _h[(2 + k) * _stride];

    public double LogWeight(int k) => Logit(k) - LogNormalizer;

    public double Mean(int k) => _h[(2 + Components + k) * _stride];

    public bool IsLogScaleFree(int k) => RawLogScale(k) > LogisticMixtureLimits.SmallestLogScale;

    public double LogScale(int k) => Math.Max(RawLogScale(k), LogisticMixtureLimits.SmallestLogScale);

    /// <summary>u = (x − μ)·e^−s.</summary>
    public double Standardized(double x, int k) => (x - Mean(k)) * Math.Exp(-LogScale(k));

    /// <summary>log F(x).</summary>
    public double LogCumulative(double x) => LogSumExp(this, (mixture, k) => mixture.LogWeight(k) + LogSigmoid(mixture.Standardized(x, k)));

    /// <summary>log(1 − F(x)).</summary>
    public double LogSurvival(double x) => LogSumExp(this, (mixture, k) => mixture.LogWeight(k) + LogSigmoid(-mixture.Standardized(x, k)));

    /// <summary>log F'(x).</summary>
    public double LogDensity(double x) => LogSumExp(this, (mixture, k) => mixture.LogWeight(k) + mixture.LogDensityOf(x, k));

    /// <summary>The log density of one component.</summary>
    public double LogDensityOf(double x, int k)
    {
        double u = Standardized(x, k);
        return LogSigmoid(u) + LogSigmoid(-u) - LogScale(k);
    }

    /// <summary>The x at which logit F(x) is z.</summary>
    public double Quantile(double z)
    {
        // logit F lies between the components' own u: where all of them are at most z, or at least z, are bounds of x.
        double low = double.PositiveInfinity, high = double.NegativeInfinity;
        for (int k = 0; k < Components; k++)
        {
            double x = Mean(k) + z * Math.Exp(LogScale(k));
            (low, high) = (Math.Min(low, x), Math.Max(high, x));
        }

        // Newton's method within the bounds, and their middle wherever it would not at least halve the step before
        // (rtsafe of Press et al., Numerical Recipes, section 9.4).
        const int MostSteps = 200;
        double at = low + (high - low) / 2, step = high - low;
        for (int i = 0; i < MostSteps; i++)
        {
            double cumulative = LogCumulative(at), survival = LogSurvival(at), error = cumulative - survival - z;
            (low, high) = error > 0 ? (low, at) : (at, high);
            double newton = error / Math.Exp(LogDensity(at) - cumulative - survival), next = at - newton;
            if (!(next > low && next < high && Math.Abs(newton) <= 0.5 * Math.Abs(step)))
            {
                next = low + (high - low) / 2;
            }

            step = next - at;
            if (next == at || error == 0)
            {
                break;
            }

            at = next;
        }

        return at;
    }

    /// <summary>log σ(u).</summary>
    public static double LogSigmoid(double u) => Math.Min(u, 0) - Pointwise.Float64.Log1P(new(Math.Exp(-Math.Abs(u)))).Value;

    private delegate double Term(LogisticMixture mixture, int component);

    private static double LogSumExp(LogisticMixture mixture, Term term)
    {
        double largest = double.NegativeInfinity, sum = 0;
        for (int k = 0; k < mixture.Components; k++)
        {
            largest = Math.Max(largest, term(mixture, k));
        }

        for (int k = 0; k < mixture.Components; k++)
        {
            sum += Math.Exp(term(mixture, k) - largest);
        }

        return largest + Math.Log(sum);
    }

    private double RawLogScale(int k) => _h[(2 + 2 * Components + k) * _stride];
}
