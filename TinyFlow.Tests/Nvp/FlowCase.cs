using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Nets;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Tests.Nvp;

/// <summary>A flow to be tested, on images small enough for a numerical Jacobian.</summary>
/// <param name="Name">What the test report calls it.</param>
/// <param name="Image">[C, H, W].</param>
/// <param name="Build">Declares it.</param>
internal sealed record FlowCase(string Name, Shape Image, Func<ParameterScope, IFlow> Build)
{
    private static readonly Shape Small = [2, 2, 4];

    // Without learned noise: within one of 256 levels it is too fine for finite differences, and has a case of its own with two.
    private static readonly ModelConfig SmallMixture = Presets.Mixture.Model with { NoiseLayers = 0, Height = 4, Width = 4, Layers = 2, Hidden = 3, Components = 2 };

    public static IReadOnlyList<FlowCase> All { get; } =
    [
        new("coupling, x·e^s + t", Small, scope => Coupling(scope, CouplingForm.ScaleThenShift, null)),
        new("coupling, (x + t)·e^s", Small, scope => Coupling(scope, CouplingForm.ShiftThenScale, null)),
        new("coupling, one scale", Small, scope => Coupling(scope, CouplingForm.ScaleThenShift, [1])),
        new("coupling, a scale per channel", Small, scope => Coupling(scope, CouplingForm.ShiftThenScale, [2])),
        new("coupling, a scale per element", Small, scope => Coupling(scope, CouplingForm.ScaleThenShift, Small)),
        new("coupling, gated net, mask over channels", Small, scope => new AffineCoupling(
            scope, Small, Masks.Channels(Small, channel => channel == 1), new GatedResidualNet(scope / "net", 2, 4, hidden: 3, blocks: 2))),
        new("mixture coupling, last channels", Small, scope => Mixture(scope, 2, components: 3, changesFirst: false)),
        new("mixture coupling, first channels", Small, scope => Mixture(scope, 2, components: 1, changesFirst: true)),
        new("mixture coupling, odd channels", [5, 1, 3], scope => Mixture(scope, 5, components: 2, changesFirst: true)),
        new("spline coupling, last channels", Small, scope => Spline(scope, 2, bins: 4, changesFirst: false)),
        new("spline coupling, first channels", Small, scope => Spline(scope, 2, bins: 2, changesFirst: true)),
        new("spline coupling, odd channels", [5, 1, 3], scope => Spline(scope, 5, bins: 3, changesFirst: true)),
        new("coupling of a checkerboard with channels, weight-normed factors", [3, 2, 2], scope => new AffineCoupling(
            scope, [3, 2, 2], Masks.CheckerboardOfChannels([3, 2, 2]), new GatedResidualNet(scope / "net", 3, 6, hidden: 2, blocks: 1),
            new Reshaped(new NormedWeight(scope / "rescale", [3, 1, 1], Initializers.One), [3]), CouplingForm.ShiftThenScale)),
        new("coupling of half of the channels, bjlkeng's net", [4, 1, 3], scope => new AffineCoupling(
            scope, [4, 1, 3], Masks.HalfOfChannels([4, 1, 3], inverted: true), new KengNet(scope, 0, [4, 1, 3], planes: 2, blocks: 2),
            scope.Parameter("s_scale", [4, 1, 3], Initializers.Zero))),
        new("half coupling that changes the first half, x·e^s + t", [4, 2, 2], scope => Half(scope, changesSecond: false, CouplingForm.ScaleThenShift)),
        new("half coupling that changes the second half, (x + t)·e^s", [4, 2, 2], scope => Half(scope, changesSecond: true, CouplingForm.ShiftThenScale)),
        new("batch norm on the path, statistics of the batch", Small, scope => new FlowBatchNorm(scope, 2, FlowStatistics.Batch, momentum: 0.1)),
        new("batch norm on the path, updated running statistics", Small, scope => new FlowBatchNorm(scope, 2, FlowStatistics.UpdatedRunning, momentum: 0.3)),
        new("variational dequantization", [1, 4, 4], scope => new VariationalDequantization(2, NoiseCoupling(scope / 0, 4, false), NoiseCoupling(scope / 1, 4, true))),
        new("squeeze, channels first", Small, _ => new Squeeze()),
        new("squeeze, alternative order", Small, _ => new Squeeze(SqueezeOrder.Alternative)),
        new("unsqueeze", [4, 1, 2], _ => new Unsqueeze()),
        new("unsqueeze, alternative order", [4, 2, 1], _ => new Unsqueeze(SqueezeOrder.Alternative)),
        new("logit, 0.9", Small, _ => new LogitTransform(0.9)),
        new("logit, near 1", Small, _ => new LogitTransform(1 - 2e-5)),
        new("ActNorm", Small, scope => new ActNorm(scope, 2)),
        new("1x1 convolution", [5, 1, 3], scope => new InvertibleConvolution(scope, 5)),
        new("factor out, in place", Small, scope => new FactorOut(Small, new ActNorm(scope, 1), FactorOutLayout.InPlace)),
        new("factor out, in place, the inner flow being empty", Small, _ => new FactorOut(Small, new Chain(), FactorOutLayout.InPlace)),
        new("factor out, in place, an odd number of channels", [3, 2, 2], scope => new FactorOut(
            [3, 2, 2], new ActNorm(scope, 2), FactorOutLayout.InPlace, LearnedPrior(scope, going: 2, leaving: 1))),
        new("factor out, flat, with a learned prior", Small, scope => new FactorOut(
            Small, new Chain(new ActNorm(scope, 1), new Flatten([1, 2, 4])), FactorOutLayout.Flat, LearnedPrior(scope, going: 1, leaving: 1))),
        new("factor out twice, flat", [4, 2, 2], scope => new FactorOut(
            [4, 2, 2],
            new FactorOut([2, 2, 2], new Chain(new ActNorm(scope, 1), new Squeeze(), new Flatten([4, 1, 1])), FactorOutLayout.Flat, LearnedPrior(scope, going: 1, leaving: 1)),
            FactorOutLayout.Flat)),
        new("the empty chain", Small, _ => new Chain()),
        new("a chain of chains", Small, scope => new Chain(
            new LogitTransform(0.95), new Chain(new ActNorm(scope / "a", 2)), new Chain(), new Squeeze(), new ActNorm(scope / "b", 8))),
        Preset("notebook", Presets.Notebook.Model with { Height = 4, Width = 4, Layers = 3, Hidden = 3 }),
        Preset("mixture", SmallMixture),
        Preset("quick", Presets.Quick.Model with { NoiseLayers = 0, Components = 0, Bins = 3, DenseLayers = 2, DenseHidden = 3, Height = 4, Width = 4, Layers = 2, Hidden = 3 }),
        Preset("affine", Presets.Affine.Model with { DenseLayers = 2, DenseHidden = 3, Height = 4, Width = 4, Layers = 2, Hidden = 3 }),
        Preset("spline", Presets.Spline.Model with { NoiseLayers = 0, Components = 0, Height = 4, Width = 4, Layers = 2, Hidden = 3, Bins = 3 }),
        Preset("mixture without ActNorm", SmallMixture with { ActNorm = false }),
        Preset("mixture without 1x1 convolutions", SmallMixture with { InvertibleConvolution = false }),
        Preset("mixture without a learned prior", SmallMixture with { LearnedPrior = false }),
        Preset("affine without ActNorm and 1x1 convolutions", Presets.Affine.Model with { ActNorm = false, InvertibleConvolution = false, DenseLayers = 2, DenseHidden = 3, Height = 4, Width = 4, Layers = 2, Hidden = 3 }),
        Preset("bjlkeng", Presets.Bjlkeng.Model with { Height = 4, Width = 4, Layers = 6, FinalLayers = 2, Hidden = 2, Blocks = 1 }),
        Preset("paper", Presets.Paper.Model with { Height = 4, Width = 4, Layers = 2, Hidden = 2, Blocks = 1 }),
        Preset("paper-bn", Presets.PaperBatchNorm.Model with { Height = 4, Width = 4, Layers = 1, Hidden = 2, Blocks = 1 }),
        Preset("paper-bn with running statistics", Presets.PaperBatchNorm.Model with { FlowRunningStatistics = true, Height = 4, Width = 4, Layers = 1, Hidden = 2, Blocks = 1 }),
        Preset("paper of colours", Presets.PaperCifar.Model with { Height = 2, Width = 2, Layers = 1, Hidden = 2, Blocks = 1 }),
    ];

