namespace TinyFlow;

/// <summary>
/// Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"): a bijection of
/// 128-bit counters under a 64-bit key whose output passes as random. There is no state: any value of any stream can be
/// computed by itself, so numbers depend on neither threads nor batches nor devices.
/// </summary>
public static class Philox
{
    private const int Rounds = 10;

    // The multipliers and the Weyl sequence increments (golden ratio, √3 − 1) of the publication.
    private const uint Multiplier0 = 0xD2511F53, Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9, Weyl1 = 0xBB67AE85;

    private const double UnitOf24Bits = 1.0 / (1 << 24);

    /// <summary>The block of a counter under a key of two words.</summary>
    public static PhiloxBlock Block(PhiloxBlock counter, uint key0, uint key1)
    {
        (uint c0, uint c1, uint c2, uint c3) = counter;
        for (int round = 0; round < Rounds; round++)
        {
            ulong product0 = (ulong)Multiplier0 * c0, product1 = (ulong)Multiplier1 * c2;
            (c0, c1, c2, c3) = ((uint)(product1 >> 32) ^ c1 ^ key0, (uint)product1, (uint)(product0 >> 32) ^ c3 ^ key1, (uint)product0);
            (key0, key1) = (unchecked(key0 + Weyl0), unchecked(key1 + Weyl1));
        }

        return new PhiloxBlock(c0, c1, c2, c3);
    }

    /// <summary>Block number <paramref name="index"/> of a stream: the key is the seed, the counter index and stream, low words first.</summary>
    public static PhiloxBlock Block(ulong index, NoiseKey key) => Block(
        new PhiloxBlock((uint)index, (uint)(index >> 32), (uint)key.Stream, (uint)(key.Stream >> 32)), (uint)key.Seed, (uint)(key.Seed >> 32));

    /// <summary>Value number <paramref name="index"/> after the key's offset: uniform on [0, 1), a multiple of 2^-24.</summary>
    public static double Uniform(NoiseKey key, ulong index)
    {
        ulong position = key.Offset + index;
        return ToUniform(Block(position / PhiloxBlock.Words, key)[(int)(position % PhiloxBlock.Words)]);
    }

    /// <summary>Value number <paramref name="index"/> after the key's offset: standard normal.</summary>
    public static double Normal(NoiseKey key, ulong index)
    {
        ulong position = key.Offset + index;
        PhiloxBlock block = Block(position / PhiloxBlock.Words, key);
        (double even, double odd) = position % PhiloxBlock.Words < 2 ? ToNormals(block.Word0, block.Word1) : ToNormals(block.Word2, block.Word3);
        return position % 2 == 0 ? even : odd;
    }

    /// <summary>A word's upper 24 bits, which a float32 holds exactly, as a number on [0, 1).</summary>
    public static double ToUniform(uint word) => (word >> 8) * UnitOf24Bits;

    /// <summary>
    /// Two independent standard normals from two words (Box and Muller 1958). The first uniform lies on (0, 1], so that
    /// its logarithm is finite: no value exceeds √(48 ln 2) = 5.77.
    /// </summary>
    public static (double Even, double Odd) ToNormals(uint first, uint second)
    {
        double radius = Math.Sqrt(-2 * Math.Log(((first >> 8) + 1) * UnitOf24Bits));
        (double sine, double cosine) = Math.SinCos(2 * Math.PI * ToUniform(second));
        return (radius * cosine, radius * sine);
    }
}
