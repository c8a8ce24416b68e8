namespace Bench;

/// <summary>A kernel that was not chosen, and its median time.</summary>
internal sealed record KernelTime(string Kernel, double Ms);

/// <summary>
/// One pass of one convolution. GFLOP/s count a direct convolution, whatever the algorithm; shares are of the measured peak
/// of fused multiply-adds, so that an algorithm with fewer multiplications may pass 1. TorchSharp's figures are its faster
/// layout's, with memory kept; a layout whose result is wrong does not count and is named.
/// </summary>
internal sealed record KernelRow(
    string Shape, string Pass, int Threads, string Kernel, double TinyflowMs, double TinyflowGflops, double TinyflowShare,
    double? TorchsharpMs, double? TorchsharpGflops, double? TorchsharpShare, string? TorchsharpVariant, double? Ratio,
    double FlopPerByte, IReadOnlyList<KernelTime> Others, double? ChoiceLoss, IReadOnlyList<string> WrongVariants)
{
    public static KernelRow Of(
        ConvolutionShape shape, ConvolutionPass pass, int threads, string kernel, double own, double? peer, string? variant,
        IReadOnlyList<KernelTime> others, IReadOnlyList<string> wrong, Ceilings ceilings)
    {
        double Gflops(double milliseconds) => shape.Gflop / milliseconds * 1000;
        double Share(double milliseconds) => Math.Round(Gflops(milliseconds) / ceilings.FmaGflops, 3);
        return new KernelRow(
            shape.Name, Text(pass), threads, kernel, Math.Round(own, 4), Math.Round(Gflops(own), 1), Share(own),
            peer is { } ms ? Math.Round(ms, 4) : null, peer is { } t ? Math.Round(Gflops(t), 1) : null, peer is { } p ? Share(p) : null, variant,
            peer is { } other ? Math.Round(other / own, 3) : null, Math.Round(shape.Gflop * 1e9 / shape.Bytes, 2), others,
            others.Count > 0 ? Math.Round(own / Math.Min(own, others.Min(o => o.Ms)), 3) : null, wrong);
    }

    private static string Text(ConvolutionPass pass) => pass switch
    {
        ConvolutionPass.Forward => "forward",
        ConvolutionPass.InputGradient => "grad-input",
        _ => "grad-weight",
    };
}
