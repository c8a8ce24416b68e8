using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Nets;

/// <summary>The conditioner of preset <c>notebook</c>.</summary>
public static class NotebookNet
{
    // The seed notebook's settings; PyTorch's default momentum would be 0.1.
    private const double Momentum = 0.05, Epsilon = 1e-5;

    /// <summary>
    /// conv3x3(C → hidden), batch norm, ReLU, conv3x3(hidden → hidden), batch norm, ReLU, conv3x3(hidden → 2C), which starts
    /// at zero. Named as the elements of a torch.nn.Sequential: 0, 1, 3, 4, 6.
    /// </summary>
    public static INet Create(ParameterScope scope, int channels, int hidden)
    {
        BatchNormSettings settings = new(Epsilon, Momentum, Activation.Relu);
        return new Sequential(
            ConvolutionLayer.Create(scope / 0, channels, hidden, kernel: 3),
            new BatchNormLayer(scope / 1, hidden, settings),
            ConvolutionLayer.Create(scope / 3, hidden, hidden, kernel: 3),
            new BatchNormLayer(scope / 4, hidden, settings),
            ConvolutionLayer.CreateZero(scope / 6, hidden, 2 * channels, kernel: 3));
    }
}
