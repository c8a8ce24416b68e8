using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Checkpoints;

/// <summary>Between the exported state of a model or optimizer and the tensors of a file.</summary>
public static class StoredState
{
    /// <summary>The arrays in the precision of the backend that they come from, so that nothing is lost and no space is wasted.</summary>
    public static IReadOnlyList<StoredTensor> Stored(this IEnumerable<NamedArray> arrays, IBackend backend)
    {
        ElementType type = backend.ElementSize == sizeof(double) ? ElementType.F64 : ElementType.F32;
        return [.. arrays.Select(array => StoredTensor.Create(array.Name, array.Shape, array.Values, type))];
    }

    /// <summary>The tensors as arrays to import, whatever their type in the file.</summary>
    public static IReadOnlyList<NamedArray> Arrays(this IEnumerable<StoredTensor> tensors) =>
        [.. tensors.Select(tensor => new NamedArray(tensor.Name, tensor.Shape, tensor.ToDoubles()))];
}
