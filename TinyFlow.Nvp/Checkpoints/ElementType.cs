namespace TinyFlow.Nvp.Checkpoints;

/// <summary>The number formats of the safetensors file format, named as it names them.</summary>
public enum ElementType
{
    /// <summary>IEEE double precision, 8 bytes.</summary>
    F64,

    /// <summary>IEEE single precision, 4 bytes.</summary>
    F32,

    /// <summary>IEEE half precision, 2 bytes.</summary>
    F16,

    /// <summary>The upper half of a single precision number, 2 bytes.</summary>
    BF16,

    /// <summary>Signed integer, 8 bytes.</summary>
    I64,

    /// <summary>Signed integer, 4 bytes.</summary>
    I32,

    /// <summary>Signed integer, 2 bytes.</summary>
    I16,

    /// <summary>Signed integer, 1 byte.</summary>
    I8,

    /// <summary>Unsigned integer, 8 bytes.</summary>
    U64,

    /// <summary>Unsigned integer, 4 bytes.</summary>
    U32,

    /// <summary>Unsigned integer, 2 bytes.</summary>
    U16,

    /// <summary>Unsigned integer, 1 byte.</summary>
    U8,

    /// <summary>0 or 1 in a byte.</summary>
    BOOL,
}
