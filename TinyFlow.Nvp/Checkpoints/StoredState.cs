using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Checkpoints;

/// <summary>Between the state of a model or optimizer and the tensors of a file.</summary>
public static class StoredState
{
    /// <summary>Copies of tensors on the host, in the precision of their backend, so that nothing is lost and no space is wasted.</summary>
    public static IReadOnlyList<StoredTensor> Stored(this IEnumerable<(string Name, Tensor Value)> state) =>
        [.. state.Select(entry => Copied(entry.Name, entry.Value))];

    /// <summary>The tensors as arrays to import, whatever their type in the file.</summary>
    public static IReadOnlyList<NamedArray> Arrays(this IEnumerable<StoredTensor> tensors) =>
        [.. tensors.Select(tensor => new NamedArray(tensor.Name, tensor.Shape, tensor.ToDoubles()))];

    private static StoredTensor Copied(string name, Tensor value)
    {
        bool isDouble = value.Backend.ElementSize == sizeof(double);
        StoredTensor stored = StoredTensor.Allocate(name, value.Shape, isDouble ? ElementType.F64 : ElementType.F32);
        if (isDouble)
        {
            value.Backend.Read(value, stored.Doubles);
        }
        else
        {
            value.Backend.Read(value, stored.Floats);
        }

        return stored;
    }
}
