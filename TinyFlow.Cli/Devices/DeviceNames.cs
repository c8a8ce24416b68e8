using System.Globalization;

namespace TinyFlow.Cli.Devices;

/// <summary>What <c>--device</c> may be.</summary>
internal static class DeviceNames
{
    /// <summary>A GPU if one can be used, else the CPU.</summary>
    public const string Auto = "auto";

    /// <summary>float32, SIMD, all cores.</summary>
    public const string Cpu = "cpu";

    /// <summary>An NVIDIA GPU; "cuda:1" is the one of that number.</summary>
    public const string Cuda = "cuda";

    /// <summary>float64, plain loops.</summary>
    public const string Reference = "reference";

    /// <summary>Whether a name is one of these.</summary>
    public static bool IsKnown(string name) => name is Auto or Cpu or Reference || GpuNumber(name) is not null;

    /// <summary>The number of the GPU that a name means, 0 for "cuda"; null if it means none.</summary>
    public static int? GpuNumber(string name)
    {
        if (name == Cuda)
        {
            return 0;
        }

        return name.StartsWith($"{Cuda}:", StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(Cuda.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
    }
}
