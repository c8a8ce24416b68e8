using TinyFlow.Cpu.Loops;

namespace TinyFlow;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void Combine(ReadOnlySpan<Tensor> xs, ReadOnlySpan<double> weights, double shift, Tensor y)
    {
        if (xs.IsEmpty)
        {
            Fill(y, shift);
            return;
        }

        ScaleShift(xs[0], weights[0], shift, y);
        for (int i = 1; i < xs.Length; i++)
        {
            ScaleShift(xs[i], weights[i], 0, Sink.AddTo(y));
        }
    }

    /// <inheritdoc/>
    public override void SumOf<TOp>(ReadOnlySpan<Tensor> xs, double scale, Tensor y)
    {
        double sum = 0;
        foreach (Tensor x in xs)
        {
            sum += Total(new PointwiseFormula<TOp>(In(x)), x.Count);
        }

        *Out(y) = (float)(scale * sum);
    }

    /// <inheritdoc/>
    public override void SumOfBackward<TOp>(ReadOnlySpan<Tensor> xs, double scale, Tensor dy, ReadOnlySpan<Sink> dxs)
    {
        float factor = (float)(scale * *In(dy));
        for (int i = 0; i < xs.Length; i++)
        {
            if (dxs[i].IsWanted)
            {
                Map(new ScaledDerivative<TOp>(In(xs[i]), factor), xs[i].Count, dxs[i]);
            }
        }
    }

    /// <inheritdoc/>
    public override void CombineMeans(ReadOnlySpan<Tensor> xs, ReadOnlySpan<double> weights, ReadOnlySpan<double> shifts, Tensor y)
    {
        Span<double> sums = stackalloc double[shifts.Length];
        shifts.CopyTo(sums);
        for (int k = 0; k < xs.Length; k++)
        {
            double mean = Total(new ElementFormula(In(xs[k])), xs[k].Count) / xs[k].Count;
            for (int j = 0; j < sums.Length; j++)
            {
                double weight = weights[j * xs.Length + k];
                sums[j] += weight == 0 ? 0 : weight * mean;
            }
        }

        float* ys = Out(y);
        for (int j = 0; j < sums.Length; j++)
        {
            ys[j] = (float)sums[j];
        }
    }

    /// <inheritdoc/>
    public override void CombineMeansBackward(ReadOnlySpan<double> weights, Tensor dy, ReadOnlySpan<Sink> dxs)
    {
        double gradient = *In(dy);
        for (int k = 0; k < dxs.Length; k++)
        {
            if (dxs[k].Tensor is not { } dx)
            {
                continue;
            }

            float each = (float)(weights[k] * gradient / dx.Count);
            foreach (ref float value in new Span<float>(Out(dx), checked((int)dx.Count)))
            {
                value = dxs[k].Adds ? value + each : each;
            }
        }
    }

    /// <summary>The sum of a formula's values over one run of elements.</summary>
    private double Total<TFormula>(TFormula formula, long count) where TFormula : struct, IFormula
    {
        if (count == 0)
        {
            return 0;
        }

        int elements = checked((int)count);
        SumPlan plan = SumOnto([1], [elements], [elements], [elements]);
        long bytes = plan.ChunkCount * sizeof(double);
        double* partials = (double*)Pool.Rent(bytes, "partial sums");
        try
        {
            Run(plan.Pieces, new SumWork<TFormula>(formula, plan, partials));
            double sum = 0;
            for (int chunk = 0; chunk < plan.ChunkCount; chunk++)
            {
                sum += partials[chunk];
            }

            return sum;
        }
        finally
        {
            Pool.Return((nint)partials, bytes);
        }
    }
}
