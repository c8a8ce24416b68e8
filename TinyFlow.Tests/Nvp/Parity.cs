namespace TinyFlow.Tests.Nvp;

/// <summary>Collects comparisons with golden values, so that one failure does not hide the others.</summary>
internal sealed class Parity(double tolerance)
{
    private readonly List<string> _failures = [];
    private string _worst = "nothing was compared";
    private double _worstError = -1;

    private readonly List<string> _names = [];

    public int Compared => _names.Count;

    public string Worst => $"{Compared} tensors compared; the worst: {_worst}";

    /// <summary>Demands |found − expected| ≤ tolerance · max(1, scale), where scale is by default the largest |expected|.</summary>
    public void Check(string what, double[] expected, double[] found, double? scale = null, Func<int, bool>? isSkipped = null)
    {
        _names.Add(what);
        if (expected.Length != found.Length)
        {
            _failures.Add($"{what}: {found.Length} values, expected {expected.Length}");
            return;
        }

        double unit = Math.Max(1, scale ?? expected.Select(Math.Abs).DefaultIfEmpty().Max());
        int compared = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            if (isSkipped?.Invoke(i) == true)
            {
                continue;
            }

            compared++;
            double error = Math.Abs(found[i] - expected[i]) / unit;
            if (!(error <= _worstError))
            {
                (_worstError, _worst) = (error, $"{what}[{i}] off by {error:0.00e+0}");
            }

            if (!(error <= tolerance))
            {
                _failures.Add($"{what}[{i}] is {found[i]:R}, expected {expected[i]:R}: off by {error:0.0e+0}");
                return;
            }
        }
    }

    public void Check(string what, double expected, double found) => Check(what, [expected], [found]);

    /// <summary>Fails if a value differed, or if nothing was compared whose name begins with one of these.</summary>
    public void ThrowIfWrong(params ReadOnlySpan<string> required)
    {
        string[] missing = [.. required.ToArray().Where(prefix => !_names.Exists(name => name.StartsWith(prefix, StringComparison.Ordinal)))];
        if (missing.Length > 0)
        {
            Assert.Fail($"nothing was compared of: {string.Join(", ", missing)}. The file does not record it.");
        }

        if (_failures.Count > 0)
        {
            Assert.Fail($"{_failures.Count} of {Compared} tensors differ by more than {tolerance:0e+0} of their largest magnitude:\n  {string.Join("\n  ", _failures)}");
        }
    }
}
