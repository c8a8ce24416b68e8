using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Evaluation;

namespace TinyFlow.Cli.Pictures;

/// <summary>
/// Draws the pictures of a run. A picture is never worth a training: whatever goes wrong, a full disk or a machine on
/// which the graphics library does not load, the picture is left out with one warning for each cause.
/// </summary>
internal sealed class Gallery(Action<string> warn)
{
    private readonly HashSet<string> _warnings = [];

    /// <summary>A sheet of images; says whether it was drawn.</summary>
    public bool SaveGrid(string path, ImageSet images, int rows, int columns) =>
        Try(path, () => ImageGrid.Save(path, images, rows, columns));

    /// <summary>Real images above generated ones; says whether it was drawn.</summary>
    public bool SaveComparison(string path, ImageSet real, ImageSet generated) =>
        Try(path, () => ComparisonPicture.Save(path, real, generated));

    /// <summary>The curves of a training; says whether they were drawn.</summary>
    public bool SaveTraining(string path, IReadOnlyList<MetricsRow> rows, IReadOnlyList<ReferenceFigure> references) =>
        Try(path, () => TrainingPicture.Save(path, rows, references));

    internal bool Try(string path, Action draw)
    {
        try
        {
            draw();
            return true;
        }
        catch (IOException e)
        {
            Warn($"A picture is left out. {e.Message}");
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A native library that is missing or of another version shows as the failure of some static constructor.
            Exception cause = e;
            while (cause is TypeInitializationException { InnerException: { } inner })
            {
                cause = inner;
            }

            Warn(cause is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException
                ? "The graphics library (SkiaSharp) does not load on this machine: plots and labelled pictures are left out, sheets of samples are drawn all the same."
                : $"A picture is left out. {path}: drawing it failed: {FirstLine(cause.Message)}");
        }

        return false;
    }

    private static string FirstLine(string text) => text.Split('\n', 2)[0].TrimEnd();

    private void Warn(string message)
    {
        if (_warnings.Add(message))
        {
            warn(message);
        }
    }
}
