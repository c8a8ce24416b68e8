namespace TinyFlow.Nvp.Training;

/// <summary>How the learning rate changes during a run.</summary>
public enum ScheduleKind
{
    /// <summary>It drops by a factor every so many epochs (torch.optim.lr_scheduler.StepLR).</summary>
    Step,

    /// <summary>It falls along half a cosine to zero at the last step (Loshchilov and Hutter 2017, without restarts), from the start or from a later share of the run.</summary>
    Cosine,
}
