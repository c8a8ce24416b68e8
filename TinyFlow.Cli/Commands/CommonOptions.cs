using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;
using TinyFlow.Nvp.Data;

namespace TinyFlow.Cli.Commands;

/// <summary>Options that several commands have, and checks of their values.</summary>
internal static partial class CommonOptions
{
    public const string Validation = "validation", Test = "test", All = "all";

    public static Option<string> Data() => NotEmpty(new Option<string>("--data")
    {
        Description = "Images: mini (10,000 MNIST digits that come with the program) or a folder: of PNG or JPEG files of one size, with the four files of MNIST or a relative of it, gzipped or not, or with the six of CIFAR-10's binary version.",
        DefaultValueFactory = _ => DataSource.Mini,
        HelpName = "mini|DIR",
    });

    public static Option<string?> EvaluationData() => NotEmpty(new Option<string?>("--data")
    {
        Description = "Images: mini, or a folder of pictures or with the files of MNIST or CIFAR-10 [default: what the model, or the first of two, was trained on; of a model that comes with the program, mini].",
        HelpName = "mini|DIR",
    });

    /// <summary>Which images of the data: one of <see cref="Validation"/>, <see cref="Test"/> and <see cref="All"/>, or absent.</summary>
    public static Option<string?> Split(string standard) => OneOf(
        new Option<string?>("--split") { Description = $"Which of the images: those that models and settings are chosen by, those that give the final figure, or all but the latter, as for data that no model was trained on [default: {standard}].", HelpName = $"{Validation}|{Test}|{All}" },
        Validation,
        Test,
        All);

    public static Option<int> NoiseDraws() => AtLeast(
        new Option<int>("--noise-draws") { Description = "Draws of dequantization noise an image, over which log p is averaged.", DefaultValueFactory = _ => 1, HelpName = "K" }, 1);

    public static Option<bool> Json() => new("--json") { Description = "One JSON object alone on standard output." };

    public static Option<ulong> Seed(string what)
    {
        Option<ulong> option = new("--seed") { Description = what, DefaultValueFactory = _ => 0, HelpName = "N" };
        option.CustomParser = result =>
        {
            if (!ulong.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed))
            {
                result.AddError($"--seed must be a whole number from 0 to {ulong.MaxValue}; found '{result.Tokens[0].Value}'.");
            }

            return seed;
        };
        return option;
    }

    private const string RunDescription = "A run folder, its name below ./runs, or a checkpoint file";

    public static Argument<string?> Run(string name = "RUN") => NotEmpty(new Argument<string?>(name)
    {
        Description = $"{RunDescription} [default: the newest run below ./runs].",
        Arity = ArgumentArity.ZeroOrOne,
    });

    public static Argument<string> RequiredRun(string name) => NotEmpty(new Argument<string>(name) { Description = $"{RunDescription}." });

    private static Argument<T> NotEmpty<T>(Argument<T> argument)
    {
        argument.Validators.Add(result => RefuseEmpty(result, argument.Name));
        return argument;
    }

    /// <summary>An option whose value is a whole number of at least <paramref name="least"/>, or absent.</summary>
    public static Option<int?> AtLeast(Option<int?> option, int least) => Between(option, least, int.MaxValue);

    /// <summary>An option whose value is a whole number from <paramref name="least"/> to <paramref name="most"/>, or absent.</summary>
    public static Option<int?> Between(Option<int?> option, int least, int most)
    {
        option.CustomParser = result => Whole(result, option.Name, least, most);
        return option;
    }

    /// <summary>An option whose value is a whole number of at least <paramref name="least"/>.</summary>
    public static Option<int> AtLeast(Option<int> option, int least) => Between(option, least, int.MaxValue);

    /// <summary>An option whose value is a whole number from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public static Option<int> Between(Option<int> option, int least, int most)
    {
        option.CustomParser = result => Whole(result, option.Name, least, most) ?? 0;
        return option;
    }

    /// <summary>An option whose value is a positive number, or absent.</summary>
    public static Option<double?> Positive(Option<double?> option)
    {
        option.CustomParser = result => Number(result, option.Name);
        return option;
    }

    /// <summary>An option whose value is a positive number.</summary>
    public static Option<double> Positive(Option<double> option)
    {
        option.CustomParser = result => Number(result, option.Name) ?? 0;
        return option;
    }

    /// <summary>An option whose value is a duration such as 90s, 30m, 2h or 1h30m, or absent.</summary>
    public static Option<TimeSpan?> Duration(Option<TimeSpan?> option)
    {
        option.CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            Match match = DurationPattern().Match(text);
            double Part(int group) => match.Groups[group].Success ? double.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture) : 0;
            double seconds = (Part(1) * 60 + Part(2)) * 60 + Part(3);
            if (match.Success && seconds is > 0 and < 1e8)
            {
                return TimeSpan.FromSeconds(seconds);
            }

            result.AddError($"{option.Name} must be a duration such as 90s, 30m, 2h or 1h30m; found '{text}'.");
            return null;
        };
        return option;
    }

    /// <summary>An option that names a file or folder. An empty name is what an unset variable of a script leaves.</summary>
    public static Option<T> NotEmpty<T>(Option<T> option) where T : class?
    {
        option.Validators.Add(result => RefuseEmpty(result, option.Name));
        return option;
    }

    /// <summary>An option that names a file whose name ends in one of these.</summary>
    public static Option<T> FileEndingIn<T>(Option<T> option, params string[] endings) where T : class?
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !Array.Exists(endings, ending => result.Tokens[0].Value.EndsWith(ending, StringComparison.OrdinalIgnoreCase)))
            {
                result.AddError($"{option.Name} must end in {string.Join(" or ", endings)}; found '{result.Tokens[0].Value}'.");
            }
        });
        return NotEmpty(option);
    }

    /// <summary>The path of a file to write, if its folder is there: asked before the work whose result it is to hold.</summary>
    public static string InFolder(Option option, string path) => Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path)))
        ? path
        : throw new UsageException($"{option.Name} {path}: its folder does not exist. Make it first, or choose another.");

    public static Option<T> OneOf<T>(Option<T> option, params string[] known)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !known.Contains(result.Tokens[0].Value))
            {
                result.AddError($"{option.Name} '{result.Tokens[0].Value}' is not known. Known ones: {string.Join(", ", known)}.");
            }
        });
        option.CompletionSources.Add(known);
        return option;
    }

    [GeneratedRegex("^(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,9})s)?$", RegexOptions.CultureInvariant)]
    private static partial Regex DurationPattern();

    private static void RefuseEmpty(SymbolResult result, string name)
    {
        if (result.Tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)))
        {
            result.AddError($"{name} is empty. Give it a value, or leave it out if it is optional.");
        }
    }

    /// <summary>The names of an enumeration's values, as a user writes them.</summary>
    public static string[] NamesOf<T>() where T : struct, Enum => [.. Enum.GetNames<T>().Select(name => name.ToLowerInvariant())];

    // The parser's own message would name a .NET type.
    private static int? Whole(ArgumentResult result, string option, int least, int most = int.MaxValue)
    {
        string text = result.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most)
        {
            return value;
        }

        result.AddError($"{option} must be a whole number {(most == int.MaxValue ? $"of at least {least}" : $"from {least} to {most}")}; found '{text}'.");
        return null;
    }

    private static double? Number(ArgumentResult result, string option)
    {
        string text = result.Tokens[0].Value;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value > 0 && double.IsFinite(value))
        {
            return value;
        }

        result.AddError($"{option} must be a positive number; found '{text}'.");
        return null;
    }
}
