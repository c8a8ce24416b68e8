namespace TinyFlow.Cpu.Convolutions;

/// <summary>Cuts a range into parts that differ by at most one.</summary>
internal static class Parts
{
    /// <summary>How many parts of at most <paramref name="largest"/> are needed.</summary>
    public static int Count(int total, int largest) => (total + largest - 1) / largest;

    /// <summary>Where a part begins; part number <paramref name="count"/> begins at the end.</summary>
    public static int Start(int total, int count, int part) => (int)((long)total * part / count);

    /// <summary>
    /// The fewest parts of at most <paramref name="largest"/>, one after the other; for inner loops, without a division for each.
    /// They are not those of <see cref="Start"/>: who reads what another has packed cuts as it did.
    /// </summary>
    public static EvenParts Of(int total, int largest) => new(total, largest);

    /// <summary>The part that an element of the range is in.</summary>
    public static int Holding(int total, int count, int element) => (int)((((long)element + 1) * count - 1) / total);

    /// <summary>The next multiple.</summary>
    public static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;
}
