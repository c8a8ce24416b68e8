namespace TinyFlow.Tests.Cli;

/// <summary>A run so small that it trains within a second.</summary>
internal static class TinyRun
{
    public static readonly string[] Arguments = ["train", "--preset", "notebook", "--layers", "2", "--hidden", "8", "--batch-size", "16", "--threads", "1"];

    public static CliProcess.Result Train(string folder, string run, params string[] more)
    {
        CliProcess.Result result = CliProcess.Run(folder, [.. Arguments, "--out", run, .. more]);
        Assert.AreEqual(0, result.ExitCode, result.Error);
        return result;
    }
}
