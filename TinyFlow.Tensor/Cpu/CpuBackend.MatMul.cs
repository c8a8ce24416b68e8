using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Products;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void MatMul(Tensor left, bool transposeLeft, Tensor right, bool transposeRight, Sink y)
    {
        if (y.Tensor is not { Count: > 0 } product)
        {
            return;
        }

        int m = product.Shape[-2], n = product.Shape[-1], k = left.Shape[transposeLeft ? -2 : -1];
        int batches = checked((int)(product.Count / ((long)m * n)));
        MatrixView a = MatrixView.Of(In(left), left.Shape[-1], transposeLeft, left.Shape.Rank > 2 ? (nint)m * k : 0);
        MatrixView b = MatrixView.Of(In(right), right.Shape[-1], transposeRight, right.Shape.Rank > 2 ? (nint)k * n : 0);
        if (k == 0)
        {
            if (!y.Adds)
            {
                Fill(product, 0);
            }

            return;
        }

        Multiply(a, b, Out(y), batches, m, n, k, y.Adds);
    }

    /// <summary>c [batches, m, n] (+)= a [m, k] · b [k, n] for each batch.</summary>
    internal void Multiply(MatrixView a, MatrixView b, float* c, int batches, int m, int n, int k, bool adds)
    {
        switch (_width)
        {
            case VectorWidth.Bits512:
                Multiply<Lanes512>(a, b, c, batches, m, n, k, adds);
                break;
            case VectorWidth.Bits256:
                Multiply<Lanes256>(a, b, c, batches, m, n, k, adds);
                break;
            default:
                Multiply<Lanes128>(a, b, c, batches, m, n, k, adds);
                break;
        }
    }

    private void Multiply<T>(MatrixView a, MatrixView b, float* c, int batches, int m, int n, int k, bool adds) where T : struct, ILanes<T>
    {
        ProductPlan plan = ProductPlan.For<T>(batches, m, n, k, ProductWork<T>.Packs(a));

        // A few rows cost what it costs to read b.
        bool isSmall = (double)batches * Math.Max(m, ProductPlan.TileRows) * n * k < 1 << 18;
        if (plan.UsesPanelsOnce(b))
        {
            _workers.Run(plan.Pieces, new ProductWork<T>(plan, a, b, panels: null, c, adds), isSmall);
            return;
        }

        int packedBatches = b.BatchStride == 0 ? 1 : batches;
        using ScratchMemory packed = new(Pool, packedBatches * plan.PackedSize, "the packed operand of a matrix product");
        _workers.Run(packedBatches * plan.Panels, new PackPanels<T>(plan, b, packed.Data), isSmall || packedBatches * plan.PackedSize <= Pieces.Grain);
        _workers.Run(plan.Pieces, new ProductWork<T>(plan, a, b, packed.Data, c, adds), isSmall);
    }
}
