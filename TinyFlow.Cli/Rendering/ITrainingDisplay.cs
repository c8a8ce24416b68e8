using TinyFlow.Nvp.Training;

namespace TinyFlow.Cli.Rendering;

/// <summary>Shows a run's progress on standard error.</summary>
internal interface ITrainingDisplay
{
    /// <summary>Runs the work with the display on.</summary>
    T During<T>(Func<T> work);

    /// <summary>A step has been done.</summary>
    void Show(StepReport step);

    /// <summary>What is being done besides steps.</summary>
    void Status(string text);

    /// <summary>A line that stays.</summary>
    void Line(string text);

    /// <summary>The program is about to quit in the middle of work: leaves the terminal fit for what comes next. From any thread.</summary>
    void Abandon();
}
