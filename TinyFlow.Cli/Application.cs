using System.CommandLine;
using TinyFlow.Cli.Commands;

namespace TinyFlow.Cli;

/// <summary>The command line as a function from arguments to an exit code. A user's mistake never shows a stack trace.</summary>
internal static class Application
{
    public static int Run(string[] args)
    {
        RootCommand root = new("Real NVP normalizing flows on images: bits per dimension, samples, training; in pure C#.")
        {
            TrainCommand.Create(),
            SampleCommand.Create(),
            EvalCommand.Create(),
            CompareCommand.Create(),
            InfoCommand.Create(),
            ExportCommand.Create(),
            PresetsCommand.Create(),
            DevicesCommand.Create(),
        };
        ParseResult parsed = root.Parse(args.Length == 0 ? ["--help"] : args);
        if (parsed.Errors.Count > 0)
        {
            // Before a command is known, the parser complains that there is none and then of each word that followed.
            IEnumerable<string> problems = parsed is { CommandResult.Command: RootCommand, UnmatchedTokens: [var word, ..] } && !word.StartsWith('-')
                ? [NoSuchCommand(word, [.. root.Subcommands.Select(command => command.Name)])]
                : parsed.Errors.Select(error => error.Message);
            foreach (string problem in problems)
            {
                Report($"tinyflow: {problem}");
            }

            Report($"See 'tinyflow {(parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name + " ")}--help'.");
            return ExitCode.BadUsage;
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (UsageException e)
        {
            return Fail(e, ExitCode.BadUsage);
        }
        catch (OperationCanceledException)
        {
            Report("tinyflow: interrupted.");
            return ExitCode.Interrupted;
        }
        catch (Exception e) when (Environment.GetEnvironmentVariable("TINYFLOW_DEBUG") is null or "" && e is not (NullReferenceException or AccessViolationException))
        {
            return Fail(e, ExitCode.Failure);
        }
    }

    private static string NoSuchCommand(string word, string[] known)
    {
        string nearest = known.MinBy(name => EditDistance(word, name))!;
        return $"There is no command '{word}'. " + (EditDistance(word, nearest) <= 2 ? $"Did you mean '{nearest}'?" : $"Commands are: {string.Join(", ", known)}.");
    }

    // Levenshtein's, one row at a time.
    private static int EditDistance(string first, string second)
    {
        int[] row = [.. Enumerable.Range(0, second.Length + 1)];
        foreach (char letter in first)
        {
            int diagonal = row[0]++;
            for (int i = 1; i < row.Length; i++)
            {
                int changed = diagonal + (letter == second[i - 1] ? 0 : 1);
                diagonal = row[i];
                row[i] = Math.Min(changed, Math.Min(row[i], row[i - 1]) + 1);
            }
        }

        return row[^1];
    }

    private static int Fail(Exception e, int code)
    {
        Report($"tinyflow: {e.Message}");
        return code;
    }

    private static void Report(string line)
    {
        try
        {
            Console.Error.WriteLine(line);
        }
        catch (IOException)
        {
            // Where standard error is a file on a full disk, the exit code is all that is left to say.
        }
    }
}
