using TinyFlow.Cpu.Convolutions;
using TorchSharp;
using static TorchSharp.torch;

namespace Bench;

/// <summary>The passes of one convolution in libtorch. A gradient is asked for alone, so that the other one is not computed.</summary>
internal sealed class TorchSharpConvolution : IConvolution
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly ConvolutionShape _shape;
    private readonly Tensor _x, _weight, _bias, _dy;
    private readonly Tensor[] _results = new Tensor[Enum.GetValues<ConvolutionPass>().Length];
    private readonly Tensor _inputs, _filters, _offsets, _ofInputs, _ofFilters;

    public TorchSharpConvolution(ConvolutionShape shape, int threads, bool channelsLast)
    {
        set_num_threads(threads);
        _shape = shape;
        long[] input = [shape.Images, shape.Inputs, shape.Size, shape.Size], output = [shape.Images, shape.Outputs, shape.Size, shape.Size];
        Tensor Make(ConvolutionOperand operand, long[] sizes)
        {
            Tensor plain = tensor(shape.Values(operand), sizes);
            return channelsLast ? plain.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : plain;
        }

        _x = Make(ConvolutionOperand.X, input);
        _dy = Make(ConvolutionOperand.Dy, output);
        _weight = Make(ConvolutionOperand.Weight, [shape.Outputs, shape.Inputs, shape.Kernel, shape.Kernel]);
        _bias = tensor(shape.Values(ConvolutionOperand.Bias));
        _inputs = _x.detach().requires_grad_(true);
        _filters = _weight.detach().requires_grad_(true);
        _offsets = _bias.detach().requires_grad_(true);
        _ofInputs = Convolve(_inputs, _weight, _bias);
        _ofFilters = Convolve(_x, _filters, _offsets);
    }

    public IReadOnlyList<ConvolutionKernel> Kernels(ConvolutionPass pass) => [];

    public void Run(ConvolutionPass pass, ConvolutionKernel kernel = ConvolutionKernel.Automatic)
    {
        using DisposeScope scope = NewDisposeScope();
        _results[(int)pass]?.Dispose();
        Tensor result;
        switch (pass)
        {
            case ConvolutionPass.Forward:
                using (inference_mode())
                {
                    result = Convolve(_x, _weight, _bias);
                }

                break;
            case ConvolutionPass.InputGradient:
                result = autograd.grad([_ofInputs], [_inputs], [_dy], retain_graph: true)[0];
                break;
            default:
                result = autograd.grad([_ofFilters], [_filters, _offsets], [_dy], retain_graph: true)[0];
                break;
        }

        _results[(int)pass] = result.DetachFromDisposeScope();
    }

    public double[] Result(ConvolutionPass pass)
    {
        using Tensor plain = _results[(int)pass].contiguous();
        return [.. plain.data<float>().Select(value => (double)value)];
    }

    public void Dispose()
    {
        foreach (Tensor result in _results)
        {
            result?.Dispose();
        }

        _scope.Dispose();
    }

    private Tensor Convolve(Tensor x, Tensor weight, Tensor bias) => nn.functional.conv2d(x, weight, bias, padding: [_shape.Kernel / 2, _shape.Kernel / 2]);
}
