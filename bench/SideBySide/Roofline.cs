using System.Globalization;
using ScottPlot;
using TinyFlow.Cli.Pictures;

namespace Bench;

/// <summary>
/// The kernels under the machine's ceilings: how much they compute for each byte that they must move, and how fast.
/// GFLOP/s count a direct convolution, so that Winograd's may lie above the roof.
/// </summary>
internal static class Roofline
{
    private const int Width = 1200, Height = 760;
    private const double LowestIntensity = 1, HighestIntensity = 512;

    // Names stand in the space above the roof; shapes closer than so stand together.
    private const double RoomForNames = 14, NeighbourIntensity = 1.45;

    private static readonly (string Pass, MarkerShape Shape)[] Passes =
        [("forward", MarkerShape.FilledCircle), ("grad-input", MarkerShape.FilledSquare), ("grad-weight", MarkerShape.FilledTriangleUp)];

    public static void Draw(Results results, string path)
    {
        if (results.Kernels.Count == 0)
        {
            throw new BenchException("The chart needs the kernels, which this run has not measured.");
        }

        PictureFont.UseInPlots();
        Plot plot = new();
        Ceilings ceilings = results.Ceilings;
        AddRoof(plot, ceilings.FmaGflops, ceilings.GbPerS, $"{ceilings.Threads} threads", Colors.Black);
        AddRoof(plot, ceilings.FmaGflopsOneThread, Math.Max(ceilings.TriadGbPerSOneThread, ceilings.StreamingGbPerSOneThread), "1 thread", Colors.Gray);
        foreach ((string pass, MarkerShape shape) in Passes)
        {
            KernelRow[] rows = [.. results.Kernels.Where(k => k.Pass == pass)];
            AddPoints(plot, $"TinyFlow, {pass}", shape, Color.FromHex("#1b6ac9"), [.. rows.Select(k => (k.FlopPerByte, k.TinyflowGflops))]);
            AddPoints(plot, $"TorchSharp, {pass}", shape, Color.FromHex("#d98324"), [.. rows.Where(k => k.TorchsharpGflops is not null).Select(k => (k.FlopPerByte, k.TorchsharpGflops!.Value))]);
        }

        double top = Math.Max(ceilings.FmaGflops, results.Kernels.Max(k => k.TinyflowGflops));
        double bottom = results.Kernels.Min(k => Math.Min(k.TinyflowGflops, k.TorchsharpGflops ?? k.TinyflowGflops));
        AddNames(plot, results.Kernels, 1.25 * top);
        plot.Title($"Convolutions under the ceilings of {results.Machine.Cpu.Trim()}, {ceilings.Threads} threads", 18);
        plot.XLabel("FLOP per byte that must be moved", 15);
        plot.YLabel("GFLOP/s, counted as a direct convolution", 15);
        plot.Axes.SetLimits(Math.Log10(LowestIntensity), Math.Log10(HighestIntensity), Math.Log10(0.8 * bottom), Math.Log10(RoomForNames * top));
        plot.Axes.Bottom.TickGenerator = Ticks([1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
        plot.Axes.Left.TickGenerator = Ticks([0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000]);
        plot.ShowLegend(Alignment.LowerLeft);
        plot.SavePng(path, Width, Height);
    }

    private static void AddRoof(Plot plot, double gflops, double bandwidth, string name, Color color)
    {
        double ridge = gflops / bandwidth;
        (double X, double Y)[] corners = [(LowestIntensity, LowestIntensity * bandwidth), (ridge, gflops), (HighestIntensity, gflops)];
        var line = plot.Add.ScatterLine(corners.Select(c => Math.Log10(c.X)).ToArray(), corners.Select(c => Math.Log10(c.Y)).ToArray(), color);
        line.LineWidth = 2;
        line.LegendText = FormattableString.Invariant($"{name}: {gflops:0} GFLOP/s, {bandwidth:0} GB/s");
    }

    private static void AddPoints(Plot plot, string name, MarkerShape shape, Color color, (double Intensity, double Gflops)[] points)
    {
        if (points.Length > 0)
        {
            var markers = plot.Add.ScatterPoints(points.Select(p => Math.Log10(p.Intensity)).ToArray(), points.Select(p => Math.Log10(p.Gflops)).ToArray(), color);
            markers.MarkerShape = shape;
            markers.MarkerSize = 9;
            markers.LegendText = name;
        }
    }

    // Upright above the roof; shapes that lie close together share a place, one name under the other.
    private static void AddNames(Plot plot, IReadOnlyList<KernelRow> kernels, double bottom)
    {
        List<List<KernelRow>> places = [];
        foreach (KernelRow kernel in kernels.DistinctBy(k => k.Shape).OrderBy(k => k.FlopPerByte))
        {
            if (places.Count > 0 && kernel.FlopPerByte < NeighbourIntensity * places[^1][0].FlopPerByte)
            {
                places[^1].Add(kernel);
            }
            else
            {
                places.Add([kernel]);
            }
        }

        foreach (List<KernelRow> place in places)
        {
            string names = string.Join('\n', place.Select(k => k.Shape.Replace(", batch 64", "", StringComparison.Ordinal).Replace("→", " to ", StringComparison.Ordinal)));
            var text = plot.Add.Text(names, Math.Log10(Math.Sqrt(place[0].FlopPerByte * place[^1].FlopPerByte)), Math.Log10(bottom));
            text.LabelRotation = -90;
            text.LabelFontSize = 11;
            text.Alignment = Alignment.MiddleLeft;
        }
    }

    private static ScottPlot.TickGenerators.NumericManual Ticks(double[] values) => new(
        [.. values.Select(v => Math.Log10(v))], [.. values.Select(v => v.ToString(CultureInfo.InvariantCulture))]);
}
