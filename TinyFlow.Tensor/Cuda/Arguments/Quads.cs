namespace TinyFlow.Cuda.Arguments;

/// <summary>Four neighbouring elements, which a thread loads and stores at once if they begin at a multiple of 16 bytes (quads.h).</summary>
internal static class Quads
{
    /// <summary>The elements of a quad.</summary>
    public const int Size = 4;

    private const int Bytes = Size * sizeof(float);

    /// <summary>How many quads cover so many elements.</summary>
    public static long Count(long elements) => (elements + Size - 1) / Size;

    /// <summary>Whether quads can be loaded and stored at once: 1 if all addresses are multiples of 16 bytes, as those that are 0 are.</summary>
    public static int AreVectors(params ReadOnlySpan<ulong> addresses)
    {
        foreach (ulong address in addresses)
        {
            if (address % Bytes != 0)
            {
                return 0;
            }
        }

        return 1;
    }
}
