using TinyFlow;
using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Vectors;

namespace Bench;

/// <summary>The passes of one convolution on the CPU backend, with activations held as a network holds them.</summary>
internal sealed class TinyFlowConvolution : IConvolution
{
    // Beyond so many output channels a kernel made for a few is out of the question.
    private const int MostThinOutputs = 8;

    private readonly CpuBackend _backend;
    private readonly ConvolutionWindow _window;
    private readonly Tensor _x, _weight, _bias, _dy, _y, _dx, _dweight, _dbias;

    public TinyFlowConvolution(CpuBackend backend, ConvolutionShape shape)
    {
        (_backend, Shape, _window) = (backend, shape, new ConvolutionWindow(1, shape.Kernel / 2));
        Shape input = [shape.Images, shape.Inputs, shape.Size, shape.Size], output = [shape.Images, shape.Outputs, shape.Size, shape.Size];
        _x = Activations(input, ConvolutionOperand.X);
        _dy = Activations(output, ConvolutionOperand.Dy);
        _weight = backend.Create([shape.Outputs, shape.Inputs, shape.Kernel, shape.Kernel], shape.Values(ConvolutionOperand.Weight));
        _bias = backend.Create([shape.Outputs], shape.Values(ConvolutionOperand.Bias));
        (_y, _dx) = (backend.Allocate(output), backend.Allocate(input));
        (_dweight, _dbias) = (backend.Allocate(_weight.Shape), backend.Allocate(_bias.Shape));
    }

    public ConvolutionShape Shape { get; }

    /// <inheritdoc/>
    public IReadOnlyList<ConvolutionKernel> Kernels(ConvolutionPass pass)
    {
        ConvolutionGeometry geometry = ConvolutionGeometry.Forward(_x.Shape, _weight.Shape, _y.Shape, _window);
        if (pass == ConvolutionPass.InputGradient)
        {
            geometry = geometry.OfInputGradient();
        }

        ConvolutionKernel chosen = VectorWidths.Best switch
        {
            VectorWidth.Bits512 => Chosen<Lanes512>(geometry, pass),
            VectorWidth.Bits256 => Chosen<Lanes256>(geometry, pass),
            _ => Chosen<Lanes128>(geometry, pass),
        };
        return
        [
            chosen,
            .. Enum.GetValues<ConvolutionKernel>().Where(kernel =>
                kernel is not ConvolutionKernel.Automatic && kernel != chosen && KernelChoice.Fits(kernel, geometry) &&
                (kernel != ConvolutionKernel.ThinOutput || (pass != ConvolutionPass.WeightGradient && geometry.OutputChannels <= MostThinOutputs))),
        ];
    }

    /// <inheritdoc/>
    public void Run(ConvolutionPass pass, ConvolutionKernel kernel = ConvolutionKernel.Automatic)
    {
        _backend.ForcedConvolution = kernel;
        switch (pass)
        {
            case ConvolutionPass.Forward:
                _backend.Conv2D(_x, _weight, _bias, _y, _window);
                break;
            case ConvolutionPass.InputGradient:
                _backend.Conv2DInputGradient(_dy, _weight, _dx, _window);
                break;
            default:
                _backend.Conv2DWeightGradient(_x, _dy, _dweight, _dbias, _window);
                break;
        }
    }

    /// <inheritdoc/>
    public double[] Result(ConvolutionPass pass) => (pass switch
    {
        ConvolutionPass.Forward => _y,
        ConvolutionPass.InputGradient => _dx,
        _ => _dweight,
    }).ToDoubles();

    public void Dispose()
    {
        foreach (Tensor tensor in (Tensor[])[_x, _weight, _bias, _dy, _y, _dx, _dweight, _dbias])
        {
            tensor.Dispose();
        }
    }

    private static ConvolutionKernel Chosen<T>(in ConvolutionGeometry geometry, ConvolutionPass pass) where T : struct, ILanes<T> =>
        pass == ConvolutionPass.WeightGradient ? KernelChoice.WeightGradient<T>(geometry) : KernelChoice.Convolution<T>(geometry);

    // Through a convolution by the identity, which changes no bit, so that they lie in memory as what a convolution wrote.
    private Tensor Activations(Shape shape, ConvolutionOperand operand)
    {
        int channels = shape[1];
        float[] identity = new float[channels * channels];
        for (int c = 0; c < channels; c++)
        {
            identity[c * channels + c] = 1;
        }

        using Tensor plain = _backend.Create(shape, Shape.Values(operand)), weight = _backend.Create([channels, channels, 1, 1], identity);
        Tensor activations = _backend.Allocate(shape);
        _backend.Conv2D(plain, weight, null, activations, new ConvolutionWindow(1));
        return activations;
    }
}
