using System.Runtime.InteropServices;
using TinyFlow.Cuda.Arguments;
using TinyFlow.Loops;
using TinyFlow.Pointwise;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    /// <inheritdoc/>
    public void Binary<TOp>(Tensor a, Tensor b, Tensor y) where TOp : struct, IBinary
    {
        RunsArgument runs = new(Nest.Over(y.Shape, a.Shape, b.Shape), out bool allFour);
        BinaryArguments arguments = new() { A = Address(a), B = Address(b), Y = Address(y), Runs = runs };
        arguments.Vectors = allFour ? Quads.AreVectors(AlignedA(runs, a), AlignedB(runs, b), arguments.Y) : 0;
        Launch(BinaryKernels<TOp>.Forward, runs.Grid, arguments);
    }

    /// <inheritdoc/>
    public void BinaryBackward<TOp>(Tensor a, Tensor b, Tensor y, Tensor dy, Sink da, Sink db) where TOp : struct, IBinary
    {
        // An operand of as many elements as the result is not broadcast: its gradient is a map, the other's a sum.
        Sink daMap = a.Count == y.Count ? da : Sink.None, dbMap = b.Count == y.Count ? db : Sink.None;
        if (daMap.IsWanted || dbMap.IsWanted)
        {
            RunsArgument runs = new(Nest.Over(y.Shape, a.Shape, b.Shape), out bool allFour);
            BinaryBackwardArguments arguments = new() { A = Address(a), B = Address(b), Y = Address(y), DY = Address(dy), Runs = runs };
            (arguments.DA, arguments.DAAdds) = SinkAddress(daMap);
            (arguments.DB, arguments.DBAdds) = SinkAddress(dbMap);
            arguments.Vectors = allFour
                ? Quads.AreVectors(AlignedA(runs, a), AlignedB(runs, b), arguments.Y, arguments.DY, arguments.DA, arguments.DB)
                : 0;
            Launch(BinaryKernels<TOp>.Backward, runs.Grid, arguments);
        }

        SumOperands operands = new() { X = Address(dy), A = Address(a), B = Address(b), Y = Address(y) };
        if (da.IsWanted && !daMap.IsWanted)
        {
            Sum(BinaryKernels<TOp>.Gradient, operands, SumNests.Onto(a.Shape, y.Shape, a.Shape, b.Shape), 1, da);
        }

        if (db.IsWanted && !dbMap.IsWanted)
        {
            Sum(BinaryKernels<TOp>.Gradient, operands with { Right = 1 }, SumNests.Onto(b.Shape, y.Shape, a.Shape, b.Shape), 1, db);
        }
    }

    // An operand that is repeated along the runs is loaded one by one: for it any address will do.
    private static ulong AlignedA(in RunsArgument runs, Tensor a) => runs.RepeatsA ? 0 : Address(a);

    private static ulong AlignedB(in RunsArgument runs, Tensor b) => runs.RepeatsB ? 0 : Address(b);

    /// <summary>The names of an op's kernels, made once.</summary>
    private static class BinaryKernels<TOp> where TOp : struct, IBinary
    {
        public static readonly string Forward = $"tf_binary_{TOp.Name.ToLowerInvariant()}";
        public static readonly string Backward = $"{Forward}_backward";
        public static readonly SumFormula Gradient = new(TOp.Name.ToLowerInvariant());
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct BinaryArguments
    {
        public ulong A, B, Y;
        public RunsArgument Runs;
        public int Vectors;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct BinaryBackwardArguments
    {
        public ulong A, B, Y, DY, DA, DB;
        public RunsArgument Runs;
        public int Vectors, DAAdds, DBAdds;
    }
}
