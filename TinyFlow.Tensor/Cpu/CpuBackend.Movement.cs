using TinyFlow.Cpu.Loops;
using TinyFlow.Cpu.Threads;
using TinyFlow.Loops;

namespace TinyFlow;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void Copy(Tensor x, Walk from, Sink y, Walk to, Shape extent)
    {
        if (!y.IsWanted || extent.Count == 0)
        {
            return;
        }

        // A walk need not reach every element of y: what it leaves out must stay, so y is brought into plain order.
        float* source = In(x) + from.Start, destination = In(y.Tensor!) + to.Start;
        Nest rows = new();
        for (int axis = 0; axis < extent.Rank; axis++)
        {
            rows.Add(extent[axis], from.Strides[axis], to.Strides[axis]);
        }

        long length = rows.TakeInner(out long sourceStep, out long destinationStep, out _);
        Pieces pieces = new(rows.Count, length);
        Run(pieces.Count, new CopyWork(source, sourceStep, destination, destinationStep, rows, pieces, y.Adds));
    }
}
