namespace TinyFlow.Cpu.Couplings;

/// <summary>The parameters of a register of elements, and the map's working memory.</summary>
/// <param name="first">The first parameter of the first element; the other elements' lie beside it.</param>
/// <param name="stride">How far a parameter is from the next.</param>
/// <param name="count">The parameters of an element.</param>
/// <param name="scratch">As many registers as <see cref="IElementMap.Registers"/> says.</param>
internal readonly unsafe struct ElementParameters(float* first, nint stride, int count, float* scratch)
{
    public float* First { get; } = first;

    public nint Stride { get; } = stride;

    public int Count { get; } = count;

    public float* Scratch { get; } = scratch;
}
