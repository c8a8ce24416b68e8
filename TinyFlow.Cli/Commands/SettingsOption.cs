using System.CommandLine;
using System.CommandLine.Completions;
using TinyFlow.Nvp.Models;

namespace TinyFlow.Cli.Commands;

/// <summary>The option --set of tinyflow train: any setting of a preset by its name in config.json.</summary>
internal static class SettingsOption
{
    /// <summary>What the option's values say.</summary>
    public static IEnumerable<SettingsChange> Changes(string[]? values) => (values ?? []).Select(value => value.Split('=', 2)).Select(parts => new SettingsChange(parts[0], parts[1]));

    /// <summary>The option, beside those of a setting each: such a setting is set by its option alone, so that nothing can be said twice.</summary>
    public static Option<string[]> Create(Option[] own)
    {
        const string Form = "NAME=VALUE";
        Dictionary<string, string> options = own.ToDictionary(option => option.Name[2..].Replace('-', '_'), option => option.Name);
        options["budget_seconds"] = "--budget";
        options["horizontal_flips"] = "--flips";
        options["seed"] = "--seed";
        Option<string[]> set = new("--set")
        {
            Description = "Change another setting of the preset, by its name in config.json: --set noise_layers=0. May be given several times.",
            HelpName = Form,
        };
        set.Validators.Add(result =>
        {
            string[] values = [.. result.Tokens.Select(token => token.Value)], names = [.. values.Select(value => value.Split('=')[0])];
            if (Array.Find(values, value => !value.Contains('=')) is { } formless)
            {
                result.AddError($"--set must be given {Form}; found '{formless}'.");
            }
            else if (Array.Find(names, options.ContainsKey) is { } named)
            {
                result.AddError($"--set {named} has an option of its own: {options[named]}.");
            }
            else if (Array.Find(names, name => names.Count(name.Equals) > 1) is { } twice)
            {
                result.AddError($"--set {twice} is given twice.");
            }
            else
            {
                foreach (ArgumentException problem in Changes(values).Select(Problem).OfType<ArgumentException>())
                {
                    result.AddError($"--set: {problem.Message}");
                }
            }
        });
        set.CompletionSources.Add(_ => SettingsChange.Names.Except(options.Keys).Select(name => new CompletionItem($"{name}=")));
        return set;
    }

    private static ArgumentException? Problem(SettingsChange change)
    {
        try
        {
            change.Of(Presets.All[0]);
            return null;
        }
        catch (ArgumentException exception)
        {
            return exception;
        }
    }
}
