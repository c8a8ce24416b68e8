using TinyFlow.Nvp.Models;

namespace TinyFlow.Nvp.Objectives;

/// <summary>The objectives that there are.</summary>
public static class Objective
{
    /// <summary>An objective of a model.</summary>
    /// <param name="kind">Which one.</param>
    /// <param name="model">The model.</param>
    /// <param name="l2">The coefficient of the L2 term.</param>
    /// <param name="penalty">What the L2 term holds down.</param>
    public static IObjective Create(ObjectiveKind kind, FlowModel model, double l2, PenaltyKind penalty = PenaltyKind.Weights) => kind switch
    {
        ObjectiveKind.Exact => new ExactObjective(model, l2, penalty),
        ObjectiveKind.Notebook => new NotebookObjective(model, l2, penalty),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), $"The objective {kind} is not known. Known ones: {string.Join(", ", Enum.GetNames<ObjectiveKind>())}."),
    };
}
