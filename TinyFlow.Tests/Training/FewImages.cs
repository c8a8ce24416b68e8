using TinyFlow.Nvp.Data;

namespace TinyFlow.Tests.Training;

/// <summary>So few digits that an epoch takes an instant: 34 to train on, 6 to validate.</summary>
internal static class FewImages
{
    public static DataSource Open()
    {
        ImageSet images = DataSource.Open(DataSource.Mini).Training.Slice(0, 40, "few");
        return new DataSource("few", images, () => images);
    }
}
