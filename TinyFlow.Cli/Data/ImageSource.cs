using TinyFlow.Nvp.Data;

namespace TinyFlow.Cli.Data;

/// <summary>What a user may name with --data: mini, a folder of a published data set, or one of pictures.</summary>
internal static class ImageSource
{
    /// <summary>Reads the images to train on and to validate by.</summary>
    /// <param name="name">What the user gave.</param>
    /// <param name="channels">The channels of the model that they are for, if it is there already; pictures have as many as they need else.</param>
    /// <exception cref="DataException">The folder or a file is missing, damaged or of another kind.</exception>
    public static DataSource Open(string name, int channels = 1)
    {
        bool isOther = name != DataSource.Mini && Directory.Exists(name) && !DataSource.IsPublished(name);
        if (isOther && PictureFolder.Open(name, channels) is { } pictures)
        {
            return pictures;
        }

        try
        {
            return DataSource.Open(name);
        }
        catch (DataException e) when (isOther)
        {
            throw new DataException($"{e.Message} Nor are there pictures ({string.Join(", ", PictureFolder.Endings)}), there or in {PictureFolder.TrainingFolder}.", e);
        }
    }
}
