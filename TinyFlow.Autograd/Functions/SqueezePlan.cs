namespace TinyFlow.Autograd.Functions;

/// <summary>The copies that turn an image [N, C, H, W] into its squeeze [N, 4C, H/2, W/2], or back.</summary>
internal sealed record SqueezePlan(Shape Extent, (Walk Image, Walk Channels)[] Moves)
{
    // (0,0), (1,1), (0,1), (1,0): the diagonal first, so that a factor-out takes alternate pixels.
    private static readonly (int Y, int X)[] AlternativePositions = [(0, 0), (1, 1), (0, 1), (1, 0)];

    public static SqueezePlan For(Shape image, SqueezeOrder order)
    {
        long channels = image[1], height = image[2], width = image[3], small = height / 2 * (width / 2), plane = height * width;
        if (order == SqueezeOrder.ChannelMajor)
        {
            // One walk: [N, C, dy, dx, H/2, W/2]. The squeezed side is contiguous in that order.
            Shape extent = [image[0], image[1], 2, 2, image[2] / 2, image[3] / 2];
            Walk pixels = new(0, new Strides(channels * plane, plane, width, 1, 2 * width, 2));
            Walk squeezed = new(0, new Strides(4 * channels * small, 4 * small, 2 * small, small, width / 2, 1));
            return new SqueezePlan(extent, [(pixels, squeezed)]);
        }

        var moves = new (Walk, Walk)[4];
        for (int p = 0; p < 4; p++)
        {
            (int dy, int dx) = AlternativePositions[p];
            moves[p] = (
                new Walk(dy * width + dx, new Strides(channels * plane, plane, 2 * width, 2, 0, 0)),
                new Walk(p * channels * small, new Strides(4 * channels * small, small, width / 2, 1, 0, 0)));
        }

        return new SqueezePlan([image[0], image[1], image[2] / 2, image[3] / 2], moves);
    }
}
