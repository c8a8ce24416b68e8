using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Bench;

/// <summary>A process that holds one engine and does a repetition whenever the driver asks for one.</summary>
internal static class Worker
{
    public const string RunCommand = "run";

    /// <summary>Steps are grouped so that a repetition lasts at least this long: clocks and caches then matter little.</summary>
    private const double RepetitionMilliseconds = 150;

    private const int FewestWarmUpSteps = 2;

    public static void Run(Order order)
    {
        using IEngine engine = order.Engine == Engine.TinyFlow
            ? new TinyFlowEngine(order.Workload)
            : new TorchSharpEngine(order.Workload, order.ChannelsLast);
        if (order.StartUpOnly)
        {
            DateTime began = DateTime.UtcNow;
            engine.Step();
            Send(new StartUp(began, DateTime.UtcNow), MessageContext.Default.StartUp);
        }
        else
        {
            RunRepetitions(engine, order.WarmUpSeconds);
        }

        using var self = Process.GetCurrentProcess();
        Send(new Finished(self.PeakWorkingSet64 / 1048576.0), MessageContext.Default.Finished);
    }

    public static void Send<T>(T message, JsonTypeInfo<T> type) => Console.Out.WriteLine(JsonSerializer.Serialize(message, type));

    private static void RunRepetitions(IEngine engine, double warmUpSeconds)
    {
        Dictionary<string, double> values = engine.Compare();
        double fastest = WarmUp(engine, warmUpSeconds);
        Send(new Ready(values, fastest), MessageContext.Default.Ready);
        while (Console.In.ReadLine() == RunCommand)
        {
            Send(new Repetition(Alternation.Run(engine.Step, RepetitionMilliseconds)), MessageContext.Default.Repetition);
        }
    }

    private static double WarmUp(IEngine engine, double seconds)
    {
        double fastest = double.PositiveInfinity;
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < FewestWarmUpSteps || Stopwatch.GetElapsedTime(start).TotalSeconds < seconds; i++)
        {
            fastest = Math.Min(fastest, Alternation.Run(engine.Step, 0));
        }

        return fastest;
    }
}
