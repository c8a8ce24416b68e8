namespace TinyFlow.Autograd.Functions;

/// <summary>Log densities.</summary>
public static class Distributions
{
    /// <summary>log N(z; 0, I) per image: [N, …] → [N].</summary>
    public static Var GaussianLogProb(this Var z)
    {
        if (z.Shape.Rank < 1)
        {
            throw new ArgumentException($"GaussianLogProb: need z [N, …]; found {z.Shape}.");
        }

        Tensor logProb = z.Tape.Own("GaussianLogProb", [z.Shape[0]], z);
        z.Backend.GaussianLogProb(z.Value, logProb);
        return z.Tape.Record(logProb, [z], dlogProb => z.Backend.GaussianLogProbBackward(z.Value, dlogProb, z.Grad));
    }
}
