using TinyFlow.Cpu.Gates;
using TinyFlow.Cpu.Threads;
using TinyFlow.Memory;

namespace TinyFlow;

/// <summary>Ops between [N, C, …] and [N, 2C, …], in the order in which all their operands are held, or else plainly.</summary>
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void ConcatElu(Tensor x, Tensor y) => RunHalves(HalvesStep.ConcatElu, x, null, null, y);

    /// <inheritdoc/>
    public override void ConcatEluBackward(Tensor y, Tensor dy, Sink dx) => RunHalves(HalvesStep.ConcatEluGradient, null, y, dy, dx);

    /// <inheritdoc/>
    public override void GatedSum(Tensor x, Tensor gate, Tensor y) => RunHalves(HalvesStep.GatedSum, x, gate, null, y);

    /// <inheritdoc/>
    public override void GatedSumBackward(Tensor gate, Tensor dy, Sink dgate) => RunHalves(HalvesStep.GatedSumGradient, dy, gate, null, dgate);

    private void RunHalves(HalvesStep step, Tensor? half, Tensor? whole, Tensor? wholeGradient, Sink result)
    {
        if (result.Tensor is not { } target || target.Count == 0)
        {
            return;
        }

        Shape shape = half?.Shape ?? target.Shape;
        if (IsHeldChannelsLast(half) && IsHeldChannelsLast(whole) && IsHeldChannelsLast(wholeGradient) &&
            (result.Adds ? IsChannelsLast(target) : target.Shape.Rank == 4 && CoversStorage(target)))
        {
            StorageOf(target).SetLayout(HostLayout.ChannelsLast(target.Shape));
            Pieces pixels = new(shape.Count / shape[1], shape[1]);
            Run(pixels.Count, new HalvesWork(step, HeldOrNull(half), HeldOrNull(whole), HeldOrNull(wholeGradient), Held(target), result.Adds, pixels, shape[1]));
            return;
        }

        long length = shape.Count / shape[0];
        Pieces images = new(shape[0], length);
        Run(images.Count, new HalvesWork(step, PlainOrNull(half), PlainOrNull(whole), PlainOrNull(wholeGradient), Out(result), result.Adds, images, length));
    }

    private static bool IsHeldChannelsLast(Tensor? x) => x is null || IsChannelsLast(x);

    private static float* HeldOrNull(Tensor? x) => x is null ? null : Held(x);

    private static float* PlainOrNull(Tensor? x) => x is null ? null : In(x);
}
