using System.Runtime.InteropServices;
using TinyFlow.Cuda;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    // Cheap elements: a thread of a full block takes 16 of them.
    private const int ElementsOfSum = 16384, ThreadsOfSum = 1024;

    /// <inheritdoc/>
    public void GaussianLogProb(Tensor z, Tensor logProb)
    {
        long size = z.Count / Math.Max(1, z.Shape[0]);
        ImageCut cut = new(z.Shape[0], size, ElementsOfSum, ThreadsOfSum);
        using Tensor? parts = PartsOf(cut);
        Launch("tf_gaussian_log_prob", cut.Grid, new GaussianArguments
        {
            Z = Address(z),
            Sums = Address(parts ?? logProb),
            Image = size,
            Part = cut.Part,
            Parts = cut.Parts,
            Scale = -0.5f,
            Offset = (float)(-0.5 * size * Math.Log(2 * Math.PI)),
        });
        SumParts(parts, logProb);
    }

    /// <inheritdoc/>
    public void GaussianLogProbBackward(Tensor z, Tensor dlogProb, Sink dz)
    {
        if (!dz.IsWanted)
        {
            return;
        }

        long size = z.Count / Math.Max(1, z.Shape[0]);
        ImageCut cut = new(z.Shape[0], size, LaunchGrid.UsualThreads, LaunchGrid.UsualThreads);
        (ulong target, int adds) = SinkAddress(dz);
        Launch("tf_gaussian_log_prob_backward", cut.Grid, new GaussianGradientArguments
        {
            Z = Address(z),
            DlogProb = Address(dlogProb),
            Dz = target,
            Image = size,
            Part = cut.Part,
            Parts = cut.Parts,
            Adds = adds,
        });
    }

    /// <summary>Working memory [N, parts] for the sums of the parts of images; null where an image is one part, whose sum is the result.</summary>
    private Tensor? PartsOf(ImageCut cut) => cut.Parts == 1 ? null : Scratch([checked((int)cut.Images), checked((int)cut.Parts)]);

    /// <summary>y [N] = the sums of the parts, if there are any.</summary>
    private void SumParts(Tensor? parts, Tensor y)
    {
        if (parts is not null)
        {
            using Tensor results = y.Reshape([parts.Shape[0], 1]);
            Sum(parts, 1, results);
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct GaussianArguments
    {
        public ulong Z;
        public ulong Sums;
        public long Image;
        public long Part;
        public long Parts;
        public float Scale;
        public float Offset;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct GaussianGradientArguments
    {
        public ulong Z;
        public ulong DlogProb;
        public ulong Dz;
        public long Image;
        public long Part;
        public long Parts;
        public int Adds;
    }
}