    public static IEnumerable<object[]> Names => All.Select(flow => new object[] { flow.Name });

    public static IEnumerable<object[]> NamesAndBackends => On(Devices.Names);

    public static IEnumerable<object[]> NamesAndFloat32Backends => On(Devices.Float32);

    public static FlowCase Named(string name) => All.Single(flow => flow.Name == name);

    private static IEnumerable<object[]> On(IReadOnlyList<string> devices) => from flow in All from device in devices select new object[] { flow.Name, device };

    private static FlowCase Preset(string name, ModelConfig config) => new($"preset {name}", config.Image, scope => FlowBuilder.Build(scope, config));

    private static HalfCoupling Half(ParameterScope scope, bool changesSecond, CouplingForm form) => new(
        scope, [4, 2, 2], changesSecond, new PaperNet(scope / "net", 2, hidden: 2, blocks: 1, inFactor: 1), scope.Parameter("scale", [2], Initializers.One), form);

    private static ConditionalGaussian LearnedPrior(ParameterScope scope, int going, int leaving) =>
        new(new GatedResidualNet(scope / "prior", going, 2 * leaving, hidden: 2, blocks: 1));

    private static MixtureCoupling Mixture(ParameterScope scope, int channels, int components, bool changesFirst) => new(
        channels, changesFirst, new GatedResidualNet(
            scope / "net", MixtureCoupling.Kept(channels), MixtureCoupling.ParameterCount(channels, components), hidden: 3, blocks: 1,
            MixtureCoupling.StartingBias(channels, components)));

    private static SplineCoupling Spline(ParameterScope scope, int channels, int bins, bool changesFirst) => new(
        channels, changesFirst, new GatedResidualNet(
            scope / "net", SplineCoupling.Kept(channels), SplineCoupling.ParameterCount(channels, bins), hidden: 3, blocks: 1,
            SplineCoupling.StartingBias(channels, bins)));

    private static MixtureCoupling NoiseCoupling(ParameterScope scope, int channels, bool changesFirst) => new(
        channels, changesFirst, new GatedResidualNet(
            scope / "net", MixtureCoupling.Kept(channels) + channels, MixtureCoupling.ParameterCount(channels, 2), hidden: 3, blocks: 1,
            MixtureCoupling.StartingBias(channels, 2)));

    private static AffineCoupling Coupling(ParameterScope scope, CouplingForm form, Shape? scale) => new(
        scope, Small, Masks.Checkerboard(Small), NotebookNet.Create(scope / "net", 2, hidden: 3),
        scale is { } shape ? scope.Parameter("scale", shape, Initializers.One) : null, form);
}
