using TinyFlow.Cpu.Convolutions;

namespace Bench;

/// <summary>The passes of one convolution in one engine.</summary>
internal interface IConvolution : IDisposable
{
    /// <summary>The kernels that can compute a pass; the first is the one that the engine chooses. Empty if it does not say.</summary>
    IReadOnlyList<ConvolutionKernel> Kernels(ConvolutionPass pass);

    /// <summary>Computes a pass.</summary>
    void Run(ConvolutionPass pass, ConvolutionKernel kernel = ConvolutionKernel.Automatic);

    /// <summary>The elements that a pass last wrote: y, dx or dweight.</summary>
    double[] Result(ConvolutionPass pass);
}
