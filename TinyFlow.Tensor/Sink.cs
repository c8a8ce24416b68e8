namespace TinyFlow;

/// <summary>
/// Where a kernel puts a result: a tensor, and whether the kernel adds to it or overwrites it. A gradient that several
/// ops feed is overwritten by the first and added to by the others, so that nothing is zeroed in vain
/// (cuDNN's beta of 0 and 1). An unwanted result has no tensor.
/// </summary>
public readonly record struct Sink(Tensor? Tensor, bool Adds)
{
    /// <summary>Not wanted: the kernel does not compute it.</summary>
    public static Sink None => default;

    /// <summary>Whether there is anything to compute.</summary>
    public bool IsWanted => Tensor is not null;

    /// <summary>A destination that is overwritten.</summary>
    public static implicit operator Sink(Tensor tensor) => new(tensor, false);

    /// <summary>A destination that is added to.</summary>
    public static Sink AddTo(Tensor tensor) => new(tensor, true);
}
