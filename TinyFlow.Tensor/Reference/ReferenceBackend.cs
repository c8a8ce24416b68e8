using TinyFlow.Memory;

namespace TinyFlow;

/// <summary>
/// The specification: every op in float64, in plain loops, on one thread. What another backend computes is right if it
/// agrees with this one; gradient checks and golden tests run here. Made to be read, not to be fast, and to be derived
/// from by whoever wants to watch what is computed.
/// </summary>
public partial class ReferenceBackend : HostBackend<double>, IFusedNormalization
{
    /// <summary>A reference backend.</summary>
    /// <param name="poison">Fill new memory with NaN, so that a test sees a value that was read before it was written.</param>
    /// <param name="memoryLimit">The most bytes to take from the system; what the machine has if absent.</param>
    public ReferenceBackend(bool poison = false, long? memoryLimit = null) : base("reference", poison, memoryLimit)
    {
    }

    /// <summary>One element of a result.</summary>
    private static void Put(Span<double> y, long i, double value, bool adds) => y[(int)i] = adds ? y[(int)i] + value : value;

    /// <summary>A result that a kernel adds to many times: zeroed first if it is to be overwritten; empty if not wanted.</summary>
    private static Span<double> Accumulator(Sink sink)
    {
        if (sink.Tensor is null)
        {
            return [];
        }

        Span<double> values = Span(sink.Tensor);
        if (!sink.Adds)
        {
            values.Clear();
        }

        return values;
    }

    /// <summary>Where a walk of the given extent stands at its step number <paramref name="index"/>, in row-major order.</summary>
    private static int Position(long index, Shape extent, Strides strides)
    {
        long position = 0;
        for (int axis = extent.Rank - 1; axis >= 0; axis--)
        {
            (index, long along) = Math.DivRem(index, extent[axis]);
            position += along * strides[axis];
        }

        return (int)position;
    }

    /// <summary>The strides of an operand that is repeated, NumPy's way, to a result's shape.</summary>
    private static Strides BroadcastStrides(Shape operand, Shape result)
    {
        Span<long> strides = stackalloc long[result.Rank];
        operand.PaddedTo(result.Rank).BroadcastStrides(strides);
        return Strides.Of(strides);
    }
}
