namespace TinyFlow.Cpu.Couplings;

/// <summary>The operands of an affine coupling of images [N, C, H·W], as addresses.</summary>
internal unsafe struct CouplingOperands
{
    public int Channels;

    public long Plane;

    /// <summary>x going forward, y going back.</summary>
    public float* Input;

    /// <summary>[N, 2C, H·W]: a, then t.</summary>
    public float* Net;

    /// <summary>[C, H·W].</summary>
    public float* Mask;

    /// <summary>[C, H·W], the mask of what is written besides, or whose gradient is there besides; null for nothing.</summary>
    public float* Keep;

    /// <summary>Null for 1; else with <see cref="ScaleChannelStride"/> and <see cref="ScaleStride"/> between channels and pixels.</summary>
    public float* Scale;

    public long ScaleChannelStride;

    public long ScaleStride;

    public CouplingForm Form;

    /// <summary>Sets the scale of shape [1], [C] or [C, H, W].</summary>
    public void SetScale(float* scale, Shape shape)
    {
        Scale = scale;
        ScaleChannelStride = shape.Rank == 3 ? Plane : shape[0] == 1 ? 0 : 1;
        ScaleStride = shape.Rank == 3 ? 1 : 0;
    }
}
