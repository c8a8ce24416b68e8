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
        SumImages(cut, logProb, sums => Launch("tf_gaussian_log_prob", cut.Grid, new GaussianArguments
        {
            Z = Address(z),
            Sums = Address(sums),
            Image = size,
            Part = cut.Part,
            Parts = cut.Parts,
            Scale = -0.5f,
            Offset = (float)(-0.5 * size * Math.Log(2 * Math.PI)),
        }));
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

    /// <summary>
    /// y [N], sums over images. The kernel makes those of the parts of images; where an image is one part these are the results.
    /// </summary>
    private void SumImages(ImageCut cut, Tensor y, Action<Tensor> kernel)
    {
        if (cut.Parts == 1)
        {
            kernel(y);
            return;
        }

        using Tensor parts = Scratch([checked((int)cut.Images), checked((int)cut.Parts)]), results = y.Reshape([checked((int)cut.Images), 1]);
        kernel(parts);
        Sum(parts, 1, results);
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
