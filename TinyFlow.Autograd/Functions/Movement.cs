namespace TinyFlow.Autograd.Functions;

/// <summary>Functions that move elements without changing them. Each is one copy between two walks.</summary>
public static class Movement
{
    /// <summary>The same elements under another shape; shares memory.</summary>
    public static Var Reshape(this Var x, Shape shape)
    {
        x.Tape.Check("Reshape", x);
        Tensor y = x.Tape.Own(x.Value.Reshape(shape));
        return x.Tape.Record(y, [x], x.Receive);
    }

    /// <summary>The axes in another order: <c>x.Permute(0, 2, 3, 1)</c> turns NCHW into NHWC.</summary>
    /// <exception cref="ArgumentException">Not each axis exactly once.</exception>
    public static Var Permute(this Var x, params ReadOnlySpan<int> order)
    {
        Shape shape = x.Shape;
        Span<int> sizes = stackalloc int[shape.Rank];
        Span<long> from = stackalloc long[shape.Rank], strides = stackalloc long[shape.Rank];
        ContiguousStrides(shape, strides);
        int seen = 0;
        for (int i = 0; i < order.Length && order.Length == shape.Rank; i++)
        {
            int axis = shape.Axis(order[i]);
            seen |= 1 << axis;
            (sizes[i], from[i]) = (shape[axis], strides[axis]);
        }

        if (order.Length != shape.Rank || seen != (1 << shape.Rank) - 1)
        {
            throw new ArgumentException($"Permute: the order [{string.Join(", ", order.ToArray())}] must name each axis of {shape} exactly once.");
        }

        Shape permuted = Shape.Create(sizes);
        return x.Move("Permute", permuted, permuted, new Walk(0, Strides.Of(from)), Contiguous(permuted));
    }

    /// <summary>Elements start … start + length − 1 of one axis.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not lie within the axis.</exception>
    public static Var Slice(this Var x, int axis, int start, int length)
    {
        int found = x.Shape.Axis(axis);
        if (start < 0 || length < 0 || start + length > x.Shape[found])
        {
            throw new ArgumentOutOfRangeException(
                nameof(start), $"Slice: elements {start} to {start + length - 1} do not lie within axis {axis} of {x.Shape}.");
        }

        Shape sliced = x.Shape.With(found, length);
        Walk all = Contiguous(x.Shape);
        return x.Move("Slice", sliced, sliced, all with { Start = start * all.Strides[found] }, Contiguous(sliced));
    }

