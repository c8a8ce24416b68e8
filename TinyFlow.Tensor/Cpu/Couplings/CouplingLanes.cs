using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Couplings;

/// <summary>What the loops of couplings share.</summary>
internal static unsafe class CouplingLanes
{
    /// <summary>Writes the first <paramref name="count"/> lanes, or adds them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Put<T>(T value, float* destination, int count, bool adds) where T : struct, ILanes<T>
    {
        if (adds)
        {
            value += T.Load(destination);
        }

        if (count == T.Count)
        {
            T.Store(value, destination);
        }
        else
        {
            T.StorePartial(value, destination, count);
        }
    }
}

/// <summary>A register of a coupling's operands at one place.</summary>
internal readonly unsafe ref struct CouplingLanes<T> where T : struct, ILanes<T>
{
    public readonly T Mask, Factor, Tanh, LogScale, Shift;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public CouplingLanes(in CouplingRun run, long i)
    {
        Mask = T.Load(run.Mask + i);
        Factor = run.Scale is null ? T.Create(1f) : run.ScaleStride == 0 ? T.Create(*run.Scale) : T.Load(run.Scale + i);
        Tanh = T.Tanh(T.Load(run.A + i));
        LogScale = T.IfPositive(Mask, Factor * Tanh, T.Zero);
        Shift = T.Load(run.Shift + i);
    }
}

/// <summary>One channel of one image of a coupling's operands.</summary>
internal readonly unsafe struct CouplingRun
{
    public readonly float* Input, A, Shift, Mask, Keep, Scale;
    public readonly long ScaleStride;

    public CouplingRun(in CouplingOperands operands, long image, int channel)
    {
        long plane = operands.Plane, channels = operands.Channels;
        Input = operands.Input + (image * channels + channel) * plane;
        A = operands.Net + (2 * image * channels + channel) * plane;
        Shift = A + channels * plane;
        Mask = operands.Mask + channel * plane;
        Keep = operands.Keep is null ? null : operands.Keep + channel * plane;
        Scale = operands.Scale is null ? null : operands.Scale + channel * operands.ScaleChannelStride;
        ScaleStride = operands.ScaleStride;
    }
}
