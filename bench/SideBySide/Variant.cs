namespace Bench;

/// <summary>
/// An engine in one of the ways in which it can be run. TorchSharp is run in all that are known to help it, and the
/// fastest is the one that counts.
/// </summary>
internal sealed record Variant(string Name, Engine Engine, bool ChannelsLast, IReadOnlyDictionary<string, string> Environment)
{
    // By default glibc gives large blocks back to the system, and every page is faulted in again at the next use. Its
    // threshold for doing so cannot be raised above 32 MiB, less than an activation here, so mappings are off entirely.
    private static readonly Dictionary<string, string> KeepMemory = new()
    {
        ["MALLOC_MMAP_MAX_"] = "0",
        ["MALLOC_TRIM_THRESHOLD_"] = "68719476736",
        ["MALLOC_ARENA_MAX"] = "1",
    };

    private static readonly Dictionary<string, string> Unchanged = [];

    public static readonly Variant TinyFlow = new("TinyFlow", Engine.TinyFlow, false, Unchanged);

    public static readonly Variant TorchSharpPlain = new("TorchSharp NCHW", Engine.TorchSharp, false, Unchanged);

    // The allocator is glibc's, so its settings mean nothing elsewhere.
    private static readonly Variant KeptPlain = TorchSharpPlain with { Name = "TorchSharp NCHW, memory kept", Environment = KeepMemory };

    private static readonly Variant KeptLast = new("TorchSharp NHWC, memory kept", Engine.TorchSharp, true, KeepMemory);

    /// <summary>All ways to run TorchSharp.</summary>
    public static IReadOnlyList<Variant> TorchSharp { get; } =
    [
        TorchSharpPlain,
        TorchSharpPlain with { Name = "TorchSharp NHWC", ChannelsLast = true },
        .. OperatingSystem.IsLinux() ? (Variant[])[KeptPlain, KeptLast] : [],
    ];

    /// <summary>Both layouts in their faster way.</summary>
    public static IReadOnlyList<Variant> TorchSharpFast { get; } = [.. TorchSharp.TakeLast(2)];

    /// <summary>The way that is fastest nearly always, for what is measured in one variant only.</summary>
    public static Variant TorchSharpFastest => TorchSharp[^1];
}
