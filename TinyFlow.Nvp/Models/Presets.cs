using TinyFlow.Nvp.Objectives;
using TinyFlow.Nvp.Training;

namespace TinyFlow.Nvp.Models;

/// <summary>The presets that there are.</summary>
public static class Presets
{
    // The loss is in nats an image, and so is the norm of gradients that are clipped. With one block, a rate of 1e-3 and a
    // cosine from the start take three times the steps to the same bits/dim; 8e-3 is worse after 1,500 steps (docs/results.md).
    private static readonly TrainingConfig MixtureTraining = new()
    {
        Epochs = 40,
        BatchSize = 32,
        LearningRate = 4e-3,
        ClipNorm = 2000,
        Schedule = ScheduleKind.Cosine,
        CosineFrom = 0.6,
        WarmUpSteps = 200,
        AverageDecay = 0.998,
    };

    /// <summary>Ours: what <see cref="Spline"/> starts from.</summary>
    public static Preset Mixture { get; } = new(
        "mixture",
        "TinyFlow, after Flow++ (Ho et al. 2019)",
        "Two scales of couplings by mixtures of logistics, a learned prior and learned noise.",
        new ModelConfig
        {
            Preset = "mixture",
            Architecture = Architecture.MultiScale,
            Levels = 2,
            Layers = 6,
            Hidden = 24,
            Blocks = 2,
            Components = 4,
            NoiseLayers = 2,
            DataConstraint = 1 - 2e-5,
        },
        MixtureTraining)
    {
        Cost = new ModelCost(900_632, 79_882_816),
        Measured = "1.0273 ± 0.0025 on the MNIST test set, 8 draws of noise, after 30 minutes on 2 cores (1.0131 after 76)",
    };

    /// <summary>Ours: the best likelihood within half an hour on two cores.</summary>
    public static Preset Spline { get; } = new(
        "spline",
        "TinyFlow, after Neural Spline Flows (Durkan et al. 2019) and Flow++ (Ho et al. 2019)",
        "As mixture, with 8 couplings a scale in place of 6, by rational-quadratic splines: of these presets the best bits/dim within half an hour on two cores.",
        Mixture.Model with { Preset = "spline", Coupling = CouplingKind.Spline, Bins = 8, Layers = 8 },
        MixtureTraining)
    {
        Cost = new ModelCost(1_208_392, 103_869_248),
        Measured = "1.0203 ± 0.0025 on the MNIST test set, 8 draws of noise, after 30 minutes on 2 cores; 0.9939 ± 0.0024 with --hidden 32 --learning-rate 3e-3 after 120",
    };

    /// <summary>As <see cref="Spline"/>, in a size for a graphics processor.</summary>
    public static Preset SplineLarge { get; } = new(
        "spline-large",
        "TinyFlow, after Neural Spline Flows (Durkan et al. 2019) and Flow++ (Ho et al. 2019)",
        "As spline, in a size for a graphics processor: networks of 3 blocks and 64 channels in place of 2 and 24, 4 couplings of the noise in place of 2, of 8 components in place of 4.",
        Spline.Model with { Preset = "spline-large", Hidden = 64, Blocks = 3, Components = 8, NoiseLayers = 4 },
        MixtureTraining with { Epochs = 100, BatchSize = 256, LearningRate = 2e-3 })
    {
        Cost = new ModelCost(12_510_104, 1_143_086_336),
    };

    /// <summary>Ours: digits within minutes on two cores.</summary>
    public static Preset Quick { get; } = new(
        "quick",
        "TinyFlow, after Neural Spline Flows (Durkan et al. 2019) and Flow++ (Ho et al. 2019)",
        "As spline, with fewer couplings, of smaller networks, and couplings of the whole image behind the others: digits within minutes on two cores.",
        Spline.Model with { Preset = "quick", Layers = 6, Blocks = 1, DenseLayers = 6, DenseHidden = 192 },
        MixtureTraining with { Epochs = 10 })
    {
        Cost = new ModelCost(2_097_188, 46_235_200),
        Measured = "1.0957 ± 0.0056 on the 2,000 test digits that come with the program, after 3 min 14 s on 2 cores; 1.0762 ± 0.0025 on the MNIST test set, after 4 minutes of all its images",
    };

    /// <summary>Ours, with the couplings of Real NVP, uniform noise and a standard normal prior.</summary>
    public static Preset Affine { get; } = new(
        "affine",
        "TinyFlow",
        "Squeezes, ActNorm, 1x1 convolutions, affine couplings with a learned scale, and couplings of the whole image.",
        new ModelConfig
        {
            Preset = "affine",
            Architecture = Architecture.Squeezed,
            Levels = 2,
            Layers = 4,
            Hidden = 24,
            Blocks = 1,
            DenseLayers = 8,
            DenseHidden = 256,
            DataConstraint = 1 - 2e-5, // The zero bin of MNIST becomes a smooth tail rather than a wall.
        },
        new TrainingConfig { Epochs = 5, BatchSize = 32, LearningRate = 1e-3, ClipNorm = 100, Schedule = ScheduleKind.Cosine })
    {
        Cost = new ModelCost(5_678_252, 28_218_176),
        Measured = "1.3051 ± 0.0028 on the MNIST test set, 8 draws of noise, after 4 minutes on 2 cores",
    };

