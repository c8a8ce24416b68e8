namespace TinyFlow.Cuda.Native;

/// <summary>CUdevice_attribute: what can be asked of a device.</summary>
internal enum DeviceAttribute
{
    ClockRate = 13,
    MultiprocessorCount = 16,
    MemoryClockRate = 36,
    GlobalMemoryBusWidth = 37,
    L2CacheSize = 38,
    ComputeCapabilityMajor = 75,
    ComputeCapabilityMinor = 76,
}

/// <summary>CUstream_flags. A stream that is not blocking does not wait for the legacy default stream.</summary>
internal enum StreamFlags : uint
{
    NonBlocking = 1,
}

/// <summary>CUevent_flags. Events without timing are cheaper.</summary>
[Flags]
internal enum EventFlags : uint
{
    Timing = 0,
    DisableTiming = 2,
}

/// <summary>CUjit_option: what is asked of, and told by, the compiler in the driver.</summary>
internal enum JitOption
{
    ErrorLogBuffer = 5,
    ErrorLogBufferSizeBytes = 6,
}

/// <summary>CUstreamCaptureMode: which calls of which threads a capture forbids.</summary>
internal enum CaptureMode
{
    Global = 0,
    ThreadLocal = 1,
    Relaxed = 2,
}

/// <summary>CUstreamCaptureStatus.</summary>
internal enum CaptureStatus
{
    None = 0,
    Active = 1,
    Invalidated = 2,
}
