namespace TinyFlow.Nvp.Training;

/// <summary>Which parameters weight decay acts on and a gradient norm is made of.</summary>
public enum ParameterGroups
{
    /// <summary>All of them together.</summary>
    Together,

    /// <summary>
    /// The lengths of weight-normed weights (<c>*.weight_g</c>) by themselves: weight decay acts on them alone, and their
    /// gradients and all others' are clipped separately (the PyTorch port of Real NVP).
    /// </summary>
    LengthsApart,
}
