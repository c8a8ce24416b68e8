using TinyFlow.Cpu.Convolutions;

namespace TinyFlow.Tests.Cpu.Convolutions;

[TestClass]
public sealed class PartsTests
{
    [TestMethod]
    [DataRow(0, 6, new int[0])]
    [DataRow(1, 6, new[] { 1 })]
    [DataRow(6, 6, new[] { 6 })]
    [DataRow(7, 6, new[] { 4, 3 })]
    [DataRow(28, 6, new[] { 6, 6, 6, 5, 5 })]
    [DataRow(3, 1, new[] { 1, 1, 1 })]
    public void A_range_is_cut_into_the_fewest_parts_one_behind_the_other(int total, int largest, int[] lengths)
    {
        List<int> found = [];
        int end = 0;
        foreach ((int start, int length) in Parts.Of(total, largest))
        {
            Assert.AreEqual(end, start);
            end = start + length;
            found.Add(length);
        }

        CollectionAssert.AreEqual(lengths, found);
        Assert.AreEqual(total, end);
    }
}
