namespace TinyFlow;

public partial class ReferenceBackend
{
    /// <inheritdoc/>
    public override void GaussianLogProb(Tensor z, Tensor logProb)
    {
        Span<double> zs = Span(z), logProbs = Span(logProb);
        int image = logProbs.Length == 0 ? 0 : zs.Length / logProbs.Length;
        for (int n = 0; n < logProbs.Length; n++)
        {
            double squares = 0;
            for (int d = 0; d < image; d++)
            {
                squares += zs[n * image + d] * zs[n * image + d];
            }

            logProbs[n] = -0.5 * (squares + image * Math.Log(2 * Math.PI));
        }
    }

    /// <inheritdoc/>
    public override void GaussianLogProbBackward(Tensor z, Tensor dlogProb, Sink dz)
    {
        if (!dz.IsWanted)
        {
            return;
        }

        Span<double> zs = Span(z), dlogProbs = Span(dlogProb), dzs = Span(dz.Tensor!);
        for (int i = 0; i < zs.Length; i++)
        {
            int n = (int)((long)i * dlogProbs.Length / zs.Length);
            Put(dzs, i, -zs[i] * dlogProbs[n], dz.Adds);
        }
    }
}
