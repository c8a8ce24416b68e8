namespace TinyFlow.Cpu.Products;

/// <summary>A matrix, or one for each batch, to read: a transpose is a view with its strides exchanged. Strides in elements.</summary>
internal readonly unsafe struct MatrixView(float* data, nint rowStride, nint columnStride, nint batchStride = 0)
{
    public float* Data { get; } = data;

    public nint RowStride { get; } = rowStride;

    public nint ColumnStride { get; } = columnStride;

    /// <summary>0 if one matrix serves every batch.</summary>
    public nint BatchStride { get; } = batchStride;

    /// <summary>A row-major matrix with as many columns as given, or its transpose.</summary>
    public static MatrixView Of(float* data, int columns, bool transposed, nint batchStride) =>
        transposed ? new(data, 1, columns, batchStride) : new(data, columns, 1, batchStride);
}
