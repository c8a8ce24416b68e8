using TinyFlow.Pointwise;

namespace TinyFlow;

public partial class ReferenceBackend
{
    /// <inheritdoc/>
    public override void Binary<TOp>(Tensor a, Tensor b, Tensor y)
    {
        Strides aStrides = BroadcastStrides(a.Shape, y.Shape), bStrides = BroadcastStrides(b.Shape, y.Shape);
        Span<double> lefts = Span(a), rights = Span(b), ys = Span(y);
        for (int i = 0; i < ys.Length; i++)
        {
            Float64 left = new(lefts[Position(i, y.Shape, aStrides)]), right = new(rights[Position(i, y.Shape, bStrides)]);
            ys[i] = TOp.Forward(left, right).Value;
        }
    }

    /// <inheritdoc/>
    public override void BinaryBackward<TOp>(Tensor a, Tensor b, Tensor y, Tensor dy, Sink da, Sink db)
    {
        Strides aStrides = BroadcastStrides(a.Shape, y.Shape), bStrides = BroadcastStrides(b.Shape, y.Shape);
        Span<double> lefts = Span(a), rights = Span(b), ys = Span(y), dys = Span(dy), das = Accumulator(da), dbs = Accumulator(db);
        for (int i = 0; i < ys.Length; i++)
        {
            // Many i of a broadcast operand lead to one of its elements, whose gradient is the sum over them.
            int inA = Position(i, y.Shape, aStrides), inB = Position(i, y.Shape, bStrides);
            Float64 left = new(lefts[inA]), right = new(rights[inB]), value = new(ys[i]);
            if (da.IsWanted)
            {
                das[inA] += dys[i] * TOp.LeftDerivative(left, right, value).Value;
            }

            if (db.IsWanted)
            {
                dbs[inB] += dys[i] * TOp.RightDerivative(left, right, value).Value;
            }
        }
    }
}
