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
        (double scale, double offset) = (-0.5, -0.5 * size * Math.Log(2 * Math.PI));
        SumImages(cut, logProb, scale, offset, sums => Launch("tf_gaussian_log_prob", cut.Grid, new GaussianArguments
        {
            Z = Address(z),
            Sums = Address(sums),
            Image = size,
            Part = cut.Part,
            Parts = cut.Parts,
            Scale = cut.Parts == 1 ? (float)scale : 1,
            Offset = cut.Parts == 1 ? (float)offset : 0,
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
    /// y [N] = scale·Σ + offset of images. The kernel sums each part of an image: where an image is one part the kernel does
    /// all, else the parts' sums are summed after it.
    /// </summary>
    private void SumImages(ImageCut cut, Tensor y, double scale, double offset, Action<Tensor> kernel)
    {
        if (cut.Parts == 1)
        {
            kernel(y);
            return;
        }

        using Tensor parts = Scratch([checked((int)cut.Images), checked((int)cut.Parts)]);
        kernel(parts);
        Launch("tf_sum_image_parts", LaunchGrid.Over(cut.Images), new SumPartsArguments
        {
            Parts = Address(parts),
            Y = Address(y),
            Images = cut.Images,
            Count = cut.Parts,
            Scale = (float)scale,
            Offset = (float)offset,
        });
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

    [StructLayout(LayoutKind.Sequential)]
    private struct SumPartsArguments
    {
        public ulong Parts;
        public ulong Y;
        public long Images;
        public long Count;
        public float Scale;
        public float Offset;
    }
}
