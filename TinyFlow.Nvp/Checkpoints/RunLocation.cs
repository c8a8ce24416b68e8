namespace TinyFlow.Nvp.Checkpoints;

/// <summary>A checkpoint that has been found, and the run that it belongs to.</summary>
/// <param name="Checkpoint">The path of the checkpoint file, which exists.</param>
/// <param name="Folder">The run folder around it, or null if the file lies by itself.</param>
public sealed record RunLocation(string Checkpoint, RunFolder? Folder)
{
    /// <summary>The run's model as it was at its best validation.</summary>
    /// <exception cref="CheckpointException">This is a file by itself, or the run has no such model.</exception>
    public RunLocation AtBest()
    {
        if (Folder is null)
        {
            throw new CheckpointException($"{Checkpoint}: this is one model; the last and the best are those of a run folder. Name the folder.");
        }

        return File.Exists(Folder.Best)
            ? this with { Checkpoint = Folder.Best }
            : throw new CheckpointException(
                $"{Folder.Path}: the folder holds no {Path.GetFileName(Folder.Best)}: the run has not validated yet, or was made by a version of TinyFlow that kept none. Take its last model.");
    }
}
