using TinyFlow.Nvp.Training;

namespace TinyFlow.Cli.Rendering;

/// <summary>For files and pipes: lines that stay, and nothing else.</summary>
internal sealed class PlainDisplay(TextWriter writer) : ITrainingDisplay
{
    public T During<T>(Func<T> work) => work();

    public void Show(StepReport step)
    {
    }

    public void Status(string text)
    {
    }

    public void Line(string text) => writer.WriteLine(text);

    public void Abandon()
    {
    }
}
