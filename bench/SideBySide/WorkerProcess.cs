using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Bench;

/// <summary>The driver's end of one worker: a process of its own, so that its memory and threads are its own.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private readonly Process _process;

    public WorkerProcess(Order order, Variant variant)
        : this(variant, Program.WorkerCommand, JsonSerializer.Serialize(order, MessageContext.Default.Order))
    {
    }

    public WorkerProcess(KernelOrder order, Variant variant)
        : this(variant, Program.KernelWorkerCommand, JsonSerializer.Serialize(order, MessageContext.Default.KernelOrder))
    {
    }

    private WorkerProcess(Variant variant, string command, string order)
    {
        Variant = variant;
        ProcessStartInfo start = new(Environment.ProcessPath!, [command, order])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach ((string name, string value) in variant.Environment)
        {
            start.Environment[name] = value;
        }

        Started = DateTime.UtcNow;
        _process = Process.Start(start) ?? throw new InvalidOperationException($"The worker for {variant.Name} could not be started.");
    }

    public Variant Variant { get; }

    /// <summary>When the process was asked for, UTC.</summary>
    public DateTime Started { get; }

    /// <summary>Processor time that it has taken on all cores, in seconds.</summary>
    public double ProcessorSeconds
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    /// <summary>Sends a command and waits for its answer.</summary>
    public T Ask<T>(string command, JsonTypeInfo<T> type)
    {
        _process.StandardInput.WriteLine(command);
        return Receive(type);
    }

    /// <summary>Ends the worker; the most memory that it has held, in MiB.</summary>
    public double Finish()
    {
        _process.StandardInput.Close();
        double peak = Receive(MessageContext.Default.Finished).PeakMegabytes;
        _process.WaitForExit();
        return peak;
    }

    public T Receive<T>(JsonTypeInfo<T> type)
    {
        if (_process.StandardOutput.ReadLine() is { } line)
        {
            return JsonSerializer.Deserialize(line, type)!;
        }

        _process.WaitForExit();
        throw new BenchException($"The worker for {Variant.Name} ended with exit code {_process.ExitCode}; its message is above.");
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
