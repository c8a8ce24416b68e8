namespace TinyFlow.Nvp.Models;

/// <summary>The kinds of couplings that a model may be given.</summary>
public enum CouplingKind
{
    /// <summary>By mixtures of logistics, <see cref="Flows.MixtureCoupling"/>.</summary>
    Mixture,

    /// <summary>By rational-quadratic splines, <see cref="Flows.SplineCoupling"/>.</summary>
    Spline,
}
