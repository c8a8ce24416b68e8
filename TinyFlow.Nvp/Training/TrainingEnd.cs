namespace TinyFlow.Nvp.Training;

/// <summary>Why training ended.</summary>
public enum TrainingEnd
{
    /// <summary>All epochs or steps are done.</summary>
    Finished,

    /// <summary>It was asked to stop; its state is that after the last complete step.</summary>
    Interrupted,
}
