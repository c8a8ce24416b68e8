using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Loops;

/// <summary>
/// The value of an element, computed from operands at the same place: what a map writes and a sum adds up.
/// </summary>
internal interface IFormula
{
    /// <summary>
    /// The values of elements <paramref name="i"/>, i + 1, … of a run that begins at element <paramref name="p"/> of the
    /// full shape, at <paramref name="a"/> in the first operand that may be broadcast and at <paramref name="b"/> in the second.
    /// </summary>
    T At<T>(long p, long a, long b, long i) where T : struct, ILanes<T>;
}
