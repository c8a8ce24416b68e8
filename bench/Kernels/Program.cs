using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

// dotnet run -c Release --project bench/Kernels -- --filter '*'
// BenchmarkDotNet's own options, for instance --filter '*Convolutions.Forward*', --list flat, --disasm.
// In this process: the repository's build settings are not those that BenchmarkDotNet's own projects expect.
IConfig config = ManualConfig.Create(DefaultConfig.Instance)
    .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
    .WithOptions(ConfigOptions.JoinSummary);
return BenchmarkSwitcher.FromAssembly(typeof(Bench.Convolutions).Assembly).Run(args, config).Any() ? 0 : 1;
