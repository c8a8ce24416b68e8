namespace TinyFlow.Cpu.Noise;

/// <summary>Words of a Philox stream, a block at a time.</summary>
internal static unsafe class NoiseWords
{
    /// <summary>Writes the words at positions <paramref name="position"/>, … of a stream; the key's own offset is not added.</summary>
    public static void Write(NoiseKey key, ulong position, long count, uint* words)
    {
        long i = 0;
        while (i < count)
        {
            (ulong index, ulong within) = Math.DivRem(position + (ulong)i, PhiloxBlock.Words);
            PhiloxBlock block = Philox.Block(index, key);
            if (within == 0 && count - i >= PhiloxBlock.Words)
            {
                (words[i], words[i + 1], words[i + 2], words[i + 3]) = block;
                i += PhiloxBlock.Words;
                continue;
            }

            for (int word = (int)within; word < PhiloxBlock.Words && i < count; word++)
            {
                words[i++] = block[word];
            }
        }
    }
}
