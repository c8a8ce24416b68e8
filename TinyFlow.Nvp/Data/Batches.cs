namespace TinyFlow.Nvp.Data;

/// <summary>
/// The order of a data set's images in each epoch, cut into batches; the last one of an epoch may be smaller. The order
/// depends on seed and epoch alone: no earlier epoch has to be replayed to know it, on any machine. Nothing is allocated
/// once it is made; an epoch is shuffled when its first batch is asked for.
/// </summary>
public sealed class Batches
{
    private readonly int[] _order;
    private readonly ulong _seed;
    private int _epoch = -1;

    /// <summary>Batches of at most <paramref name="batchSize"/> of <paramref name="count"/> images.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The size is not from 1 to the number of images.</exception>
    public Batches(int count, int batchSize, ulong seed)
    {
        if (batchSize < 1 || batchSize > count)
        {
            throw new ArgumentOutOfRangeException(nameof(batchSize), $"A batch size of {batchSize} does not fit {count} images; it must be from 1 to {count}.");
        }

        _order = new int[count];
        _seed = seed;
        BatchSize = batchSize;
        BatchesPerEpoch = (count + batchSize - 1) / batchSize;
    }

    /// <summary>The number of images in all batches of an epoch but the last.</summary>
    public int BatchSize { get; }

    /// <summary>The number of batches in an epoch, the last and possibly smaller one included.</summary>
    public int BatchesPerEpoch { get; }

    /// <summary>
    /// The indices of the images in a batch of an epoch, both counted from 0. The span is valid until another epoch is
    /// asked for.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such epoch or batch.</exception>
    public ReadOnlySpan<int> Indices(int epoch, int batch) => Order(epoch).Slice(batch * BatchSize, SizeOf(batch));

    /// <summary>The indices of all images in the order of an epoch. The span is valid until another epoch is asked for.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such epoch.</exception>
    public ReadOnlySpan<int> Order(int epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        if (epoch != _epoch)
        {
            Shuffle(epoch);
            _epoch = epoch;
        }

        return _order;
    }

    /// <summary>The number of images in a batch.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such batch.</exception>
    public int SizeOf(int batch)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)batch, (uint)BatchesPerEpoch, nameof(batch));
        return Math.Min(BatchSize, _order.Length - batch * BatchSize);
    }

    // Fisher and Yates 1938, as Durstenfeld 1964 has it. 64 random bits a choice: the bias of a choice among n is below n/2^64.
    private void Shuffle(int epoch)
    {
        NoiseKey key = new(_seed, NoiseStreams.Order(epoch));
        for (int i = 0; i < _order.Length; i++)
        {
            _order[i] = i;
        }

        for (int last = _order.Length - 1; last > 0; last--)
        {
            PhiloxBlock block = Philox.Block((ulong)last, key);
            ulong bits = ((ulong)block.Word1 << 32) | block.Word0;
            int chosen = (int)Math.BigMul(bits, (ulong)last + 1, out _);
            (_order[last], _order[chosen]) = (_order[chosen], _order[last]);
        }
    }
}
