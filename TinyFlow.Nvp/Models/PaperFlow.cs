using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Nets;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Models;

/// <summary>
/// The flow of preset <c>paper</c> with the names of its PyTorch port's state_dict. Each scale but the last:
/// <see cref="ModelConfig.Layers"/> checkerboard couplings, as many channel-wise ones on the squeezed image with networks
/// twice as wide, then half of the channels goes on to the next scale. The last scale: one checkerboard coupling more. All
/// parts are put back in their places, so that z has the image's shape.
/// </summary>
internal sealed class PaperFlow(ModelConfig config)
{
    // Of the batch norms on the flow's path: the authors' code.
    private const double Momentum = 0.1;

    public static IFlow Build(ParameterScope root, ModelConfig config)
    {
        Chain flow = new PaperFlow(config).Scale(root / "flows", config.Image, config.Hidden, config.Levels);
        return config.DataConstraint is { } constraint ? new Chain(new LogitTransform(constraint), flow) : flow;
    }

    private Chain Scale(ParameterScope scope, Shape image, int hidden, int scales)
    {
        List<IFlow> steps = [];
        for (int i = 0; i < (scales == 1 ? config.Layers + 1 : config.Layers); i++)
        {
            ParameterScope place = scope / "in_couplings" / i;
            PaperNet net = new(place / "st_net", image[0], hidden, config.Blocks, inFactor: 2);
            float[] mask = Masks.Checkerboard(image, inverted: i % 2 == 1);
            Add(steps, place, image[0], new AffineCoupling(place, image, mask, net, Rescale(place, image[0]), CouplingForm.ShiftThenScale));
        }

        if (scales == 1)
        {
            return new Chain([.. steps]);
        }

        Shape squeezed = [4 * image[0], image[1] / 2, image[2] / 2];
        int half = 2 * image[0];
        steps.Add(new Squeeze());
        for (int i = 0; i < config.Layers; i++)
        {
            ParameterScope place = scope / "out_couplings" / i;
            PaperNet net = new(place / "st_net", half, 2 * hidden, config.Blocks, inFactor: 1);
            Add(steps, place, squeezed[0], new HalfCoupling(place, squeezed, changesSecond: i % 2 == 1, net, Rescale(place, half), CouplingForm.ShiftThenScale));
        }

        Chain next = Scale(scope / "next_block", squeezed.With(0, half), 2 * hidden, scales - 1);
        return new Chain(
        [
            .. steps,
            new Unsqueeze(),
            new Squeeze(SqueezeOrder.Alternative),
            new FactorOut(squeezed, next, FactorOutLayout.InPlace),
            new Unsqueeze(SqueezeOrder.Alternative),
        ]);
    }

    private void Add(List<IFlow> steps, ParameterScope place, int channels, IFlow coupling)
    {
        steps.Add(coupling);
        if (config.FlowBatchNorm)
        {
            steps.Add(new FlowBatchNorm(place / "norm", channels, config.FlowRunningStatistics ? FlowStatistics.UpdatedRunning : FlowStatistics.Batch, Momentum));
        }
    }

    // The port holds the factors of tanh as [C, 1, 1]; a coupling wants [C].
    private static Reshaped Rescale(ParameterScope place, int channels) =>
        new(new NormedWeight(place / "rescale", [channels, 1, 1], Initializers.One), [channels]);
}
