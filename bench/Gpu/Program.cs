using System.CommandLine;
using Bench.Gpu;
using TinyFlow;
using TinyFlow.Cuda;

// What native/gpu-check.sh measures on a machine with an NVIDIA GPU. Each command writes one JSON file. Exit code: 0 if results
// are as promised, 1 if not, 3 if there is no GPU to be used.
Option<FileInfo> file = new("--out") { Description = "The JSON file to write.", Required = true };
Option<string> preset = new("--preset") { DefaultValueFactory = _ => "notebook" };
Option<int> batch = new("--batch") { DefaultValueFactory = _ => 64 };
Option<MatmulPrecision> precision = new("--precision") { DefaultValueFactory = _ => MatmulPrecision.Highest };
Option<double> seconds = new("--seconds") { Description = "Seconds to measure each kind for.", DefaultValueFactory = _ => 2 };
Option<int?> hidden = new("--hidden") { Description = "Fewer channels than the preset's, to try the program where no GPU is." };
Option<FileInfo> recorded = new("--recorded") { Description = "The file of recorded results.", Required = true };

Command steps = new("steps", "Times training steps, one by one and recorded.") { preset, batch, precision, seconds, hidden, file };
steps.SetAction(parsed =>
{
    StepTimes times = Steps.Measure(
        parsed.GetRequiredValue(preset), parsed.GetRequiredValue(batch), parsed.GetRequiredValue(precision), TimeSpan.FromSeconds(parsed.GetRequiredValue(seconds)),
        parsed.GetValue(hidden));
    JsonFile.Write(parsed.GetRequiredValue(file), times);
    return times.AreSame ? 0 : 1;
});
Command convolutions = new("convolutions", "Asks cuDNN for every algorithm of the presets' convolutions.") { preset, batch, precision, hidden, file };
convolutions.SetAction(parsed => JsonFile.Write(parsed.GetRequiredValue(file), Convolutions.Measure(
    parsed.GetRequiredValue(preset), parsed.GetRequiredValue(batch), parsed.GetRequiredValue(precision), parsed.GetValue(hidden))));
Command modules = new("modules", "Loads each module of kernels, which the driver compiles.") { file };
modules.SetAction(parsed =>
{
    IReadOnlyList<ModuleTime> times = Modules.Load();
    JsonFile.Write(parsed.GetRequiredValue(file), times);
    return times.All(module => module.Error is null) ? 0 : 1;
});
Command recordOps = new("record", "Records what the table of ops gives on this machine's driver.") { recorded };
recordOps.SetAction(parsed => RecordedOps.Record(parsed.GetRequiredValue(recorded)));
Command compare = new("compare", "Compares the table of ops with what was recorded.") { recorded, file };
compare.SetAction(parsed =>
{
    OpComparisons comparisons = RecordedOps.Compare(parsed.GetRequiredValue(recorded));
    JsonFile.Write(parsed.GetRequiredValue(file), comparisons);
    return comparisons.Good == comparisons.Rows ? 0 : 1;
});
try
{
    return new RootCommand("Measures TinyFlow on an NVIDIA GPU.") { steps, convolutions, modules, recordOps, compare }.Parse(args)
        .Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception exception) when (exception is CudaUnavailableException or CudaException or InsufficientMemoryException)
{
    Console.Error.WriteLine($"gpu-bench: {exception.Message}");
    return 3;
}
