namespace TinyFlow;

/// <summary>Four 32-bit words: what Philox turns a counter into, and the counter itself, lowest word first.</summary>
public readonly record struct PhiloxBlock(uint Word0, uint Word1, uint Word2, uint Word3)
{
    /// <summary>The number of words: value i of a stream comes from word i % 4 of block i / 4.</summary>
    public const int Words = 4;

    /// <summary>A word by its number, 0 to 3.</summary>
    public uint this[int word] => word switch { 0 => Word0, 1 => Word1, 2 => Word2, _ => Word3 };
}
