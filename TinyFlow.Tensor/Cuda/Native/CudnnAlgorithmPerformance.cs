using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TinyFlow.Cuda.Native;

/// <summary>cudnnConvolution{Fwd,BwdData,BwdFilter}AlgoPerf_t, which are the same: how an algorithm fared.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CudnnAlgorithmPerformance
{
    /// <summary>The algorithm's number, among those of its kind of pass.</summary>
    public int Algorithm;

    /// <summary>Whether it ran.</summary>
    public CudnnStatus Status;

    /// <summary>How long it took, in milliseconds.</summary>
    public float Time;

    /// <summary>The workspace that it needs, in bytes.</summary>
    public nuint Memory;

    /// <summary>Whether it sums in a fixed order.</summary>
    public CudnnDeterminism Determinism;

    /// <summary>What its products may be rounded to.</summary>
    public CudnnMath Math;

    private readonly Reserve _reserved;

    [InlineArray(3)]
    private struct Reserve
    {
        private int _first;
    }
}
