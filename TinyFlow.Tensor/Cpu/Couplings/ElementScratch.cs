namespace TinyFlow.Cpu.Couplings;

/// <summary>The working memory of element couplings: each worker's terms, and an image's parameters and their gradients where these are turned.</summary>
internal readonly unsafe struct ElementScratch(float* data, nint terms, nint parameters)
{
    /// <summary>What one worker needs, in floats.</summary>
    public static nint Length(nint terms, nint parameters) => terms + 2 * Padded(parameters);

    /// <summary>The terms of a worker.</summary>
    public float* Of(int worker) => data + worker * Length(terms, parameters);

    public float* Net(int worker) => Of(worker) + terms;

    public float* NetGradient(int worker) => Net(worker) + Padded(parameters);

    // The last register of a parameter may be read beyond its end.
    private static nint Padded(nint parameters) => parameters == 0 ? 0 : (parameters + 31) / 16 * 16;
}
