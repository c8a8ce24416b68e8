using TinyFlow.Nvp.Models;

namespace TinyFlow.Nvp.Objectives;

/// <summary>The objectives that there are.</summary>
public static class Objective
{
    /// <summary>An objective of a model.</summary>
    /// <param name="kind">Which one.</param>
    /// <param name="model">The model whose weights the L2 term holds down.</param>
    /// <param name="l2">The coefficient of Σ weight².</param>
    public static IObjective Create(ObjectiveKind kind, FlowModel model, double l2) => kind switch
    {
        ObjectiveKind.Exact => new ExactObjective(model, l2),
        ObjectiveKind.Notebook => new NotebookObjective(model, l2),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), $"The objective {kind} is not known. Known ones: {string.Join(", ", Enum.GetNames<ObjectiveKind>())}."),
    };
}