    /// <summary>Zeros around: <paramref name="before"/> and <paramref name="after"/> along one axis.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A negative number.</exception>
    public static Var Pad(this Var x, int axis, int before, int after)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(before);
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        int found = x.Shape.Axis(axis);
        Shape padded = x.Shape.With(found, x.Shape[found] + before + after);
        Walk all = Contiguous(padded);
        return x.Move("Pad", padded, x.Shape, Contiguous(x.Shape), all with { Start = before * all.Strides[found] });
    }

    /// <summary>The operands one after the other along an axis.</summary>
    /// <exception cref="ArgumentException">No operands, or shapes that differ in another axis.</exception>
    public static Var Concat(int axis, params Var[] parts)
    {
        if (parts.Length == 0)
        {
            throw new ArgumentException("Concat: at least one operand is needed.");
        }

        Var first = parts[0];
        int found = first.Shape.Axis(axis), total = 0;
        foreach (Var part in parts)
        {
            if (part.Shape.Rank != first.Shape.Rank || part.Shape.With(found, 1) != first.Shape.With(found, 1))
            {
                throw new ArgumentException($"Concat: shapes must agree but for axis {axis}; found {string.Join(", ", parts.Select(p => p.Shape))}.");
            }

            total += part.Shape[found];
        }

        Tensor y = first.Tape.Own("Concat", first.Shape.With(found, total), parts);
        Walk all = Contiguous(y.Shape);
        Walk PlaceOf(int start) => all with { Start = start * all.Strides[found] };
        int place = 0;
        foreach (Var part in parts)
        {
            first.Backend.Copy(part.Value, Contiguous(part.Shape), y, PlaceOf(place), part.Shape);
            place += part.Shape[found];
        }

        return first.Tape.Record(y, parts, dy =>
        {
            int start = 0;
            foreach (Var part in parts)
            {
                if (part.NeedsGradient)
                {
                    first.Backend.Copy(dy, PlaceOf(start), part.Grad, Contiguous(part.Shape), part.Shape);
                }

                start += part.Shape[found];
            }
        });
    }

    /// <summary>The elements repeated so that the shape becomes the given one (NumPy's broadcast_to).</summary>
    /// <exception cref="ArgumentException">The shape does not broadcast to the given one.</exception>
    public static Var BroadcastTo(this Var x, Shape shape)
    {
        if (Shape.Broadcast(x.Shape, shape) != shape)
        {
            throw new ArgumentException($"BroadcastTo: cannot broadcast {x.Shape} to {shape}; aligned at the end, sizes must be equal or 1.");
        }

        Var padded = x.Shape.Rank == shape.Rank ? x : x.Reshape(x.Shape.PaddedTo(shape.Rank));
        Tensor y = x.Tape.Own("BroadcastTo", shape, padded);
        x.Backend.Broadcast(padded.Value, 1, y);
        return x.Tape.Record(y, [padded], dy => x.Backend.Sum(dy, 1, padded.Grad));
    }

    /// <summary>[N, C, H, W] → [N, 4C, H/2, W/2]: each 2x2 block of pixels becomes 4 channels.</summary>
    public static Var Squeeze(this Var x, SqueezeOrder order = SqueezeOrder.ChannelMajor) =>
        MoveBlocks(x, ShapeRules.Squeeze(x.Shape), x.Shape, order, squeeze: true);

    /// <summary>[N, 4C, H, W] → [N, C, 2H, 2W], the inverse of <see cref="Squeeze"/>.</summary>
    public static Var Unsqueeze(this Var x, SqueezeOrder order = SqueezeOrder.ChannelMajor) =>
        MoveBlocks(x, ShapeRules.Unsqueeze(x.Shape), ShapeRules.Unsqueeze(x.Shape), order, squeeze: false);

    private static Var MoveBlocks(Var x, Shape result, Shape large, SqueezeOrder order, bool squeeze)
    {
        Tensor y = x.Tape.Own(squeeze ? "Squeeze" : "Unsqueeze", result, x);
        SqueezePlan plan = SqueezePlan.For(large, order);
        foreach ((Walk image, Walk channels) in plan.Moves)
        {
            x.Backend.Copy(x.Value, squeeze ? image : channels, y, squeeze ? channels : image, plan.Extent);
        }

        return x.Tape.Record(y, [x], dy =>
        {
            // The moves cover x once between them: the first sink's mode holds for all.
            Sink dx = x.Grad;
            foreach ((Walk image, Walk channels) in plan.Moves)
            {
                x.Backend.Copy(dy, squeeze ? channels : image, dx, squeeze ? image : channels, plan.Extent);
            }
        });
    }

    private static Var Move(this Var x, string op, Shape result, Shape extent, Walk from, Walk to)
    {
        Tensor y = x.Tape.Own(op, result, x);
        if (result.Count > extent.Count)
        {
            x.Backend.Fill(y, 0);
        }

        x.Backend.Copy(x.Value, from, y, to, extent);
        return x.Tape.Record(y, [x], dy =>
        {
            Sink dx = x.Grad;
            if (!dx.Adds && extent.Count < x.Shape.Count)
            {
                x.Backend.Fill(dx.Tensor!, 0);
            }

            x.Backend.Copy(dy, to, dx, from, extent);
        });
    }

    private static Walk Contiguous(Shape shape)
    {
        Span<long> strides = stackalloc long[shape.Rank];
        ContiguousStrides(shape, strides);
        return new Walk(0, Strides.Of(strides));
    }

    private static void ContiguousStrides(Shape shape, Span<long> strides)
    {
        long stride = 1;
        for (int axis = shape.Rank - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= shape[axis];
        }
    }
}
