using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Normalizations;

/// <summary>The loops of batch normalization over a run of numbers of one channel.</summary>
internal static unsafe class ChannelKernels
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void AddSum<T>(float* x, long count, ref Accumulator<T> total) where T : struct, ILanes<T>
    {
        Accumulator<T> sum = total;
        long i = 0;
        for (; i <= count - 4 * T.Count; i += 4 * T.Count)
        {
            sum.Add((T.Load(x + i) + T.Load(x + i + T.Count)) + (T.Load(x + i + 2 * T.Count) + T.Load(x + i + 3 * T.Count)));
        }

        for (; i < count; i += T.Count)
        {
            sum.Add(T.First(T.Load(x + i), (int)Math.Min(T.Count, count - i)));
        }

        total = sum;
    }

    /// <summary>Σ (x − center)².</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void AddSquares<T>(float* x, long count, float center, ref Accumulator<T> total) where T : struct, ILanes<T>
    {
        Accumulator<T> sum = total;
        T c = T.Create(center);
        long i = 0;
        for (; i <= count - 4 * T.Count; i += 4 * T.Count)
        {
            T first = T.Load(x + i) - c, second = T.Load(x + i + T.Count) - c, third = T.Load(x + i + 2 * T.Count) - c, fourth = T.Load(x + i + 3 * T.Count) - c;
            sum.Add(T.MultiplyAdd(first, first, second * second) + T.MultiplyAdd(third, third, fourth * fourth));
        }

        for (; i < count; i += T.Count)
        {
            T distance = T.First(T.Load(x + i) - c, (int)Math.Min(T.Count, count - i));
            sum.Add(distance * distance);
        }

        total = sum;
    }

    /// <summary>y = activation((x − mean)·scale + shift).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Normalize<T>(float* x, float* y, long count, ChannelCoefficients channel) where T : struct, ILanes<T>
    {
        T mean = T.Create(channel.Mean), scale = T.Create(channel.Scale), shift = T.Create(channel.Shift);
        // NaN must come through a ReLU: MaxNative returns its second operand then.
        T floor = T.Create(channel.Relu ? 0f : float.NegativeInfinity);
        long i = 0;
        for (; i <= count - T.Count; i += T.Count)
        {
            T.Store(T.MaxNative(floor, T.MultiplyAdd(T.Load(x + i) - mean, scale, shift)), y + i);
        }

        if (i < count)
        {
            T.StorePartial(T.MaxNative(floor, T.MultiplyAdd(T.Load(x + i) - mean, scale, shift)), y + i, (int)(count - i));
        }
    }

    /// <summary>Σ dz and Σ dz·(x − mean), where dz is the gradient behind the activation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void AddGradientSums<T>(
        float* x, float* dy, long count, ChannelCoefficients channel, ref Accumulator<T> totalSum, ref Accumulator<T> totalProduct)
        where T : struct, ILanes<T>
    {
        Accumulator<T> sum = totalSum, product = totalProduct;
        T mean = T.Create(channel.Mean), scale = T.Create(channel.Scale), shift = T.Create(channel.Shift);
        bool relu = channel.Relu;
        long i = 0;
        for (; i <= count - 2 * T.Count; i += 2 * T.Count)
        {
            T distance = T.Load(x + i) - mean, next = T.Load(x + i + T.Count) - mean;
            T gradient = Behind(relu, distance, scale, shift, T.Load(dy + i)), nextGradient = Behind(relu, next, scale, shift, T.Load(dy + i + T.Count));
            sum.Add(gradient + nextGradient);
            product.Add(T.MultiplyAdd(gradient, distance, nextGradient * next));
        }

        for (; i < count; i += T.Count)
        {
            int valid = (int)Math.Min(T.Count, count - i);
            T distance = T.First(T.Load(x + i) - mean, valid), gradient = T.First(Behind(relu, distance, scale, shift, T.Load(dy + i)), valid);
            sum.Add(gradient);
            product.Add(gradient * distance);
        }

        (totalSum, totalProduct) = (sum, product);
    }

    /// <summary>dx = scale·dz − constant − (x − mean)·slope.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void InputGradient<T>(
        float* x, float* dy, float* dx, long count, ChannelCoefficients channel, float constant, float slope, bool adds) where T : struct, ILanes<T>
    {
        T mean = T.Create(channel.Mean), scale = T.Create(channel.Scale), shift = T.Create(channel.Shift);
        T constants = T.Create(constant), slopes = T.Create(slope);
        bool relu = channel.Relu;
        for (long i = 0; i < count; i += T.Count)
        {
            T distance = T.Load(x + i) - mean, gradient = Behind(relu, distance, scale, shift, T.Load(dy + i));
            T result = T.NegatedMultiplyAdd(distance, slopes, T.MultiplyAdd(gradient, scale, -constants));
            if (adds)
            {
                result += T.Load(dx + i);
            }

            if (i <= count - T.Count)
            {
                T.Store(result, dx + i);
            }
            else
            {
                T.StorePartial(result, dx + i, (int)(count - i));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Behind<T>(bool relu, T distance, T scale, T shift, T dy) where T : struct, ILanes<T> =>
        relu ? T.IfPositive(T.MultiplyAdd(distance, scale, shift), dy, T.Zero) : dy;
}
