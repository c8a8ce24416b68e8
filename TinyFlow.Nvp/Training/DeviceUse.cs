namespace TinyFlow.Nvp.Training;

/// <summary>What computed a part of a run.</summary>
/// <param name="FromStep">The steps that were done before.</param>
/// <param name="Device">The device, in words.</param>
/// <param name="Products">The numbers that matrix products and convolutions multiplied: float32, tf32, or float64.</param>
public sealed record DeviceUse(long FromStep, string Device, string Products);
