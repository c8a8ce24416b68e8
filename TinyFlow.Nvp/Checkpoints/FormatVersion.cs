using System.Globalization;

namespace TinyFlow.Nvp.Checkpoints;

/// <summary>Files say which version of their format they have, so that an old program does not misread a newer one's.</summary>
internal static class FormatVersion
{
    /// <summary>Refuses what is newer than this program, or no version at all.</summary>
    public static void Check(string path, string? version, int newestKnown)
    {
        if (!int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number < 1)
        {
            throw new CheckpointException($"{path}: '{version}' is no format version; the file is damaged, or not TinyFlow's.");
        }

        if (number > newestKnown)
        {
            throw new CheckpointException($"{path}: the file has format version {number}, but this TinyFlow knows versions up to {newestKnown}. Upgrade TinyFlow to read it.");
        }
    }
}
