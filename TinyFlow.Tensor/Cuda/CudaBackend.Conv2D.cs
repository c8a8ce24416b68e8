using System.Runtime.InteropServices;
using TinyFlow.Cuda;
using TinyFlow.Cuda.Convolutions;
using TinyFlow.Cuda.Native;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    // How many elements of a channel one block sums for the gradient of its bias.
    private const int BiasPart = 8192;

    private IConvolutions? _convolutions;

    /// <summary>What computes convolutions: cuDNN, of which version; or matrix products, and why.</summary>
    public string ConvolutionMethod => Convolutions.Description;

    /// <summary>Is told, once for each shape and pass (its kind by name), what was chosen of the algorithms that cuDNN has timed.</summary>
    internal Action<ConvolutionGeometry, string, CudnnChoice, CudnnAlgorithmPerformance[]>? ConvolutionTimed { get; set; }

    /// <summary>By cuDNN, opened at its first use, or by matrix products; or what is put here, which the backend then owns.</summary>
    internal IConvolutions Convolutions
    {
        get => _convolutions ??= CudnnConvolutions.Open(this, NativeLibraries.Find(NativeLibraries.Cudnn));
        set
        {
            _convolutions?.Dispose();
            _convolutions = value;
        }
    }

    /// <inheritdoc/>
    public void Conv2D(Tensor x, Tensor weight, Tensor? bias, Tensor y, ConvolutionWindow window)
    {
        if (y.Count == 0)
        {
            return;
        }

        ConvolutionGeometry geometry = ConvolutionGeometry.Forward(x.Shape, weight.Shape, y.Shape, window);
        if (x.Count == 0 || weight.Count == 0)
        {
            Fill(y, 0);
            if (bias is not null)
            {
                AddBias(geometry, Address(bias), Address(y));
            }
        }
        else
        {
            Convolutions.Forward(geometry, Address(x), Address(weight), bias is null ? 0 : Address(bias), Address(y));
        }
    }

    /// <summary>y [N, K, H', W'] + bias [K].</summary>
    internal void AddBias(in ConvolutionGeometry geometry, ulong bias, ulong y) => Launch("tf_add_bias", LaunchGrid.Over(geometry.OutputCount), new AddBiasArguments
    {
        Y = y,
        Bias = bias,
        Count = geometry.OutputCount,
        Channels = geometry.OutputChannels,
        Pixels = geometry.OutputPixels,
    });

    /// <inheritdoc/>
    public void Conv2DInputGradient(Tensor dy, Tensor weight, Sink dx, ConvolutionWindow window)
    {
        if (dx.Tensor is not { Count: > 0 } gradient)
        {
            return;
        }

        if (dy.Count == 0 || weight.Count == 0)
        {
            Clear(dx);
            return;
        }

        ConvolutionGeometry geometry = ConvolutionGeometry.Forward(gradient.Shape, weight.Shape, dy.Shape, window);
        Convolutions.InputGradient(geometry, Address(dy), Address(weight), Address(gradient), dx.Adds);
    }

    /// <inheritdoc/>
    public void Conv2DWeightGradient(Tensor x, Tensor dy, Sink dweight, Sink dbias, ConvolutionWindow window)
    {
        if (dweight.Tensor is { Count: > 0 } gradient)
        {
            if (x.Count == 0 || dy.Count == 0)
            {
                Clear(dweight);
            }
            else
            {
                ConvolutionGeometry geometry = ConvolutionGeometry.Forward(x.Shape, gradient.Shape, dy.Shape, window);
                Convolutions.WeightGradient(geometry, Address(x), Address(dy), Address(gradient), dweight.Adds);
            }
        }

        if (dbias.Tensor is { Count: > 0 })
        {
            BiasGradient(dy, dbias);
        }
    }

    // Each channel's elements are summed by parts, then the parts: in an order that the shape alone gives.
    private void BiasGradient(Tensor dy, Sink dbias)
    {
        int channels = dy.Shape[1], pixels = dy.Shape[2] * dy.Shape[3];
        long count = (long)dy.Shape[0] * pixels;
        int parts = checked((int)Math.Max((count + BiasPart - 1) / BiasPart, 1));
        BiasGradientArguments arguments = new() { Dy = Address(dy), Count = count, Channels = channels, Pixels = pixels, PartCount = BiasPart };
        (ulong address, int adds) = SinkAddress(dbias);
        if (parts == 1)
        {
            (arguments.Sums, arguments.Adds) = (address, adds);
            Launch("tf_bias_gradient", LaunchGrid.Blocks(channels), arguments);
            return;
        }

        using Tensor sums = Scratch([parts, channels]);
        arguments.Sums = Address(sums);
        Launch("tf_bias_gradient", LaunchGrid.Blocks((long)channels * parts), arguments);
        SumTerms(Address(sums), parts, address, channels, dbias.Adds);
    }

    /// <summary>y [count] = the sum of each [terms, count] over the terms, in order; or y + that.</summary>
    internal void SumTerms(ulong each, int terms, ulong y, long count, bool adds)
    {
        SumTermsArguments arguments = new() { Each = each, Y = y, Count = count, Terms = terms, Adds = adds ? 1 : 0 };
        Launch("tf_sum_terms", LaunchGrid.Over(count), arguments);
    }

    /// <summary>y = 0, or y + 0, if it is wanted.</summary>
    internal void Clear(Sink y)
    {
        if (y is { Tensor: { } target, Adds: false })
        {
            Fill(target, 0);
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct AddBiasArguments
    {
        public ulong Y, Bias;
        public long Count, Channels, Pixels;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct BiasGradientArguments
    {
        public ulong Dy, Sums;
        public long Count, Channels, Pixels, PartCount;
        public int Adds;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct SumTermsArguments
    {
        public ulong Each, Y;
        public long Count;
        public int Terms, Adds;
    }
}
