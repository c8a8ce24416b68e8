using TinyFlow.Tests.Backends;

namespace TinyFlow.Tests.Tensors;

/// <summary>Against what <c>print(numpy.array(…))</c> shows with default options.</summary>
[TestClass]
public sealed class NumpyTextTests
{
    [TestMethod]
    [DataRow(new[] { 1.0, 2, 3 }, "[1. 2. 3.]")]
    [DataRow(new[] { 1, 2.25 }, "[1.   2.25]")]
    [DataRow(new[] { -1.0, 10 }, "[-1. 10.]")]
    [DataRow(new[] { -0.0, 1 }, "[-0.  1.]")]
    [DataRow(new[] { 0.1 + 0.2, 0.5 }, "[0.3 0.5]")]
    [DataRow(new[] { 1.0 / 3 }, "[0.33333333]")]
    [DataRow(new[] { 2.0 / 3, -100 }, "[   0.66666667 -100.        ]")]
    [DataRow(new[] { 0.001953125 }, "[0.00195312]")]
    [DataRow(new[] { 0.99999999999 }, "[1.]")]
    [DataRow(new[] { 0.0001 }, "[0.0001]")]
    [DataRow(new[] { 99999999.0 }, "[99999999.]")]
    [DataRow(new[] { 0.0, 0 }, "[0. 0.]")]
    public void Numbers_of_like_size_are_written_out_and_aligned(double[] values, string expected) => Prints([values.Length], values, expected);

    [TestMethod]
    [DataRow(new[] { 1e8 }, "[1.e+08]")]
    [DataRow(new[] { 1e-10, 1 }, "[1.e-10 1.e+00]")]
    [DataRow(new[] { 0.00009, 0 }, "[9.e-05 0.e+00]")]
    [DataRow(new[] { 123456.789, -0.1 }, "[ 1.23456789e+05 -1.00000000e-01]")]
    [DataRow(new[] { 1e-300, 1 }, "[1.e-300 1.e+000]")]
    [DataRow(new[] { 9.999999999e9 }, "[1.e+10]")]
    [DataRow(new[] { 1234567891.0 }, "[1.23456789e+09]")]
    [DataRow(new[] { double.NaN, 1e10 }, "[   nan 1.e+10]")]
    public void Numbers_that_are_large_or_small_or_far_apart_are_scientific(double[] values, string expected) => Prints([values.Length], values, expected);

    [TestMethod]
    [DataRow(new[] { double.NaN }, "[nan]")]
    [DataRow(new[] { double.NaN, 1.5, double.NegativeInfinity }, "[ nan  1.5 -inf]")]
    [DataRow(new[] { double.PositiveInfinity, 0.25 }, "[ inf 0.25]")]
    public void What_is_no_number_is_aligned_with_the_others(double[] values, string expected) => Prints([values.Length], values, expected);

    [TestMethod]
    [DataRow(2.5, "2.5")]
    [DataRow(-3.0, "-3.0")]
    [DataRow(0.1, "0.1")]
    [DataRow(1.0 / 3, "0.3333333333333333")]
    [DataRow(1e-5, "1e-05")]
    [DataRow(1.5e-7, "1.5e-07")]
    [DataRow(1e15, "1000000000000000.0")]
    [DataRow(1e16, "1e+16")]
    [DataRow(double.NaN, "nan")]
    [DataRow(double.NegativeInfinity, "-inf")]
    public void A_scalar_is_written_in_full(double value, string expected) => Prints([], [value], expected);

    [TestMethod]
    public void A_float32_shows_only_the_digits_it_has()
    {
        CollectionAssert.AreEqual((string[])["0.1       ", "0.33333334"], NumpyNumbers.Align([0.1f, 1f / 3], isSingle: true));
        CollectionAssert.AreEqual((string[])["0.0001"], NumpyNumbers.Align([0.0001f], isSingle: true));
        CollectionAssert.AreEqual((string[])["1.6777216e+08"], NumpyNumbers.Align([167772160f], isSingle: true));
        Assert.AreEqual("0.1", NumpyNumbers.Scalar(0.1f, isSingle: true));
    }

    [TestMethod]
    public void Rows_stand_below_each_other() => Prints([2, 2], [1, 2, 3.5, -4], "[[ 1.   2. ]\n [ 3.5 -4. ]]");

    [TestMethod]
    public void Planes_are_separated_by_empty_lines() => Prints([2, 2, 1], [1, 2, 3, 4], "[[[1.]\n  [2.]]\n\n [[3.]\n  [4.]]]");

    [TestMethod]
    public void Four_axes_are_separated_by_two_empty_lines() => Prints([2, 1, 1, 2], [1, 2, 3, 4], "[[[[1. 2.]]]\n\n\n [[[3. 4.]]]]");

    [TestMethod]
    public void Nothing_is_a_pair_of_brackets() => Prints([2, 0], [], "[]");

    [TestMethod]
    public void A_long_row_wraps_at_75_characters() => Prints(
        [30], Counting(30),
        "[ 0.  1.  2.  3.  4.  5.  6.  7.  8.  9. 10. 11. 12. 13. 14. 15. 16. 17.\n 18. 19. 20. 21. 22. 23. 24. 25. 26. 27. 28. 29.]");

    [TestMethod]
    public void A_thousand_elements_are_printed_whole() => OnReference.Run(backend =>
    {
        using Tensor x = backend.Zeros([1000]);
        Assert.DoesNotContain("...", x.ToString());
    });

    [TestMethod]
    public void Of_more_the_first_and_last_three_are_printed() => Prints([1001], Counting(1001), "[   0.    1.    2. ...  998.  999. 1000.]");

    [TestMethod]
    public void The_format_is_that_of_what_is_printed()
    {
        double[] values = Counting(2000);
        values[1000] = 1e-20;
        Prints([2000], values, "[0.000e+00 1.000e+00 2.000e+00 ... 1.997e+03 1.998e+03 1.999e+03]");
    }

    [TestMethod]
    public void Long_axes_are_shortened_and_short_ones_are_not()
    {
        const string Row = "[1. 1. 1. ... 1. 1. 1.]";
        Prints([40, 40], [.. Enumerable.Repeat(1.0, 1600)], $"[{Row}\n {Row}\n {Row}\n ...\n {Row}\n {Row}\n {Row}]");
        Prints([2, 600], [.. Enumerable.Repeat(1.0, 1200)], $"[{Row}\n {Row}]");
        Prints([600, 2], [.. Enumerable.Repeat(1.0, 1200)], "[[1. 1.]\n [1. 1.]\n [1. 1.]\n ...\n [1. 1.]\n [1. 1.]\n [1. 1.]]");
    }

    private static double[] Counting(int count) => [.. Enumerable.Range(0, count).Select(i => (double)i)];

    private static void Prints(Shape shape, double[] values, string expected) => OnReference.Run(backend =>
    {
        using Tensor x = backend.Create(shape, values);
        Assert.AreEqual(expected, x.ToString());
    });
}
