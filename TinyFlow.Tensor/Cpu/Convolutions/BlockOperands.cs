namespace TinyFlow.Cpu.Convolutions;

/// <summary>
/// What a block of a product reads and writes; distances in elements. The sum runs over
/// <see cref="Segments"/> times <see cref="Steps"/> steps: <c>a[i, t] = Left[segment][i·RowStride + step·StepStride]</c>
/// and the t-th row of b lies at <c>Right + t·ColumnStride</c>.
/// </summary>
internal unsafe struct BlockOperands
{
    /// <summary>One pointer a segment: a kernel row's input row.</summary>
    public float** Left;

    public int Segments;

    public int Steps;

    public nint RowStride;

    public nint StepStride;

    public float* Right;

    public nint ColumnStride;

    public float* Result;

    public nint ResultStride;

    /// <summary>Added to each row, whole vectors (a bias), or null.</summary>
    public float* Start;

    /// <summary>Whether the result is added to what is there.</summary>
    public bool Adds;
}
