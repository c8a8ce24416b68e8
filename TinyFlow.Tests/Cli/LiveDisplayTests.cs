using System.Diagnostics;
using Spectre.Console;
using TinyFlow.Cli.Rendering;
using TinyFlow.Nvp.Training;
using TinyFlow.Tests.Files;
using LiveDisplay = TinyFlow.Cli.Rendering.LiveDisplay;

namespace TinyFlow.Tests.Cli;

/// <summary>What a user at a terminal sees; the other tests run the program without one.</summary>
[TestClass]
public sealed class LiveDisplayTests
{
    private static readonly LossValues Loss = new(1300, 1300, 2.4, -1100, 4145, 0, -4347, 0);

    [TestMethod]
    public void The_first_step_is_shown_with_its_figures()
    {
        string shown = Shown(display => display.Show(Step(1, 522)));
        Assert.Contains("step 1 of 522", shown);
        Assert.Contains("2.400", shown);
        Assert.Contains("log_prob_z -1100.0", shown);
        Assert.Contains("100 images/s", shown);
        Assert.Contains(" left", shown);
    }

    [TestMethod]
    public void A_run_of_more_steps_than_a_lifetime_is_shown()
    {
        string shown = Shown(display => display.Show(Step(1, long.MaxValue / 2)));
        Assert.Contains(" left", shown);
    }

    [TestMethod]
    public void A_run_without_a_plan_yet_says_so()
    {
        Assert.Contains("measuring the speed", Shown(display => display.Show(Step(1, null))));
    }

    [TestMethod]
    public void Lines_and_states_are_shown_before_the_first_step_and_after_it()
    {
        string shown = Shown(display =>
        {
            display.Status("saving");
            display.Line("a line");
            display.Show(Step(1, 10));
            display.Status("validating [all]");
        });
        Assert.Contains("a line", shown);
        Assert.Contains("validating [all]", shown);
    }

    [TestMethod]
    public void A_line_that_stays_is_not_mixed_with_the_row_that_it_takes_the_place_of()
    {
        string shown = Shown(display =>
        {
            display.Show(Step(1, 10));
            display.Line("a line");
        });
        string[] parts = shown.Split("a line");
        Assert.HasCount(2, parts);

        // What was last written to the rows before the line is blank, and the display follows it.
        string before = parts[0][parts[0].LastIndexOf("images/s", StringComparison.Ordinal)..];
        Assert.Contains(new string(' ', 40), before);
        Assert.DoesNotContain("━", before);
        Assert.DoesNotContain("─", before);
        Assert.Contains("step 1 of 10", parts[1]);
    }

    [TestMethod]
    public void What_is_done_and_what_is_not_can_be_told_apart_without_colours()
    {
        string shown = Shown(display => display.Show(Step(5, 10)));
        Assert.Contains(new string('━', 20) + new string('─', 20), shown);
    }

    [TestMethod]
    public void Quitting_in_the_middle_leaves_a_visible_cursor_and_draws_no_more()
    {
        const string ShowCursor = "\u001b[?25h";
        string atQuitting = "";
        string shown = Shown(
            (display, writer) =>
            {
                display.Show(Step(1, 10));
                display.Abandon();
                atQuitting = writer.ToString()!;
                display.Status("too late");
                display.Show(Step(2, 10));
            });
        Assert.EndsWith(ShowCursor + Environment.NewLine, atQuitting);
        Assert.DoesNotContain("too late", shown);
    }

    [TestMethod]
    [DataRow(0, "0:00")]
    [DataRow(59.9, "0:59")]
    [DataRow(3599, "59:59")]
    [DataRow(3661, "1:01:01")]
    [DataRow(1e15, "277777777777:46:40")]
    public void A_duration_is_hours_minutes_and_seconds(double seconds, string expected) => Assert.AreEqual(expected, TrainingText.Clock(seconds));

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void Training_runs_to_its_end_in_a_terminal()
    {
        const string Script = "/usr/bin/script";
        if (!File.Exists(Script))
        {
            Assert.Inconclusive($"{Script} (util-linux), which makes a terminal, is not installed.");
        }

        using TemporaryFolder folder = new();
        string command = string.Join(' ', [CliProcess.ShellCommand, .. TinyRun.Arguments, "--max-steps", "3", "--out", "run"]);
        ProcessStartInfo start = new(Script, ["--quiet", "--return", "--command", command, "/dev/null"])
        {
            WorkingDirectory = folder.Path,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment = { ["TERM"] = "xterm-256color" },
        };
        using Process process = Process.Start(start)!;
        string shown = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, shown);
        Assert.Contains("images/s", shown);
        Assert.Contains("epoch 1, step 3 of 3", shown);
        Assert.Contains("checkpoint.safetensors", shown);
    }

    private static string Shown(Action<LiveDisplay> use) => Shown((display, _) => use(display));

    private static string Shown(Action<LiveDisplay, TextWriter> use)
    {
        using StringWriter writer = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.Yes,
            Out = new AnsiConsoleOutput(writer),
        });
        console.Profile.Width = 200;
        LiveDisplay display = new(console, isLikelihood: true);
        display.During(() =>
        {
            use(display, writer);
            return true;
        });
        return writer.ToString();
    }

    private static StepReport Step(long step, long? total) => new(step, total, 1, 1, 261, 32, Loss, 1, 1e-3, 1, 100);
}
