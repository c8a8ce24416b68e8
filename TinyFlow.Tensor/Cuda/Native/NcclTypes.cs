using System.Runtime.CompilerServices;

namespace TinyFlow.Cuda.Native;

/// <summary>ncclUniqueId: names a group of processes; 128 bytes, passed by value.</summary>
[InlineArray(Size)]
internal struct NcclUniqueId
{
    /// <summary>Its number of bytes.</summary>
    public const int Size = 128;

    private byte _first;
}

/// <summary>ncclDataType_t.</summary>
internal enum NcclDataType
{
    Float32 = 7,
}

/// <summary>ncclRedOp_t.</summary>
internal enum NcclOperation
{
    Sum = 0,
    Average = 4,
}
