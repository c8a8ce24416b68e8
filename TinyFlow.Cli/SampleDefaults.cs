namespace TinyFlow.Cli;

/// <summary>How samples are drawn unless the user says otherwise.</summary>
internal static class SampleDefaults
{
    /// <summary>The standard deviation of the latent variables: a little below 1 keeps to what the model is surer of.</summary>
    public const double Temperature = 0.8;
}
