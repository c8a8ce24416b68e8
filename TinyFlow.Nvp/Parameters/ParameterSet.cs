using System.Globalization;

namespace TinyFlow.Nvp.Parameters;

/// <summary>
/// Everything that a model keeps, and the owner of its memory. All trainable values lie in one flat tensor and their
/// gradients in another of the same layout: a parameter starts at a multiple of <see cref="Alignment"/> elements, and
/// the gaps between parameters are zero. Buffers lie in a third, constants have memory of their own.
/// </summary>
public sealed class ParameterSet : IDisposable
{
    /// <summary>Parameters start at multiples of this many elements: 64 bytes of float32, a cache line and a widest vector.</summary>
    public const int Alignment = 16;

    // A PyTorch state_dict has them too; here masks follow from the settings, the data constraint is one of them, and
    // nothing depends on the number of batches.
    private static readonly string[] IgnoredNames = ["mask", "num_batches_tracked", "data_constraint"];

    private readonly List<ModelTensor> _declared;

    private ParameterSet(IBackend backend, List<ModelTensor> declared)
    {
        Backend = backend;
        _declared = declared;
        Parameters = [.. declared.OfType<Parameter>().OrderBy(parameter => parameter.IsLength)];
        Buffers = [.. declared.OfType<StateBuffer>()];
        long length = 0;
        foreach (Parameter parameter in Parameters)
        {
            LengthsStart = parameter.IsLength ? LengthsStart : length + Aligned(parameter);
            parameter.Start = length;
            length += Aligned(parameter);
        }

        Values = Flat("the parameters", length);
        Gradients = Flat("the gradients of the parameters", length);
        BufferValues = Flat("what the model keeps beside its parameters", Buffers.Sum(Aligned));
        long start = 0;
        foreach (ModelTensor tensor in declared)
        {
            switch (tensor)
            {
                case Parameter parameter:
                    parameter.Value = Values.Section(parameter.Start, parameter.Shape);
                    parameter.Gradient = Gradients.Section(parameter.Start, parameter.Shape);
                    break;
                case StateBuffer buffer:
                    buffer.Value = BufferValues.Section(start, buffer.Shape);
                    start += Aligned(buffer);
                    break;
                default:
                    tensor.Value = backend.Allocate(tensor.Shape, tensor.Name);
                    break;
            }
        }

        Tensor Flat(string label, long count)
        {
            Tensor flat = backend.Allocate([checked((int)count)], label);
            backend.Fill(flat, 0);
            return flat;
        }
    }

    /// <summary>Where all of it lives.</summary>
    public IBackend Backend { get; }

    /// <summary>
    /// The trainable parameters in the order of the flat tensors: that of their declaration, but that the lengths of
    /// weight-normed weights come last, so that an optimizer can treat them as a group.
    /// </summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>What is kept and saved but not trained.</summary>
    public IReadOnlyList<StateBuffer> Buffers { get; }

    /// <summary>All trainable values, flat.</summary>
    public Tensor Values { get; }

    /// <summary>All gradients, flat, laid out as <see cref="Values"/>.</summary>
    public Tensor Gradients { get; }

    /// <summary>All that <see cref="Buffers"/> hold, flat; gaps are zero.</summary>
    public Tensor BufferValues { get; }

    /// <summary>Where the lengths of weight-normed weights start in the flat tensors, in elements; their end if there are none.</summary>
    public long LengthsStart { get; }

    /// <summary>How many numbers are trained; the gaps do not count.</summary>
    public long Count => Parameters.Sum(parameter => parameter.Shape.Count);

    /// <summary>What a checkpoint of the model holds: names (those of the published PyTorch state_dict where there is one) and values.</summary>
    public IReadOnlyList<(string Name, Tensor Value)> State =>
        [.. _declared.Where(tensor => tensor is not ModelConstant).Select(tensor => (tensor.Name, tensor.Value))];

    /// <summary>
    /// Lets <paramref name="declare"/> build a model's layers at the root of a new tree of names, then gives what they
    /// declared memory and first values. The values depend on the seed and on each parameter's name alone.
    /// </summary>
    public static ParameterSet Create<T>(IBackend backend, ulong seed, Func<ParameterScope, T> declare, out T declared)
    {
        List<ModelTensor> tensors = [];
        declared = declare(new ParameterScope(tensors));
        RequireMemory(backend, tensors);
        ParameterSet set = new(backend, tensors);
        foreach (ModelTensor tensor in tensors)
        {
            backend.Write(tensor.Initializer(tensor.Shape, new InitialNoise(backend, seed, tensor.Name)), tensor.Value);
        }

        return set;
    }

    // Before anything is taken: to fill a machine's memory takes minutes, and its other programs suffer.
    private static void RequireMemory(IBackend backend, List<ModelTensor> declared)
    {
        const double GiB = 1 << 30;

        // In floating point, because what cannot be had may also be more than a whole number holds. A parameter has a gradient.
        double parameters = declared.Sum(tensor => tensor is Parameter ? (double)tensor.Shape.Count : 0);
        double all = declared.Sum(tensor => (double)tensor.Shape.Count);
        double needed = (all + parameters) * backend.ElementSize;
        if (backend.Memory.Limit is { } limit && needed > limit)
        {
            throw new InsufficientMemoryException(string.Create(
                CultureInfo.InvariantCulture,
                $"The model needs {needed / GiB:N1} GiB of memory for its parameters and their gradients, but the machine has {limit / GiB:N1} GiB. Use fewer layers or hidden channels, or smaller images."));
        }

        if (parameters > int.MaxValue)
        {
            throw new ArgumentException(string.Create(
                CultureInfo.InvariantCulture,
                $"The model has {parameters:N0} parameters; at most {int.MaxValue:N0} are possible. Use fewer layers or hidden channels, or smaller images."));
        }
    }

    /// <summary>Copies of all that <see cref="State"/> names, on the host.</summary>
    public IReadOnlyList<NamedArray> Export() => StateLoading.Read(State);

    /// <summary>
    /// Sets all that <see cref="State"/> names. A PyTorch state_dict's <c>mask</c>, <c>num_batches_tracked</c> and <c>data_constraint</c> may be there too.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// Names are missing or unexpected, or shapes differ: the message lists each of them, and nothing has been changed.
    /// </exception>
    public void Import(IEnumerable<NamedArray> arrays) => StateLoading.Load("Loading parameters", State, arrays, IsIgnored);

    /// <summary>Releases all of it.</summary>
    public void Dispose()
    {
        foreach (ModelTensor tensor in _declared)
        {
            tensor.Value.Dispose();
            (tensor as Parameter)?.Gradient.Dispose();
        }

        Values.Dispose();
        Gradients.Dispose();
        BufferValues.Dispose();
    }

    /// <summary>Whether a state_dict may have this name beyond <see cref="State"/>.</summary>
    internal static bool IsIgnored(string name) => IgnoredNames.Contains(name[(name.LastIndexOf('.') + 1)..]);

    private static long Aligned(ModelTensor tensor) => (tensor.Shape.Count + Alignment - 1) / Alignment * Alignment;
}
