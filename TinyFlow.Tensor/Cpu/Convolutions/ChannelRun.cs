using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>The channels of a pixel, side by side, whose number need not fill vectors.</summary>
internal static unsafe class ChannelRun<T> where T : struct, ILanes<T>
{
    /// <summary>Copies channels, or adds them; touches nothing behind them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Put(float* from, float* to, int channels, bool adds)
    {
        for (int k = 0; k < channels; k += T.Count)
        {
            T value = T.Load(from + k);
            if (adds)
            {
                value += T.Load(to + k);
            }

            if (k + T.Count <= channels)
            {
                T.Store(value, to + k);
            }
            else
            {
                T.StorePartial(value, to + k, channels - k);
            }
        }
    }
}
