namespace TinyFlow.Cli.Devices;

/// <summary>Where the user wants to compute.</summary>
/// <param name="Device">As <see cref="DeviceNames"/> has it.</param>
/// <param name="Threads">Of the CPU; null is all cores.</param>
/// <param name="Precision">Of a GPU's products.</param>
internal sealed record DeviceRequest(string Device, int? Threads, MatmulPrecision Precision);
