using System.Text.Json.Serialization;

namespace Bench;

/// <summary>What of a convolution is computed.</summary>
internal enum ConvolutionPass
{
    /// <summary>y from x, weight and bias.</summary>
    Forward,

    /// <summary>dx from dy and weight.</summary>
    InputGradient,

    /// <summary>dweight and dbias from x and dy.</summary>
    WeightGradient,
}

/// <summary>A convolution with stride 1 and padding that keeps the size: x [Images, Inputs, Size, Size] by weight [Outputs, Inputs, Kernel, Kernel].</summary>
internal sealed record ConvolutionShape(int Images, int Inputs, int Outputs, int Size, int Kernel)
{
    /// <summary>Those of the presets' networks: the wide ones, the thin ends, 1x1, narrow ones of small images, one image.</summary>
    public static IReadOnlyList<ConvolutionShape> All { get; } =
    [
        new(64, 64, 64, 28, 3), new(64, 128, 128, 14, 3),
        new(64, 1, 64, 28, 3), new(64, 64, 1, 28, 3), new(64, 2, 64, 28, 3), new(64, 64, 2, 28, 3),
        new(64, 3, 64, 28, 3), new(64, 64, 3, 28, 3), new(64, 4, 64, 28, 3), new(64, 64, 4, 28, 3),
        new(64, 64, 64, 28, 1), new(64, 32, 32, 28, 3), new(64, 24, 24, 14, 3), new(64, 48, 48, 7, 3), new(64, 128, 128, 7, 3), new(64, 256, 256, 7, 3), new(1, 64, 64, 28, 3),
    ];

    /// <summary>For tables.</summary>
    [JsonIgnore]
    public string Name => $"{Kernel}x{Kernel} {Inputs}→{Outputs}, {Size}x{Size}, batch {Images}";

    /// <summary>Floating-point operations of any pass, in thousand millions, counted as the direct convolution that a faster algorithm replaces.</summary>
    [JsonIgnore]
    public double Gflop => 2.0 * Images * Inputs * Outputs * Kernel * Kernel * Size * Size / 1e9;

    /// <summary>Bytes that any pass must move at least: two activations and the weights, each once.</summary>
    [JsonIgnore]
    public double Bytes => sizeof(float) * ((double)Images * (Inputs + Outputs) * Size * Size + (double)Inputs * Outputs * Kernel * Kernel);

    /// <summary>How a kernel's operands are made, the same in every engine.</summary>
    public float[] Values(ConvolutionOperand operand) => Numbers.Uniform(
        operand switch
        {
            ConvolutionOperand.X => Images * Inputs * Size * Size,
            ConvolutionOperand.Weight => Outputs * Inputs * Kernel * Kernel,
            ConvolutionOperand.Bias => Outputs,
            _ => Images * Outputs * Size * Size,
        },
        seed: (int)operand);
}

/// <summary>An operand of a convolution or of its gradients.</summary>
internal enum ConvolutionOperand
{
    X,
    Weight,
    Bias,
    Dy,
}
