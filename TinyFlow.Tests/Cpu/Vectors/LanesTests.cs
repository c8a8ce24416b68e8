using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Tests.Cpu.Vectors;

[TestClass]
[TestCategory("VectorWidth")]
public sealed unsafe class LanesTests
{
    public static IEnumerable<object[]> Widths => LaneMathTests.Widths;

    [TestMethod]
    [DynamicData(nameof(Widths))]
    public void A_partial_store_touches_nothing_behind_its_lanes(int bits) => ForWidth((VectorWidth)bits, new PartialStores());

    [TestMethod]
    [DynamicData(nameof(Widths))]
    public void Registers_are_taken_apart_into_even_and_odd_elements(int bits) => ForWidth((VectorWidth)bits, new Deinterleaving());

    [TestMethod]
    [DynamicData(nameof(Widths))]
    public void An_accumulator_keeps_what_float32_loses(int bits) => ForWidth((VectorWidth)bits, new LongSum());

    private interface ITest
    {
        void Run<T>() where T : struct, ILanes<T>;
    }

    private static void ForWidth<TTest>(VectorWidth width, TTest test) where TTest : ITest
    {
        switch (width)
        {
            case VectorWidth.Bits512:
                test.Run<Lanes512>();
                break;
            case VectorWidth.Bits256:
                test.Run<Lanes256>();
                break;
            default:
                test.Run<Lanes128>();
                break;
        }
    }

    private sealed class PartialStores : ITest
    {
        public void Run<T>() where T : struct, ILanes<T>
        {
            float* numbers = stackalloc float[T.Count], stored = stackalloc float[2 * T.Count];
            for (int i = 0; i < T.Count; i++)
            {
                numbers[i] = i + 1;
            }

            for (int count = 0; count <= T.Count; count++)
            {
                new Span<float>(stored, 2 * T.Count).Fill(-1);
                T.StorePartial(T.Load(numbers), stored, count);
                T.Store(T.First(T.Load(numbers), count), stored + T.Count);
                for (int i = 0; i < T.Count; i++)
                {
                    Assert.AreEqual(i < count ? i + 1 : -1, stored[i], $"lane {i} of {count} stored");
                    Assert.AreEqual(i < count ? i + 1 : 0, stored[T.Count + i], $"lane {i} of the first {count}");
                }
            }
        }
    }

    private sealed class Deinterleaving : ITest
    {
        public void Run<T>() where T : struct, ILanes<T>
        {
            float* numbers = stackalloc float[2 * T.Count], apart = stackalloc float[2 * T.Count];
            for (int i = 0; i < 2 * T.Count; i++)
            {
                numbers[i] = i;
            }

            T even = T.Deinterleave(T.Load(numbers), T.Load(numbers + T.Count), out T odd);
            T.Store(even, apart);
            T.Store(odd, apart + T.Count);
            for (int i = 0; i < T.Count; i++)
            {
                Assert.AreEqual(2 * i, apart[i]);
                Assert.AreEqual(2 * i + 1, apart[T.Count + i]);
            }
        }
    }

    private sealed class LongSum : ITest
    {
        public void Run<T>() where T : struct, ILanes<T>
        {
            // In float32 alone, ones stop counting at 2^24.
            Accumulator<T> sum = default;
            sum.Add(T.Create(16777216f));
            for (int i = 0; i < 1001; i++)
            {
                sum.Add(T.Create(1f));
            }

            Assert.AreEqual(T.Count * (16777216.0 + 1001), sum.Total());
            sum.Add(T.Create(float.PositiveInfinity));
            Assert.AreEqual(double.PositiveInfinity, sum.Total());
        }
    }
}