    /// <summary>The seed notebook's Real NVP.</summary>
    public static Preset Notebook { get; } = new(
        "notebook",
        "the seed notebook, after Dinh et al. 2017",
        "8 checkerboard couplings at full resolution, 64 hidden channels. It cannot go below 3.555 bits/dim.",
        new ModelConfig { Preset = "notebook", Architecture = Architecture.Notebook, Layers = 8, Hidden = 64 },
        new TrainingConfig
        {
            Epochs = 50,
            BatchSize = 64,
            LearningRate = 5e-4,
            StepEpochs = 25,
            StepFactor = 0.8,
            WeightDecay = 1e-6,
            ClipNorm = 1,
            L2 = 1e-5,
        })
    {
        Cost = new ModelCost(311_824, 242_049_024),
        Measured = "3.9012 ± 0.0013 on the MNIST test set, 8 draws of noise, after 10 epochs, 28 minutes on 2 cores",
    };

    /// <summary>The final notebook of a blog post on Real NVP.</summary>
    public static Preset Bjlkeng { get; } = new(
        "bjlkeng",
        "B. Keng, Normalizing Flows with Real NVP (bjlkeng.io), and its notebook for MNIST",
        "12 couplings over two scales, 4 final ones, 64 channels and more, batch norm on the flow's path: 1.67 bits/dim in its author's run.",
        new ModelConfig { Preset = "bjlkeng", Architecture = Architecture.Keng, Layers = 12, FinalLayers = 4, Hidden = 64, Blocks = 2 },
        new TrainingConfig { Epochs = 10, BatchSize = 50, LearningRate = 5e-4, L2 = 5e-5, Penalty = PenaltyKind.CouplingScalesPerImage })
    {
        Cost = new ModelCost(28_065_504, 2_687_827_968),
        Measured = "1.8071 ± 0.0040 on the MNIST test set, 8 draws of noise, after 4,000 steps on 2 cores",
    };

    /// <summary>Real NVP as published, at the size that the paper uses for 32x32 images other than CIFAR-10.</summary>
    public static Preset Paper { get; } = new(
        "paper",
        "Dinh et al. 2017, in the structure of C. Chute's PyTorch port",
        "2 scales, weight-normed residual networks of 4 blocks and 32 channels, logit transform.",
        new ModelConfig
        {
            Preset = "paper",
            Architecture = Architecture.Paper,
            Levels = 2,
            Layers = 3,
            Hidden = 32,
            Blocks = 4,
            DataConstraint = 0.9, // Dinh et al. 2017, section 4.1.
        },
        new TrainingConfig
        {
            Epochs = 100,
            BatchSize = 64,
            LearningRate = 1e-3,
            WeightDecay = 5e-5,
            ClipNorm = 100,
            Groups = ParameterGroups.LengthsApart,
        })
    {
        Cost = new ModelCost(2_487_112, 623_185_920),
        Measured = "2.3173 ± 0.0033 on the MNIST test set, 1 draw of noise, after 5 minutes on 2 cores",
    };

    /// <summary>As <see cref="Paper"/>, with batch norm on the flow's path, which the port leaves out.</summary>
    public static Preset PaperBatchNorm { get; } = Paper with
    {
        Name = "paper-bn",
        Source = "Dinh et al. 2017, section 3.7, with the statistics of each batch (--set flow_running_statistics=true for running ones, as in its appendix E)",
        Description = "As paper, with batch norm on the flow's path, which the port leaves out.",
        Model = Paper.Model with { Preset = "paper-bn", FlowBatchNorm = true },
        Measured = "1.5976 ± 0.0032 on the MNIST test set, 1 draw of noise, after 4 minutes on 2 cores",
    };

    /// <summary>As <see cref="Paper"/>, at the paper's size for CIFAR-10.</summary>
    public static Preset PaperCifar { get; } = Paper with
    {
        Name = "paper-cifar",
        Source = "Dinh et al. 2017, section 4.1",
        Description = "As paper, at its size for CIFAR-10: 8 blocks and 64 channels, for images of 3x32x32, half of them mirrored.",
        Model = Paper.Model with { Preset = "paper-cifar", Channels = 3, Height = 32, Width = 32, Hidden = 64, Blocks = 8 },
        Training = Paper.Training with { HorizontalFlips = true },
        Measured = null,
        Cost = new ModelCost(19_631_640, 6_456_606_720),
    };

    /// <summary>All of them; the first is the default.</summary>
    public static IReadOnlyList<Preset> All { get; } = [Quick, Spline, SplineLarge, Mixture, Affine, Notebook, Bjlkeng, Paper, PaperBatchNorm, PaperCifar];

    /// <summary>The preset of a name.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists the known ones.</exception>
    public static Preset Find(string name) => All.FirstOrDefault(preset => preset.Name == name) ?? throw new ArgumentException(
        $"There is no preset '{name}'. Known presets: {string.Join(", ", All.Select(preset => preset.Name))}.");
}
