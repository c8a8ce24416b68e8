using TinyFlow.Nvp.Flows;

namespace TinyFlow.Tests.Nvp;

[TestClass]
public sealed class MaskTests
{
    private static readonly Shape Image = [2, 2, 3];

    [TestMethod]
    public void A_checkerboard_is_the_same_in_all_channels() =>
        CollectionAssert.AreEqual((float[])[1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0], Masks.Checkerboard(Image));

    [TestMethod]
    public void A_checkerboard_of_channels_is_inverted_from_channel_to_channel() =>
        CollectionAssert.AreEqual((float[])[1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1], Masks.CheckerboardOfChannels(Image));

    [TestMethod]
    public void A_half_of_channels_is_the_first() =>
        CollectionAssert.AreEqual((float[])[1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0], Masks.HalfOfChannels(Image));

    [TestMethod]
    public void Inverted_masks_are_the_opposites()
    {
        CollectionAssert.AreEqual(Masks.Invert(Masks.Checkerboard(Image)), Masks.Checkerboard(Image, inverted: true));
        CollectionAssert.AreEqual(Masks.Invert(Masks.CheckerboardOfChannels(Image)), Masks.CheckerboardOfChannels(Image, inverted: true));
        CollectionAssert.AreEqual(Masks.Invert(Masks.HalfOfChannels(Image)), Masks.HalfOfChannels(Image, inverted: true));
    }
}
