using Spectre.Console;

namespace TinyFlow.Cli.Rendering;

/// <summary>Chooses how to show progress.</summary>
internal static class Display
{
    public static ITrainingDisplay ForTraining(bool isLikelihood)
    {
        if (Console.IsErrorRedirected || Environment.GetEnvironmentVariable("TERM") == "dumb")
        {
            return new PlainDisplay(Console.Error);
        }

        // Spectre.Console leaves colours out where NO_COLOR is set.
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Profile.Capabilities.Interactive ? new LiveDisplay(console, isLikelihood) : new PlainDisplay(Console.Error);
    }
}
