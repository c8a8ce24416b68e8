using TinyFlow;
using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Vectors;

namespace Bench;

/// <summary>
/// The largest difference of a kernel's float32 results from the reference backend's float64, over the largest element, of
/// any vector width that this machine has. Null for a pass that the kernel is not made for.
/// </summary>
internal sealed record KernelError(string Shape, string Kernel, double? Forward, double? InputGradient, double? WeightGradient)
{
    private static readonly ConvolutionShape[] Shapes =
    [
        new(2, 64, 64, 28, 3), new(2, 128, 128, 14, 3), new(2, 256, 256, 7, 3), new(2, 24, 24, 14, 3), new(2, 48, 48, 7, 3),
        new(2, 1, 64, 28, 3), new(2, 64, 2, 28, 3), new(2, 3, 64, 28, 3), new(2, 64, 4, 28, 3), new(2, 64, 64, 28, 1), new(2, 64, 64, 28, 5),
    ];

    /// <summary>Every kernel on every shape that it can compute.</summary>
    public static IReadOnlyList<KernelError> Measure() => [.. Shapes.SelectMany(Measure)];

    private static KernelError[] Measure(ConvolutionShape shape)
    {
        double[][] exact = Exact(shape);
        Dictionary<(ConvolutionKernel Kernel, ConvolutionPass Pass), double> errors = [];
        foreach (VectorWidth width in Enum.GetValues<VectorWidth>().Where(w => w <= VectorWidths.Best))
        {
            using CpuBackend backend = new(width, threads: 1);
            using TinyFlowConvolution convolution = new(backend, shape);
            foreach (ConvolutionPass pass in Enum.GetValues<ConvolutionPass>())
            {
                foreach (ConvolutionKernel kernel in convolution.Kernels(pass))
                {
                    convolution.Run(pass, kernel);
                    errors[(kernel, pass)] = Math.Max(errors.GetValueOrDefault((kernel, pass)), Largest(exact[(int)pass], convolution.Result(pass)));
                }
            }
        }

        double? Of(ConvolutionKernel kernel, ConvolutionPass pass) => errors.TryGetValue((kernel, pass), out double error) ? error : null;
        return
        [
            .. errors.Keys.Select(key => key.Kernel).Distinct().Order().Select(kernel => new KernelError(
                shape.Name, kernel.ToString(), Of(kernel, ConvolutionPass.Forward), Of(kernel, ConvolutionPass.InputGradient), Of(kernel, ConvolutionPass.WeightGradient))),
        ];
    }

    private static double Largest(double[] exact, double[] found) =>
        exact.Zip(found, (e, f) => Math.Abs(e - f)).Max() / exact.Max(Math.Abs);

    private static double[][] Exact(ConvolutionShape shape)
    {
        using ReferenceBackend backend = new();
        ConvolutionWindow window = new(1, shape.Kernel / 2);
        Shape input = [shape.Images, shape.Inputs, shape.Size, shape.Size], output = [shape.Images, shape.Outputs, shape.Size, shape.Size];
        double[] Values(ConvolutionOperand operand) => [.. shape.Values(operand).Select(v => (double)v)];
        using Tensor x = backend.Create(input, Values(ConvolutionOperand.X)), dy = backend.Create(output, Values(ConvolutionOperand.Dy));
        using Tensor weight = backend.Create([shape.Outputs, shape.Inputs, shape.Kernel, shape.Kernel], Values(ConvolutionOperand.Weight));
        using Tensor bias = backend.Create([shape.Outputs], Values(ConvolutionOperand.Bias)), dbias = backend.Allocate(bias.Shape);
        using Tensor y = backend.Allocate(output), dx = backend.Allocate(input), dweight = backend.Allocate(weight.Shape);
        backend.Conv2D(x, weight, bias, y, window);
        backend.Conv2DInputGradient(dy, weight, dx, window);
        backend.Conv2DWeightGradient(x, dy, dweight, dbias, window);
        return [y.ToDoubles(), dx.ToDoubles(), dweight.ToDoubles()];
    }
}
