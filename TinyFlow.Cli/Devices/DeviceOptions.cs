using System.CommandLine;
using TinyFlow.Cli.Commands;

namespace TinyFlow.Cli.Devices;

/// <summary>The options by which the user says where to compute.</summary>
internal sealed class DeviceOptions
{
    private readonly Option<string> _device = new("--device")
    {
        Description = "Where to compute: auto (an NVIDIA GPU if one can be used, else the CPU), cpu (float32, SIMD, all cores), cuda or cuda:N (the GPU of that number; 'tinyflow devices' lists them), reference (float64, plain loops, slow).",
        DefaultValueFactory = _ => DeviceNames.Auto,
        HelpName = "auto|cpu|cuda|cuda:N|reference",
    };

    private readonly Option<string> _precision = CommonOptions.OneOf(
        new Option<string>("--precision")
        {
            Description = "Of the factors of matrix products and convolutions on a GPU. highest: float32. high: TF32, 11 significant bits, on tensor cores. Everything else is float32.",
            DefaultValueFactory = _ => CommonOptions.NamesOf<MatmulPrecision>()[0],
            HelpName = string.Join('|', CommonOptions.NamesOf<MatmulPrecision>()),
        },
        CommonOptions.NamesOf<MatmulPrecision>());

    private readonly Option<int?> _threads = CommonOptions.Between(
        new Option<int?>("--threads") { Description = "Threads to compute with on the CPU [default: all cores]. Results do not depend on it.", HelpName = "N" }, 1, CpuBackend.MostThreads);

    private DeviceOptions(Command command)
    {
        _device.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !DeviceNames.IsKnown(result.Tokens[0].Value))
            {
                result.AddError($"--device '{result.Tokens[0].Value}' is not known. Known ones: auto, cpu, cuda, cuda:N with the number of a GPU, reference.");
            }
        });
        _device.CompletionSources.Add(DeviceNames.Auto, DeviceNames.Cpu, DeviceNames.Cuda, DeviceNames.Reference);
        command.Options.Add(_threads);
        command.Options.Add(_device);
        command.Options.Add(_precision);
    }

    /// <summary>Lets a command's user choose.</summary>
    public static DeviceOptions AddTo(Command command) => new(command);

    /// <summary>What the user chose.</summary>
    public DeviceRequest Of(ParseResult parsed) => new(
        parsed.GetValue(_device)!, parsed.GetValue(_threads), Enum.Parse<MatmulPrecision>(parsed.GetValue(_precision)!, ignoreCase: true));
}
