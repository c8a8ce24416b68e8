using System.Diagnostics;

namespace TinyFlow.Tests.Cli;

/// <summary>
/// The program as its user starts it: a process in a folder of its own, on a machine without a GPU unless its environment says
/// otherwise.
/// </summary>
internal static class CliProcess
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    // A program compiled ahead of time may take the place of the one that was built with the tests.
    private static readonly string[] Program = Environment.GetEnvironmentVariable("TINYFLOW_TESTED_PROGRAM") is { Length: > 0 } native
        ? [File.Exists(native) && Path.IsPathRooted(native) ? native : throw new InvalidOperationException($"TINYFLOW_TESTED_PROGRAM must be the full path of a program; found '{native}'.")]
        : ["dotnet", Path.Combine(AppContext.BaseDirectory, "tinyflow.dll")];

    /// <summary>How a shell starts the program.</summary>
    public static string ShellCommand { get; } = string.Join(' ', Program.Select(part => $"'{part}'"));

    public sealed record Result(int ExitCode, string Output, string Error);

    public static Result Run(string folder, params string[] arguments) => Run(WithoutGpu, folder, arguments);

    public static Result Run(IReadOnlyDictionary<string, string?> environment, string folder, params string[] arguments)
    {
        using Process process = Start(environment, folder, arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"tinyflow {string.Join(' ', arguments)} did not end within {Limit}.");
        }

        Result result = new(process.ExitCode, output.Result, error.Result);
        Assert.DoesNotContain("   at ", result.Error, "a stack trace reached the user");
        return result;
    }

    /// <summary>Starts the program and reads what it reports until a line has the given text.</summary>
    public static Process StartUntil(string text, string folder, params string[] arguments)
    {
        Process process = Start(WithoutGpu, folder, arguments);
        WaitForLine(process, text);
        return process;
    }

    public static void WaitForLine(Process process, string text)
    {
        string? line;
        List<string> lines = [];
        do
        {
            line = process.StandardError.ReadLine();
            lines.Add(line ?? "(end)");
        }
        while (line is not null && !line.Contains(text, StringComparison.Ordinal));
        Assert.IsNotNull(line, $"no line has '{text}': {string.Join(" | ", lines)}");
    }

    public static void Signal(Process process, string signal)
    {
        using Process kill = Process.Start("kill", [signal, process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Variables of a process that finds no NVIDIA driver, whatever the machine and the tests' own process have.</summary>
    public static IReadOnlyDictionary<string, string?> WithoutGpu { get; } = new Dictionary<string, string?> { ["TINYFLOW_LIBCUDA"] = "/nope" };

    private static Process Start(IReadOnlyDictionary<string, string?> environment, string folder, params string[] arguments)
    {
        ProcessStartInfo start = new(Program[0], Program[1..])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string? value) in environment)
        {
            start.Environment[name] = value;
        }

        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start) ?? throw new InvalidOperationException("The process did not start.");
    }
}
