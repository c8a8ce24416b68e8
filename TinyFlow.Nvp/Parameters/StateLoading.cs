namespace TinyFlow.Nvp.Parameters;

/// <summary>Between named tensors and named arrays; into tensors all or nothing.</summary>
internal static class StateLoading
{
    /// <summary>Copies of tensors on the host, under their names: what <see cref="Load"/> takes.</summary>
    public static IReadOnlyList<NamedArray> Read(IEnumerable<(string Name, Tensor Value)> entries) =>
        [.. entries.Select(entry => new NamedArray(entry.Name, entry.Value.Shape, entry.Value.ToDoubles()))];

    /// <summary>
    /// Copies each array into the tensor of its name. Every difference is found first: if there is any, nothing is copied.
    /// </summary>
    /// <param name="what">What is loaded, for the message.</param>
    /// <param name="targets">Names, and the tensors that take their values.</param>
    /// <param name="arrays">What there is.</param>
    /// <param name="isIgnored">Names that may be there beyond the targets.</param>
    /// <exception cref="ArgumentException">Names are missing, unexpected or given twice, or shapes differ: all are listed.</exception>
    public static void Load(string what, IReadOnlyList<(string Name, Tensor Value)> targets, IEnumerable<NamedArray> arrays, Func<string, bool> isIgnored)
    {
        List<string> problems = [];
        Dictionary<string, NamedArray> given = [];
        foreach (NamedArray array in arrays)
        {
            if (!given.TryAdd(array.Name, array))
            {
                problems.Add($"given twice: {array.Name}");
            }
        }

        List<(NamedArray From, Tensor To)> copies = [];
        foreach ((string name, Tensor value) in targets)
        {
            if (!given.Remove(name, out NamedArray? array))
            {
                problems.Add($"missing: {name} {value.Shape}");
                continue;
            }

            copies.Add((array, value));
            if (array.Shape != value.Shape || array.Values.Length != value.Count)
            {
                problems.Add($"of another shape: {name} is {array.Shape} and must be {value.Shape}");
            }
        }

        problems.AddRange(given.Values.Where(array => !isIgnored(array.Name)).Select(array => $"unexpected: {array.Name} {array.Shape}"));
        if (problems.Count > 0)
        {
            throw new ArgumentException(
                $"{what}: {problems.Count} differences; nothing was changed. The model was probably made with other settings.\n  {string.Join("\n  ", problems)}");
        }

        foreach ((NamedArray from, Tensor to) in copies)
        {
            to.Backend.Write(from.Values, to);
        }
    }
}
