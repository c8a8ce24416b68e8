namespace TinyFlow.Autograd.Functions;

/// <summary>Matrix products.</summary>
public static class Products
{
    /// <summary>
    /// […, m, k] · […, k, n] → […, m, n], either operand transposed in its last two axes where asked. Batch axes must
    /// be equal, or absent on one side, whose matrix then serves every batch.
    /// </summary>
    public static Var MatMul(this Var left, Var right, bool transposeLeft = false, bool transposeRight = false)
    {
        Tensor y = left.Tape.Own("MatMul", ShapeRules.MatMul(left.Shape, transposeLeft, right.Shape, transposeRight), left, right);
        left.Backend.MatMul(left.Value, transposeLeft, right.Value, transposeRight, y);
        return left.Tape.Record(y, [left, right], dy =>
        {
            if (left.NeedsGradient)
            {
                // d(op(L)) = dy·op(R)ᵀ; where L itself was transposed, its gradient is that transposed.
                if (transposeLeft)
                {
                    Accumulate(left, right.Value, transposeRight, dy, true);
                }
                else
                {
                    Accumulate(left, dy, false, right.Value, !transposeRight);
                }
            }

            if (right.NeedsGradient)
            {
                if (transposeRight)
                {
                    Accumulate(right, dy, true, left.Value, transposeLeft);
                }
                else
                {
                    Accumulate(right, left.Value, !transposeLeft, dy, false);
                }
            }
        });
    }

    private static void Accumulate(Var target, Tensor a, bool transposeA, Tensor b, bool transposeB)
    {
        IBackend backend = target.Backend;
        Shape product = ShapeRules.MatMul(a.Shape, transposeA, b.Shape, transposeB);
        if (product == target.Shape)
        {
            backend.MatMul(a, transposeA, b, transposeB, target.Grad);
            return;
        }

        // The operand served every batch: its gradient is the sum over them.
        using Tensor perBatch = backend.Allocate(product, "a matrix product's gradients per batch");
        backend.MatMul(a, transposeA, b, transposeB, perBatch);
        int batches = checked((int)(product.Count / target.Shape.Count));
        using Tensor flat = perBatch.Reshape([batches, target.Shape[0], target.Shape[1]]);
        Sink sink = target.Grad;
        using Tensor total = sink.Tensor!.Reshape([1, target.Shape[0], target.Shape[1]]);
        backend.Sum(flat, 1, sink with { Tensor = total });
    }
}
