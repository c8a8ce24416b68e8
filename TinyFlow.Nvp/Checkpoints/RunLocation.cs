namespace TinyFlow.Nvp.Checkpoints;

/// <summary>A checkpoint that has been found, and the run that it belongs to.</summary>
/// <param name="Checkpoint">The path of the checkpoint file, which exists.</param>
/// <param name="Folder">The run folder around it, or null if the file lies by itself.</param>
public sealed record RunLocation(string Checkpoint, RunFolder? Folder);
