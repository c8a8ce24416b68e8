using TinyFlow.Autograd;
using TinyFlow.Nvp.Models;

namespace TinyFlow.Nvp.Evaluation;

/// <summary>Sums up the terms of a likelihood over batches of images.</summary>
internal sealed class LedgerSums
{
    private readonly List<string> _names = [];
    private readonly List<double> _sums = [];
    private double _logProbZ;
    private long _images;

    /// <summary>Takes the terms of a batch in, whose steps' log_dets have been noted since the batch before.</summary>
    public void Add(IReadOnlyList<(string Name, double[] LogDet)> steps, Var logProbZ)
    {
        for (int i = 0; i < steps.Count; i++)
        {
            if (i == _sums.Count)
            {
                _names.Add($"{i + 1,3} {steps[i].Name}");
                _sums.Add(0);
            }

            _sums[i] += steps[i].LogDet.Sum();
        }

        double[] values = logProbZ.Value.ToDoubles();
        _logProbZ += values.Sum();
        _images += values.Length;
    }

    /// <summary>The means.</summary>
    public Ledger Means(int dimensions) => new(
    [
        new LedgerEntry("log_prob of z", _logProbZ / _images),
        .. _names.Zip(_sums, (name, sum) => new LedgerEntry($"log_det {name}", sum / _images)),
        new LedgerEntry("-D log 256", Likelihood.LogBinVolume(dimensions)),
    ]);
}
