using System.Diagnostics;
using Spectre.Console;
using Spectre.Console.Rendering;
using TinyFlow.Nvp.Training;

namespace TinyFlow.Cli.Rendering;

/// <summary>For terminals: a bar and the current figures, kept up to date below the lines that stay.</summary>
internal sealed class LiveDisplay(IAnsiConsole console, bool isLikelihood) : ITrainingDisplay
{
    private const int BarWidth = 40;

    // Two characters, so that the bar can be read without colours.
    private const char Done = '━', ToDo = '─';

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(150), Patience = TimeSpan.FromMilliseconds(300);

    private readonly Stopwatch _sinceStart = Stopwatch.StartNew();

    // Ctrl-C writes from a thread of its own.
    private readonly Lock _drawing = new();
    private LiveDisplayContext? _context;
    private TimeSpan? _lastDrawn;
    private StepReport? _step;
    private long _firstStep;

    public T During<T>(Func<T> work) => console.Live(Text.Empty).AutoClear(true).Start(context =>
    {
        _context = context;
        try
        {
            return work();
        }
        finally
        {
            _context = null;
        }
    });

    public void Show(StepReport step)
    {
        _firstStep = _step is null ? step.Step - 1 : _firstStep;
        _step = step;
        if (_lastDrawn is not { } last || _sinceStart.Elapsed - last > Interval)
        {
            Status("");
        }
    }

    public void Status(string text)
    {
        lock (_drawing)
        {
            Draw(text);
        }
    }

    public void Line(string text)
    {
        lock (_drawing)
        {
            // The line takes the place of the display's first row and would leave the rest of that row standing.
            _context?.UpdateTarget(Text.Empty);
            console.WriteLine(text);
            Draw("");
        }
    }

    public void Abandon()
    {
        // Whoever presses Ctrl-C twice is not kept waiting, not even by a terminal that takes no more text.
        bool isFree = _drawing.TryEnter(Patience);
        if (_context is not null)
        {
            console.Cursor.Show(true);
            console.Profile.Out.Writer.WriteLine();
        }

        if (isFree)
        {
            // Nothing may be drawn after the end of the last line.
            _context = null;
            _drawing.Exit();
        }
    }

    private void Draw(string status)
    {
        if (_context is null || _step is not { } step)
        {
            return;
        }

        _lastDrawn = _sinceStart.Elapsed;
        double fraction = step.TotalSteps is { } all ? Math.Min(1, (double)step.Step / all) : 0;
        int filled = (int)(fraction * BarWidth);
        long done = Math.Max(1, step.Step - _firstStep);
        string left = step.TotalSteps is { } total
            ? $"{TrainingText.Clock(_sinceStart.Elapsed.TotalSeconds / done * (total - step.Step))} left"
            : "measuring the speed";
        IRenderable[] rows =
        [
            new Markup($"[green]{new string(Done, filled)}[/][grey]{new string(ToDo, BarWidth - filled)}[/] {fraction * 100,3:F0} %  epoch {step.Epoch}, step {step.Step}{(step.TotalSteps is { } of ? $" of {of}" : "")}"),
            new Markup($"[bold]{TrainingText.Number(step.Loss.BitsPerDim)}[/] bits/dim{(isLikelihood ? "" : " [yellow](not a likelihood)[/]")}   {TrainingText.Parts(step.Loss)}"),
            new Markup($"{step.ImagesPerSecond:F0} images/s   {TrainingText.Clock(_sinceStart.Elapsed.TotalSeconds)} gone   {left}   {Markup.Escape(status)}"),
        ];
        _context.UpdateTarget(new Rows(rows));
    }
}
