using System.CommandLine;
using System.CommandLine.Parsing;
using TinyFlow.Cli.Commands;

namespace TinyFlow.Cli;

/// <summary>The command line as a function from arguments to an exit code. A user's mistake never shows a stack trace.</summary>
internal static class Application
{
    public static int Run(string[] args)
    {
        RootCommand root = new("Real NVP normalizing flows on images: exact bits per dimension, in pure C#.")
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
            foreach (ParseError error in parsed.Errors)
            {
                Report($"tinyflow: {error.Message}");
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
