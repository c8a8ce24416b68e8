namespace TinyFlow;

/// <summary>
/// What shape an op's result has, and the sentence that says why operands do not fit. Every error names the op, the
/// shapes found and the shapes needed.
/// </summary>
public static class ShapeRules
{
    /// <summary>The broadcast of two operands.</summary>
    /// <exception cref="ArgumentException">They do not broadcast.</exception>
    public static Shape Broadcast(string op, Shape a, Shape b) => Shape.Broadcast(a, b) ?? throw new ArgumentException(
        $"{op}: cannot broadcast {a} with {b}; aligned at the end, sizes must be equal or 1.");

    /// <summary>[…, m, k] · […, k, n] → […, m, n]; batch axes equal, or absent on one side.</summary>
    /// <exception cref="ArgumentException">The operands do not fit.</exception>
    public static Shape MatMul(Shape left, bool transposeLeft, Shape right, bool transposeRight)
    {
        if (left.Rank < 2 || right.Rank < 2)
        {
            throw new ArgumentException($"MatMul: cannot multiply {left} by {right}; both need at least 2 axes, […, m, k] and […, k, n].");
        }

        (int m, int k) = transposeLeft ? (left[-1], left[-2]) : (left[-2], left[-1]);
        (int k2, int n) = transposeRight ? (right[-1], right[-2]) : (right[-2], right[-1]);
        Shape batch = left.Rank > 2 ? left : right;
        bool batchesFit = left.Rank == 2 || right.Rank == 2 || left.With(-1, 1).With(-2, 1) == right.With(-1, 1).With(-2, 1);
        return k == k2 && batchesFit
            ? batch.With(-2, m).With(-1, n)
            : throw new ArgumentException(
                $"MatMul: cannot multiply {left}{(transposeLeft ? " (transposed)" : "")} by {right}{(transposeRight ? " (transposed)" : "")}; " +
                "need […, m, k] and […, k, n] with equal batch axes, or none on one side.");
    }

    /// <summary>The output of a convolution.</summary>
    /// <exception cref="ArgumentException">The operands do not fit.</exception>
    public static Shape Conv2D(Shape x, Shape weight, Shape? bias, ConvolutionWindow window)
    {
        string Problem(string what) => $"Conv2D: {what}; found input {x}, weight {weight}{(bias is { } b ? $", bias {b}" : "")}, stride " +
            $"({window.StrideY}, {window.StrideX}), padding ({window.PaddingY}, {window.PaddingX}).";
        if (x.Rank != 4 || weight.Rank != 4)
        {
            throw new ArgumentException(Problem("need input [N, C, H, W] and weight [K, C, R, S]"));
        }

        if (x[1] != weight[1])
        {
            throw new ArgumentException(Problem($"the input has {x[1]} channels and the weight expects {weight[1]}"));
        }

        if (bias is { } biasShape && biasShape != Shape.Create([weight[0]]))
        {
            throw new ArgumentException(Problem($"the bias must be [{weight[0]}]"));
        }

        if (window.StrideY < 1 || window.StrideX < 1 || window.PaddingY < 0 || window.PaddingX < 0)
        {
            throw new ArgumentException(Problem("strides must be at least 1 and paddings at least 0"));
        }

        int height = (x[2] + 2 * window.PaddingY - weight[2]) / window.StrideY + 1, width = (x[3] + 2 * window.PaddingX - weight[3]) / window.StrideX + 1;
        return x[2] + 2 * window.PaddingY >= weight[2] && x[3] + 2 * window.PaddingX >= weight[3]
            ? Shape.Create([x[0], weight[0], height, width])
            : throw new ArgumentException(Problem("the kernel is larger than the padded input"));
    }

    /// <summary>[N, C, H, W] → [N, 4C, H/2, W/2].</summary>
    /// <exception cref="ArgumentException">Not four axes, or an odd height or width.</exception>
    public static Shape Squeeze(Shape x) => x.Rank == 4 && x[2] % 2 == 0 && x[3] % 2 == 0
        ? Shape.Create([x[0], 4 * x[1], x[2] / 2, x[3] / 2])
        : throw new ArgumentException($"Squeeze: need [N, C, H, W] with even H and W; found {x}.");

    /// <summary>[N, 4C, H, W] → [N, C, 2H, 2W].</summary>
    /// <exception cref="ArgumentException">Not four axes, or channels not divisible by 4.</exception>
    public static Shape Unsqueeze(Shape x) => x.Rank == 4 && x[1] % 4 == 0
        ? Shape.Create([x[0], x[1] / 4, 2 * x[2], 2 * x[3]])
        : throw new ArgumentException($"Unsqueeze: need [N, C, H, W] with C divisible by 4; found {x}.");

    /// <summary>The number K of components of a mixture coupling of x [N, C, H, W] by h [N, (2 + 3K)·C', H, W].</summary>
    /// <exception cref="ArgumentException">The operands do not fit.</exception>
    public static int LogisticMixtureCoupling(string op, Shape x, Shape h, ChannelRange changed)
    {
        int components = (ParametersEach(op, x, h, changed) - 2) / 3;
        return components >= 1 && h == x.With(1, (2 + 3 * components) * changed.Count)
            ? components
            : throw new ArgumentException(
                $"{op}: h must have (2 + 3K)·{changed.Count} channels for K components, and the images, height and width of x {x}; found {h}.");
    }

    /// <summary>The number K of bins of a spline coupling of x [N, C, H, W] by h [N, (3K − 1)·C', H, W].</summary>
    /// <exception cref="ArgumentException">The operands do not fit.</exception>
    public static int RationalQuadraticCoupling(string op, Shape x, Shape h, ChannelRange changed)
    {
        int bins = (ParametersEach(op, x, h, changed) + 1) / 3;
        return bins is >= 2 and <= SplineLimits.MostBins && h == x.With(1, (3 * bins - 1) * changed.Count)
            ? bins
            : throw new ArgumentException(
                $"{op}: h must have (3K − 1)·{changed.Count} channels for K bins, K from 2 to {SplineLimits.MostBins}, and the images, height and width of x {x}; found {h}.");
    }

    /// <summary>Checks that an operand has the shape that is needed.</summary>
    /// <exception cref="ArgumentException">It has another.</exception>
    public static void Require(string op, string operand, Shape found, Shape needed)
    {
        if (found != needed)
        {
            throw new ArgumentException($"{op}: {operand} must be {needed}; found {found}.");
        }
    }

    // The parameters that h may have for each changed element; 0 if it is no batch of images.
    private static int ParametersEach(string op, Shape x, Shape h, ChannelRange changed)
    {
        if (x.Rank != 4)
        {
            throw new ArgumentException($"{op}: need x [N, C, H, W]; found {x}.");
        }

        if (changed.First < 0 || changed.Count < 1 || changed.End > x[1])
        {
            throw new ArgumentException($"{op}: the changed channels {changed.First} to {changed.End - 1} must be at least one of those of x {x}.");
        }

        return h.Rank == 4 ? h[1] / changed.Count : 0;
    }
}
