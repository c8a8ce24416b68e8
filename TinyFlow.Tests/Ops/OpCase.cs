using TinyFlow.Autograd;

namespace TinyFlow.Tests.Ops;

/// <summary>One row of the table of ops: what the tests need to know to check it everywhere.</summary>
/// <param name="Name">Starts with the function's name; unique.</param>
/// <param name="Tolerance">How far a float32 backend may be off.</param>
/// <param name="Operands">The inputs, in the function's order.</param>
/// <param name="Function">Computes it on a tape.</param>
internal sealed record OpCase(string Name, Float32Tolerance Tolerance, Operand[] Operands, Func<Tape, Var[], Var> Function)
{
    /// <summary>The name of the function that the row covers.</summary>
    public string Op => Name.Split(' ')[0];

    /// <summary>The numbers of each operand; they depend on the name alone.</summary>
    public double[][] Values() => [.. Operands.Select((operand, position) => operand.Values(Seed, position))];

    // FNV-1a, which gives the same on every machine and in every run, as string.GetHashCode does not.
    private ulong Seed => Name.Aggregate(14695981039346656037, (hash, letter) => unchecked((hash ^ letter) * 1099511628211));
}
