using TinyFlow.Nvp.Models;

namespace TinyFlow.Nvp.Objectives;

/// <summary>A loss over a batch.</summary>
public interface IObjective
{
    /// <summary>Which one it is.</summary>
    ObjectiveKind Kind { get; }

    /// <summary>Whether its nll bounds the negative log-likelihood of the pixels. If not, say so wherever it is printed.</summary>
    bool IsLikelihood { get; }

    /// <summary>
    /// The loss of what <see cref="FlowModel.Forward"/> made of a batch x = (pixel + noise)/256, on the same tape and right
    /// after it.
    /// </summary>
    LossTerms Loss(FlowTerms terms);
}
