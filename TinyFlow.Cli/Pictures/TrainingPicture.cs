using System.Globalization;
using ScottPlot;
using SkiaSharp;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Evaluation;

namespace TinyFlow.Cli.Pictures;

/// <summary>The course of a training in three panels: loss, bits per dimension, and what was gained since the first epoch.</summary>
internal static class TrainingPicture
{
    private const int PanelWidth = 520, Height = 420;

    private static readonly Color Training = Color.FromHex("#4C78A8"), Validation = Color.FromHex("#E45756"), Muted = Color.FromHex("#777777");

    /// <summary>Writes the picture as a PNG file; rows without figures are left out.</summary>
    /// <exception cref="IOException">The file cannot be written; the message is a sentence.</exception>
    public static void Save(string path, IReadOnlyList<MetricsRow> rows, IReadOnlyList<ReferenceFigure> references)
    {
        PictureFont.UseInPlots();
        Multiplot panels = new();
        panels.RemovePlot(panels.GetPlot(0));
        panels.AddPlot(Loss(rows));
        panels.AddPlot(BitsPerDim(rows, references));
        panels.AddPlot(Improvement(rows));
        panels.Layout = new ScottPlot.MultiplotLayouts.Columns();
        using SKSurface surface = SKSurface.Create(new SKImageInfo(panels.Count() * PanelWidth, Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        panels.Render(surface);
        ComparisonPicture.Save(path, surface);
    }

    private static Plot Loss(IReadOnlyList<MetricsRow> rows)
    {
        Plot plot = Panel("Loss", "negative log-likelihood, nats per image");
        AddCurves(plot, rows, row => row.Nll, []);
        return plot;
    }

    private static Plot BitsPerDim(IReadOnlyList<MetricsRow> rows, IReadOnlyList<ReferenceFigure> references)
    {
        Plot plot = Panel("Bits per dimension", "bits/dim");
        AddCurves(plot, rows, row => row.BitsPerDim, [.. references.Select(reference => reference.BitsPerDim)]);
        foreach ((double bitsPerDim, string source) in references)
        {
            plot.Add.HorizontalLine(bitsPerDim, 1.2f, Muted, LinePattern.Dashed);
            ScottPlot.Plottables.Text text = plot.Add.Text(string.Create(CultureInfo.InvariantCulture, $"{bitsPerDim:F2}  {source}"), plot.Axes.GetLimits().Right, bitsPerDim);
            (text.LabelFontSize, text.LabelFontColor, text.LabelAlignment) = (12, Muted, Alignment.LowerRight);
            (text.OffsetX, text.OffsetY) = (-4, -2);
        }

        return plot;
    }

    // By epochs: from the validation images, or the mean of the training steps where there are none.
    private static Plot Improvement(IReadOnlyList<MetricsRow> rows)
    {
        MetricsRow[] validation = [.. TrainingCurves.Validation(rows).Where(row => double.IsFinite(row.BitsPerDim))];
        bool hasValidation = validation.Length > 0;
        (int Epoch, double Step, double Value)[] epochs = [.. (hasValidation ? validation : TrainingCurves.Training(rows))
            .Where(row => double.IsFinite(row.BitsPerDim))
            .GroupBy(row => row.Epoch)
            .OrderBy(epoch => epoch.Key)
            .Select(epoch => (epoch.Key, (double)epoch.Max(row => row.Step), epoch.Average(row => row.BitsPerDim)))];

        // A run with a budget of time may have passed over the first.
        string first = epochs.Length == 0 || epochs[0].Epoch == 1 ? "the first epoch" : $"epoch {epochs[0].Epoch}";
        Plot plot = Panel($"Improvement over {first}", $"bits/dim gained, {(hasValidation ? "validation" : "training")}");
        (double Step, double Value)[] gained = [.. epochs.Select(epoch => (epoch.Step, epochs[0].Value - epoch.Value))];
        AddCurve(plot, gained, "", hasValidation ? Validation : Training, 2, 5);
        plot.Add.HorizontalLine(0, 1.2f, Muted, LinePattern.Dashed);
        Limit(plot, rows, [.. gained.Select(point => point.Value), 0]);
        return plot;
    }

    private static Plot Panel(string title, string y)
    {
        Plot plot = new();
        plot.Font.Set(PictureFont.Name);
        plot.Title(title, 17);
        plot.Axes.Title.Label.Bold = false;
        plot.XLabel("step", 13);
        plot.YLabel(y, 13);
        (plot.Axes.Bottom.Label.Bold, plot.Axes.Left.Label.Bold) = (false, false);
        plot.Axes.Right.FrameLineStyle.IsVisible = plot.Axes.Top.FrameLineStyle.IsVisible = false;
        plot.Axes.Right.MinimumSize = 24;
        plot.Axes.Left.MinimumSize = 72;
        plot.Grid.MajorLineColor = Color.FromHex("#E8E8E8");
        return plot;
    }

    private static void AddCurves(Plot plot, IReadOnlyList<MetricsRow> rows, Func<MetricsRow, double> figure, double[] references)
    {
        MetricsRow[] training = TrainingCurves.Training(rows), validation = TrainingCurves.Validation(rows);
        AddCurve(plot, Points(training, figure), "training", Training, 1.2f, 0);
        AddCurve(plot, Points(validation, figure), "validation", Validation, 2, 5);
        plot.ShowLegend(Alignment.LowerLeft);
        (plot.Legend.ShadowColor, plot.Legend.OutlineColor, plot.Legend.FontSize) = (Colors.Transparent, Color.FromHex("#CCCCCC"), 12);

        // The first steps fall so far that nothing could be seen of the rest: where there are enough steps, the curve
        // may begin above the panel.
        (double Step, double Value)[] points = Points(training.Concat(validation).OrderBy(row => row.Step), figure);
        Limit(plot, rows, [.. points.Skip(points.Length / 10).Select(point => point.Value), .. references]);
    }

    private static void AddCurve(Plot plot, (double Step, double Value)[] points, string name, Color color, float width, float markerSize)
    {
        if (points.Length == 0)
        {
            return;
        }

        ScottPlot.Plottables.Scatter curve = plot.Add.Scatter(points.Select(point => point.Step).ToArray(), points.Select(point => point.Value).ToArray(), color);

        // One step alone is no line, but can be seen as a point.
        (curve.LegendText, curve.LineWidth, curve.MarkerSize) = (name, width, points.Length == 1 ? 6 : markerSize);
    }

    private static void Limit(Plot plot, IReadOnlyList<MetricsRow> rows, double[] values)
    {
        const double Space = 0.08, Smallest = 1e-9;
        double right = rows.Count == 0 ? 1 : Math.Max(1, rows.Max(row => row.Step));
        double low = values.Length == 0 ? 0 : values.Min(), high = values.Length == 0 ? 1 : values.Max();

        // Where nothing moves but by rounding there is nothing to enlarge.
        double space = high - low > Smallest * Math.Abs(high) ? Space * (high - low) : Math.Max(0.1, Space * Math.Abs(high));
        plot.Axes.SetLimits(0, right * 1.02, low - space, high + space);
        plot.Axes.Left.TickGenerator = AxisTicks.Generator(low - space, high + space);
    }

    private static (double Step, double Value)[] Points(IEnumerable<MetricsRow> rows, Func<MetricsRow, double> figure) =>
        [.. rows.Where(row => double.IsFinite(figure(row))).Select(row => ((double)row.Step, figure(row)))];
}
