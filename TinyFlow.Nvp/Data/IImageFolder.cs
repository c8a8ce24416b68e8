namespace TinyFlow.Nvp.Data;

/// <summary>A folder in which a data set is published; it is read when a set is asked for.</summary>
internal interface IImageFolder
{
    /// <summary>The training images and labels.</summary>
    /// <exception cref="DataException">The folder or a file is missing, damaged or of another kind.</exception>
    ImageSet ReadTraining();

    /// <summary>The test images and labels.</summary>
    /// <exception cref="DataException">The folder or a file is missing, damaged or of another kind.</exception>
    ImageSet ReadTest();
}
