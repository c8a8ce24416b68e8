using TinyFlow.Nvp.Data;

namespace TinyFlow.Cli.Data;

/// <summary>What a user may name with --data: mini, a folder of a published data set, or one of pictures.</summary>
internal static class ImageSource
{
    /// <summary>Reads the images to train on and to validate by.</summary>
    /// <exception cref="DataException">The folder or a file is missing, damaged or of another kind.</exception>
    public static DataSource Open(string name)
    {
        bool isOther = name != DataSource.Mini && Directory.Exists(name) && !DataSource.IsPublished(name);
        if (isOther && PictureFolder.IsOne(name))
        {
            return PictureFolder.Open(name);
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
