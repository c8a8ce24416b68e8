using ScottPlot;
using SkiaSharp;

namespace TinyFlow.Cli.Pictures;

/// <summary>
/// The font of all pictures. It comes with the program, because a bare machine has none and then draws no text at all,
/// and so that a picture looks the same on every machine.
/// </summary>
internal sealed class PictureFont : IFontResolver
{
    public const string Name = "DejaVu Sans";

    private const string Resource = "DejaVuSans-Latin.ttf";

    private static readonly Lazy<SKTypeface> Loaded = new(Load);

    private static readonly Lazy<bool> Registered = new(() =>
    {
        Fonts.FontResolvers.Insert(0, new PictureFont());
        Fonts.Default = Name;
        return true;
    });

    /// <summary>The typeface; it lives as long as the program.</summary>
    public static SKTypeface Typeface => Loaded.Value;

    /// <summary>Makes ScottPlot use it.</summary>
    public static void UseInPlots() => _ = Registered.Value;

    /// <inheritdoc/>
    public SKTypeface CreateTypeface(string fontName, bool bold, bool italic) => Load();

    /// <inheritdoc/>
    public SKTypeface CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) => Load();

    private static SKTypeface Load()
    {
        using Stream font = typeof(PictureFont).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The program was built without its font, {Resource}.");
        using SKData data = SKData.Create(font);
        return SKTypeface.FromData(data);
    }
}
