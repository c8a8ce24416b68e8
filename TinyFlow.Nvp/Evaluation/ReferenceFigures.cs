using TinyFlow.Nvp.Data;

namespace TinyFlow.Nvp.Evaluation;

/// <summary>Figures to see a model's beside, all on the same images.</summary>
/// <param name="Images">Which images, in words.</param>
/// <param name="Figures">The figures.</param>
public sealed record ReferenceFigures(string Images, IReadOnlyList<ReferenceFigure> Figures)
{
    // Of the training images' pixels, without the last sixth: those of the full MNIST and of the digits that come with the program.
    private const string MnistSha256 = "c80ceb24eedca80f31cfca280b8fb911cbb41b9990f998bebd40e26b1ab6d0f8";

    private const int CifarCount = 50_000;

    private static readonly ReferenceFigures Mnist = new(
        "test set of the full MNIST", [new(1.92, "B. Keng's post"), new(1.67, "B. Keng's notebook, its best epoch"), new(1.06, "Real NVP, as later papers report it")]);

    // Dinh et al. 2017, table 1; Kingma and Dhariwal 2018, table 2; Ho et al. 2019, table 1.
    private static readonly ReferenceFigures Cifar = new(
        "test set of CIFAR-10", [new(3.49, "Real NVP"), new(3.35, "Glow"), new(3.08, "Flow++")]);

    /// <summary>
    /// Published figures where the images are known to be MNIST's or CIFAR-10's; for others, those of the two models that
    /// know nothing of images (<see cref="Baselines"/>), fitted on the training images and measured on the validation images.
    /// </summary>
    public static ReferenceFigures For(DataSource data)
    {
        if (data.Name == DataSource.Mini || data.Training.Sha256 == MnistSha256)
        {
            return Mnist;
        }

        // Nothing else in colour has ever been published in these files; pictures have files of their own.
        if (data.Published is { Channels: 3, Height: 32, Width: 32, Count: CifarCount, Files: null })
        {
            return Cifar;
        }

        Baselines baselines = Baselines.Measure(data.Training, data.Validation);
        return new ReferenceFigures(
            "validation images", [new(baselines.GlobalHistogram, "one histogram of all pixels"), new(baselines.PixelHistogram, "a histogram for each pixel")]);
    }
}
